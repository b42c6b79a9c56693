//! What happens in a case of chaos, source by source.

use super::page::Page;
use crate::plan::chaos::{SourceSpec, Then};
use crate::plan::{Case, Reading};
use crate::scenario::shown_ms;

/// One item for each source, and one each for what else happens; nothing where there are none.
pub(super) fn write(page: &mut Page, case: &Case) {
    if case.chaos.sources.is_empty() {
        return;
    }
    page.heading("What happens");
    for source in &case.chaos.sources {
        page.item("- ", &told(source));
    }
    if case.topology.subscribers.iter().any(|one| one.reading == Reading::Stopped) {
        page.item("- ", "The subscriber begins to read once the collector holds its sources back.");
    }
    let limit = shown_ms(case.chaos.collector.shutdown_timeout_ms);
    let stop = format!(
        "Once everything has arrived, the collector is asked how it is, and then to end within \
         {limit}."
    );
    page.item("- ", &stop);
}

fn told(source: &SourceSpec) -> String {
    let pace = match source.rate_per_s {
        Some(per_second) => format!("{per_second} a second"),
        None => "as fast as they are taken".to_owned(),
    };
    let sends = match (source.events, source.undeclared) {
        (0, 0) => "sends nothing".to_owned(),
        (events, 0) => format!("sends {events} events, {pace}"),
        (events, others) => {
            format!("sends {events} events and {others} that it does not declare, {pace}")
        }
    };
    let then = match source.then {
        Then::Waits => "waits until it is asked to end",
        Then::Ends => "ends",
        Then::Fails => "fails",
        Then::Panics => "panics",
        Then::Hangs => "does not end when it is asked to",
    };
    format!("{} {sends}; then it {then}.", source.name)
}
