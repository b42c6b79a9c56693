//! C12: what a collector counted is what its sources sent, and what became of it.

use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::Case;
use crate::record::CollectorReport;

/// Judges each count; `missing`: events that had to arrive and did not.
pub(super) fn check(case: &Case, report: &CollectorReport, missing: u64, found: &mut Found<'_>) {
    for (spec, told) in case.chaos.sources.iter().zip(&report.sources) {
        let name = &spec.name;
        for (what, sent, counted) in [
            ("declared", spec.events, told.accepted),
            ("did not declare", spec.undeclared, told.refused),
        ] {
            found.holds(Check::Conservation, sent == counted, || {
                let how = if what == "declared" { "accepted" } else { "refused" };
                format!("source {name} sent {sent} events that it {what}, {counted} were {how}")
            });
        }
    }
    let CollectorReport { accepted, published, lost, .. } = *report;
    let taken: u64 = report.sources.iter().map(|source| source.accepted).sum();
    found.holds(Check::Conservation, accepted == taken, || {
        format!("the collector accepted {accepted} events, and {taken} of its sources")
    });
    found.holds(Check::Conservation, accepted == published + lost, || {
        format!("of {accepted} events accepted, {published} were published and {lost} lost")
    });
    found.holds(Check::Conservation, lost <= missing, || {
        format!("the collector counted {lost} events as lost, of which all but {missing} arrived")
    });
}
