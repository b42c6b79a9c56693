//! What measured cases say about a criterion: ratios to the reference, and figures of this host.

use super::super::figure::{counted, figure, ratio};
use super::super::{PerformanceRow, Run};
use super::{Finding, State};
use crate::gate::{Direction, Judgement, Limit, Reason, Verdict};
use crate::plan::Bus;
use crate::plan::gates::Metric;

/// The bus whose performance the documents compare with.
const REFERENCE: Bus = Bus::Crossbeam;

/// Every one of these cases must pass a gate at least as tight as the document's.
pub(super) fn gate(
    run: &Run,
    candidate: Bus,
    (metric, limit): (Metric, f64),
    cases: &[String],
) -> Finding {
    let name = metric.as_str();
    if run.baseline != REFERENCE || candidate == REFERENCE {
        let (reference, baseline) = (REFERENCE.as_str(), run.baseline.as_str());
        let against = format!("asked against {reference}, measured against {baseline}");
        return Finding::open(format!("{name}: {against}"));
    }
    let asked = Limit { direction: metric.direction(), ratio: limit };
    let (mut against, mut open, mut passed) = (Vec::new(), Vec::new(), Vec::new());
    for case in cases {
        match row(run, candidate, metric, case).map(|row| gated(row, asked)) {
            None => open.push(not_measured(run, case)),
            Some(Stands::Good(judgement)) => passed.push(judgement),
            Some(Stands::Bad(told)) => against.push(told),
            Some(Stands::Open(told)) => open.push(told),
        }
    }
    let met = || {
        let worst = passed.iter().filter_map(|judgement| judgement.estimate()).map(|one| one.ratio);
        let worst = worst.reduce(|one, other| if asked.worse(other, one) { other } else { one });
        let worst = worst.map_or_else(String::new, |worst| {
            format!(", at worst {} against {}", ratio(worst), in_words(asked))
        });
        format!("PASS in {}{worst}", counted(passed.len(), "case", "cases"))
    };
    concluded(run, name, [&against, &open], (!passed.is_empty()).then(met))
}

/// How one case stands.
enum Stands<'r> {
    Good(&'r Judgement),
    Bad(String),
    Open(String),
}

/// A row against the document's limit, which is not always the gate's.
fn gated(row: &PerformanceRow, asked: Limit) -> Stands<'_> {
    let (case, judgement) = (&row.case, &row.judgement);
    let own = judgement.limit;
    let is_as_tight =
        |one: Limit, other: Limit| row.metric.at_least_as_tight(one.ratio, other.ratio);
    match &judgement.verdict {
        _ if !row.gated => {
            Stands::Open(format!("no gate is set for {} in {case}", row.candidate.as_str()))
        }
        Verdict::Pass if is_as_tight(own, asked) => Stands::Good(judgement),
        Verdict::Fail if is_as_tight(asked, own) => {
            let found = judgement.estimate().map_or("?".to_owned(), |one| ratio(one.ratio));
            Stands::Bad(format!("FAIL in {case}, {found} against {}", in_words(own)))
        }
        Verdict::Pass | Verdict::Fail => Stands::Open(format!(
            "{case} was judged against {}, asked is {}",
            in_words(own),
            in_words(asked)
        )),
        undecided => Stands::Open(format!("{undecided} in {case}")),
    }
}

fn in_words(limit: Limit) -> String {
    let word = match limit.direction {
        Direction::AtLeast => "at least",
        Direction::AtMost => "at most",
    };
    format!("{word} {}", ratio(limit.ratio))
}

/// Every one of these cases must have a figure on the right side of an absolute limit.
pub(super) fn budget(
    run: &Run,
    candidate: Bus,
    (metric, limit): (Metric, f64),
    cases: &[String],
) -> Finding {
    let (mut figures, mut open) = (Vec::new(), Vec::new());
    for case in cases {
        match row(run, candidate, metric, case) {
            None => open.push(not_measured(run, case)),
            Some(row) => match told_figure(row) {
                Some(value) => figures.push((value, case)),
                None => open.push(format!("no figure of {case} may be used")),
            },
        }
    }
    let is_kept = |value: f64| if metric.more_is_better() { value >= limit } else { value < limit };
    let missed = |(value, case): &(f64, &String)| {
        (!is_kept(*value)).then(|| format!("{} in {case}", figure(metric, *value)))
    };
    let against: Vec<String> = figures.iter().filter_map(missed).collect();
    let (word, worst) = if metric.more_is_better() {
        ("at least", figures.iter().map(|(value, _)| *value).reduce(f64::min))
    } else {
        ("below", figures.iter().map(|(value, _)| *value).reduce(f64::max))
    };
    let asked = format!("{word} {}", figure(metric, limit));
    let met = worst.map(|worst| {
        let headroom = if metric.more_is_better() { worst / limit } else { limit / worst };
        format!("at worst {}, {headroom:.1}x headroom", figure(metric, worst))
    });
    concluded(run, &format!("{} {asked} on this host", metric.as_str()), [&against, &open], met)
}

/// The candidate's figure at the quantile asked for, unless something is wrong with the trials: what
/// makes a ratio uncertain leaves the figure itself as it is.
fn told_figure(row: &PerformanceRow) -> Option<f64> {
    let judgement = &row.judgement;
    let is_usable = match &judgement.verdict {
        Verdict::Pass | Verdict::Fail => true,
        Verdict::Inconclusive(reason) => matches!(
            reason,
            Reason::Noise | Reason::InstrumentBound | Reason::NullBiased | Reason::Budget
        ),
        Verdict::NotApplicable(_) => false,
    };
    judgement.candidate.filter(|_| is_usable && judgement.quantile == row.metric.quantile())
}

fn row<'r>(run: &'r Run, candidate: Bus, metric: Metric, case: &str) -> Option<&'r PerformanceRow> {
    let mut own = run.performance.iter().filter(|row| row.candidate == candidate);
    own.find(|row| row.metric == metric && row.case == case && row.baseline == run.baseline)
}

fn not_measured(run: &Run, case: &str) -> String {
    if run.host.judges_performance() {
        format!("{case} was not measured")
    } else {
        "performance is judged on Linux alone".to_owned()
    }
}

/// What is against it, else what leaves it open, else what is good.
fn concluded(
    run: &Run,
    asked: &str,
    [against, open]: [&[String]; 2],
    met: Option<String>,
) -> Finding {
    let found = Finding::first_of(State::Missed, against)
        .or_else(|| Finding::first_of(State::Open, open))
        .or_else(|| met.map(|told| Finding { state: State::Met, told }))
        .unwrap_or_else(|| Finding::open(format!("no case of profile {} has it", run.profile)));
    Finding { told: format!("{asked}: {}", found.told), ..found }
}
