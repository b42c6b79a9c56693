//! What a run that was cut short did not come to, in words.

use super::figure::counted;
use super::{NotRun, Run};

/// Cases that are named; all are in `report.json`.
const NAMED: usize = 10;

/// `4 of 6 not run to the end`, where a run has cases without a result.
pub(super) fn number(run: &Run) -> Option<String> {
    let missing = missing(run)?;
    Some(format!("{} of {} not run to the end", missing.cases.len(), missing.planned))
}

/// The same in one sentence, with the cases.
pub(super) fn sentence(run: &Run) -> Option<String> {
    let missing = missing(run)?;
    let (cases, planned) = (&missing.cases, missing.planned);
    let named = cases.iter().take(NAMED);
    let named: Vec<String> =
        named.map(|one| format!("{} on {}", one.case, one.bus.as_str())).collect();
    let more = match cases.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {} in report.json", counted(more, "more is", "more are")),
    };
    Some(format!("NOT RUN to the end, {} of {planned}: {}{more}", cases.len(), named.join(", ")))
}

fn missing(run: &Run) -> Option<&NotRun> {
    run.not_run.as_ref().filter(|missing| !missing.cases.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Bus;
    use crate::report::OnBus;
    use crate::report::sample;

    fn lacking(count: usize) -> Run {
        let one = |number: usize| OnBus { case: format!("m/slow[n={number}]"), bus: Bus::Process };
        let cases = (1..=count).map(one).collect();
        Run { not_run: Some(NotRun { planned: 20, cases }), ..sample::run() }
    }

    #[test]
    fn what_is_missing_is_counted_and_named() {
        let run = lacking(2);
        assert_eq!(number(&run).as_deref(), Some("2 of 20 not run to the end"));
        let told = "NOT RUN to the end, 2 of 20: m/slow[n=1] on process, m/slow[n=2] on process";
        assert_eq!(sentence(&run).as_deref(), Some(told));
    }

    #[test]
    fn of_many_the_first_are_named_and_the_rest_counted() {
        let told = sentence(&lacking(11)).expect("something is missing");
        assert!(told.ends_with("m/slow[n=10] on process, and 1 more is in report.json"), "{told}");
        let told = sentence(&lacking(12)).expect("something is missing");
        assert!(told.ends_with(", and 2 more are in report.json"), "{told}");
    }

    #[test]
    fn of_a_whole_run_nothing_is_said() {
        assert_eq!(sentence(&sample::run()), None);
        assert_eq!(number(&lacking(0)), None);
    }
}
