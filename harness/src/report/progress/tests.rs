//! What a run looks like, on a terminal and elsewhere.

use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::gate::{Direction, Interval};

/// Keeps what was written; shared because the progress owns its writer.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no writer panics").clone()).expect("UTF-8")
    }
}

#[test]
fn plain_lines_tell_cases_blocks_and_verdicts() {
    let kept = Kept::default();
    let steps = vec![Duration::from_mins(6), Duration::from_secs(30)];
    let mut progress = Progress::lines(steps, Box::new(kept.clone()));
    let limit = Limit { direction: Direction::AtMost, ratio: 2.0 };
    let interval = Some(Interval { low: 1.0, high: 2.5, detectable: 1.6 });
    progress.begins("at most 7 min");
    progress.case_started("perf/paced", "process against crossbeam");
    progress.trial_done("process");
    let early = Estimate { ratio: 1.5, blocks: 1, interval: None };
    let standing = |of, metric, estimate| Standing { of, metric, limit, estimate };
    progress.block_done(1, &[standing(Some("agent".to_owned()), Metric::Cpu, Some(early))]);
    let later = Estimate { ratio: 1.5, blocks: 6, interval };
    let undecided =
        [standing(None, Metric::Cpu, Some(later)), standing(None, Metric::Memory, None)];
    progress.block_done(6, &undecided);
    progress.block_done(10, &[]);
    progress.case_done("cpu PASS");
    progress.case_started("ordering/one", "process");
    progress.case_done("pass");
    progress.finish();
    let expected = "\
at most 7 min
[1/2] perf/paced on process against crossbeam, at most 7 min left
  1 block: agent cpu 1.50 (limit 2.00), at most 7 min left
  6 blocks: cpu 1.50 [1.00, 2.50] (limit 2.00); memory unknown (limit 2.00), at most 7 min left
  10 blocks: all decided, at most 7 min left
  cpu PASS
[2/2] ordering/one on process, at most 30 s left
  pass
";
    assert_eq!(kept.text(), expected);
}

/// What is left of three cases of at most 8 s, 300 ms and 200 ms, milliseconds.
fn left_ms(ended: usize, case: u64, run: u64) -> Option<u128> {
    let steps = [8_000, 300, 200].map(Duration::from_millis);
    let taken = Taken { case: Duration::from_millis(case), run: Duration::from_millis(run) };
    left(&steps, ended, taken).map(|left| left.as_millis())
}

#[test]
fn less_than_a_second_is_left_and_not_later_than_the_bound() {
    assert_eq!(left_ms(0, 0, 0), Some(8_500));
    assert_eq!(left_ms(2, 0, 3_000), Some(200));
    assert_eq!(left_ms(2, 199, 3_199), Some(1));
}

#[test]
fn a_case_beyond_its_bound_takes_nothing_from_those_behind_it() {
    assert_eq!(left_ms(0, 9_000, 9_000), Some(500));
}

#[test]
fn only_a_run_beyond_its_bound_is_later_than_that() {
    assert_eq!(left_ms(2, 400, 3_400), Some(5_100), "the others took less than they might have");
    assert_eq!(left_ms(2, 400, 8_500), None);
    assert_eq!(left_ms(2, 400, 9_000), None);
}

#[test]
fn a_run_that_is_late_says_so() {
    let kept = Kept::default();
    let mut progress = Progress::lines(vec![Duration::ZERO], Box::new(kept.clone()));
    progress.case_started("a", "process");
    assert_eq!(kept.text(), "[1/1] a on process, later than the bound\n");
}

#[test]
fn a_bar_says_what_is_left_and_how_the_case_stands_after_every_trial() {
    let bar = ProgressBar::hidden();
    let steps = vec![Duration::from_secs(30), Duration::from_mins(6)];
    let mut progress = Progress::new(Screen::Bar(bar.clone()), steps);
    progress.case_started("ordering/one", "crossbeam");
    assert_eq!(bar.message(), "ordering/one on crossbeam, at most 7 min left");
    progress.case_done("pass");
    assert_eq!(bar.position(), 1);
    progress.case_started("perf/paced", "process against crossbeam");
    let place = "perf/paced on process against crossbeam, at most 6 min left";
    assert_eq!(bar.message(), place);
    progress.trial_done("process");
    assert_eq!(bar.message(), format!("{place}: 1 trial, last process"));
    let limit = Limit { direction: Direction::AtMost, ratio: 2.0 };
    let (of, metric, estimate) = (None, Metric::Cpu, None);
    progress.block_done(1, &[Standing { of, metric, limit, estimate }]);
    let standing = "1 block: cpu unknown (limit 2.00)";
    assert_eq!(bar.message(), format!("{place}: 1 trial, last process; {standing}"));
    progress.trial_done("crossbeam");
    assert_eq!(bar.message(), format!("{place}: 2 trials, last crossbeam; {standing}"));
}

#[test]
fn a_writer_that_fails_does_not_end_the_run() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let mut progress = Progress::lines(vec![Duration::ZERO], Box::new(Closed));
    progress.case_started("a", "process");
    progress.case_done("pass");
    assert_eq!(progress.ended, 1);
}
