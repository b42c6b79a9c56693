//! What is seen while a run goes on: a bar per case on a terminal, plain lines elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::figure::{at_most, counted, ratio};
use crate::gate::{Estimate, Limit};
use crate::plan::gates::Metric;

/// How often a bar is redrawn: the elapsed time moves while a trial does not.
const REDRAW: Duration = Duration::from_secs(1);

/// Shows how far a run is. Not a record: what cannot be shown is not an error.
pub struct Progress {
    screen: Screen,
    /// What each case of the run takes at most.
    steps: Vec<Duration>,
    /// When the run began.
    started: Instant,
    /// Cases that ended.
    ended: usize,
    /// The case under way.
    case: String,
    /// When it began.
    began: Instant,
    /// Trials of it that ended, and the bus of the last.
    trials: usize,
    last: String,
    /// What its last block came to; empty before the first.
    standing: String,
}

/// How a gate stands that is not decided yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Which pair of buses it is of, where a case has several.
    pub of: Option<String>,
    /// What is judged.
    pub metric: Metric,
    /// By which limit.
    pub limit: Limit,
    /// What is known so far.
    pub estimate: Option<Estimate>,
}

enum Screen {
    Bar(ProgressBar),
    Lines(Box<dyn Write + Send>),
    Nothing,
}

impl Progress {
    /// On standard error: a bar when it is a terminal, lines when not.
    ///
    /// `steps`: what each case takes at most, in the order they are run.
    pub fn standard(steps: Vec<Duration>) -> Self {
        if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            let bar = ProgressBar::new(u64::try_from(steps.len()).unwrap_or(u64::MAX));
            let template = "{bar:24} {pos}/{len} {elapsed} {wide_msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(REDRAW);
            Self::new(Screen::Bar(bar), steps)
        } else {
            Self::lines(steps, Box::new(std::io::stderr()))
        }
    }

    /// Plain lines into any writer.
    pub fn lines(steps: Vec<Duration>, writer: Box<dyn Write + Send>) -> Self {
        Self::new(Screen::Lines(writer), steps)
    }

    /// Nothing at all, for tests and quiet runs.
    pub fn silent() -> Self {
        Self::new(Screen::Nothing, Vec::new())
    }

    fn new(screen: Screen, steps: Vec<Duration>) -> Self {
        let now = Instant::now();
        let [case, last, standing] = [const { String::new() }; 3];
        Self { screen, steps, started: now, ended: 0, case, began: now, trials: 0, last, standing }
    }

    /// The run begins; the sentence says how long it may take.
    pub fn begins(&mut self, sentence: &str) {
        match &self.screen {
            Screen::Bar(bar) => bar.println(sentence),
            Screen::Lines(_) => self.say(sentence),
            Screen::Nothing => {}
        }
    }

    /// What is left at most, as `, at most 7 min left`.
    fn left(&self) -> String {
        let taken = Taken { case: self.began.elapsed(), run: self.started.elapsed() };
        match left(&self.steps, self.ended, taken) {
            Some(left) => format!(", at most {} left", at_most(left)),
            None => ", later than the bound".to_owned(),
        }
    }

    /// A case begins; `where_on` names its bus or its pair of buses.
    pub fn case_started(&mut self, case: &str, where_on: &str) {
        self.case = format!("{case} on {where_on}");
        self.trials = 0;
        self.standing.clear();
        self.began = Instant::now();
        let (number, cases, left) = (self.ended + 1, self.steps.len(), self.left());
        let line = format!("[{number}/{cases}] {}{left}", self.case);
        self.say(&line);
        self.show();
    }

    /// A trial of the case ended. Lines stay silent: there are hundreds.
    pub fn trial_done(&mut self, bus: &str) {
        self.trials += 1;
        bus.clone_into(&mut self.last);
        self.show();
    }

    /// A block ended: how its metrics stand, those that are still undecided.
    pub fn block_done(&mut self, blocks: usize, undecided: &[Standing]) {
        let standing: Vec<String> = undecided.iter().map(Standing::told).collect();
        let open = if standing.is_empty() { "all decided".to_owned() } else { standing.join("; ") };
        self.standing = format!("{}: {open}", counted(blocks, "block", "blocks"));
        let line = format!("  {}{}", self.standing, self.left());
        self.say(&line);
        self.show();
    }

    /// The case ended with these words, for example a verdict per metric or `pass`.
    pub fn case_done(&mut self, verdict: &str) {
        self.ended += 1;
        let line = format!("{}: {verdict}", self.case);
        match &mut self.screen {
            Screen::Bar(bar) => {
                bar.println(line);
                bar.inc(1);
            }
            Screen::Lines(_) => self.say(&format!("  {verdict}")),
            Screen::Nothing => {}
        }
    }

    /// The run ended: the bar goes away, lines stay.
    pub fn finish(&mut self) {
        if let Screen::Bar(bar) = &self.screen {
            bar.finish_and_clear();
        }
    }

    fn say(&mut self, line: &str) {
        if let Screen::Lines(writer) = &mut self.screen {
            // A closed standard error must not end a run that can still write its report.
            let _ = writeln!(writer, "{line}");
        }
    }

    fn show(&self) {
        if let Screen::Bar(bar) = &self.screen {
            bar.set_message(self.message());
        }
    }

    /// What stands beside a bar. What is left comes first: a terminal cuts what it has no room for.
    fn message(&self) -> String {
        let trials = counted(self.trials, "trial", "trials");
        let trials = (self.trials > 0).then(|| format!("{trials}, last {}", self.last));
        let standing = Some(self.standing.clone()).filter(|told| !told.is_empty());
        let told: Vec<String> = trials.into_iter().chain(standing).collect();
        let place = format!("{}{}", self.case, self.left());
        if told.is_empty() { place } else { format!("{place}: {}", told.join("; ")) }
    }
}

/// How long something has taken so far.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// The case under way.
    case: Duration,
    /// The whole run.
    run: Duration,
}

/// What is left of a run at most; `None` where its last case goes on though the whole run was to have ended:
/// the host was busy, and how much longer it takes nobody knows.
fn left(steps: &[Duration], ended: usize, taken: Taken) -> Option<Duration> {
    let this = steps.get(ended).copied().unwrap_or_default();
    let open: Duration = steps.iter().skip(ended).sum();
    let left = open.saturating_sub(taken.case.min(this));
    if !left.is_zero() {
        return Some(left);
    }
    // A last case beyond its own bound still has what the others did not take.
    let whole: Duration = steps.iter().sum();
    whole.checked_sub(taken.run).filter(|spare| !spare.is_zero())
}

impl Standing {
    fn told(&self) -> String {
        let of = self.of.as_ref().map_or_else(String::new, |pair| format!("{pair} "));
        let (name, bound) = (self.metric.as_str(), ratio(self.limit.ratio));
        let known = match self.estimate {
            None => "unknown".to_owned(),
            Some(Estimate { ratio: centre, interval: None, .. }) => ratio(centre),
            Some(Estimate { ratio: centre, interval: Some(around), .. }) => {
                format!("{} [{}, {}]", ratio(centre), ratio(around.low), ratio(around.high))
            }
        };
        format!("{of}{name} {known} (limit {bound})")
    }
}

#[cfg(test)]
mod tests;
