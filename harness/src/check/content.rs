//! C6: what arrives is what was sent, by digest. C8: a fresh correlation is a unique root, a given
//! one keeps its parent and root.
//!
//! An altered correlation is reported as C8 where the root flag shows it, as C6 otherwise: the
//! digest covers the whole of a given correlation.

use super::findings::{Findings, Witness, at_life, message, subscriber_name};
use super::life::{Arrival, Life};
use super::report::Check;
use super::trace::{GivenCorrelation, Trace};

/// Looks at every arrival, then at the fresh correlations among them.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    let mut fresh: Vec<(u64, u32)> = Vec::new();
    let mut ids = vec![None::<u64>; trace.items.len()];
    for life in &trace.lives {
        for arrival in &life.arrivals {
            let item = &trace.items[arrival.item as usize];
            if item.is_fence() {
                continue;
            }
            let received = trace.received(life, arrival.at);
            findings.judged(Check::Content, 1);
            findings.judged(Check::Correlation, 1);
            if received.is_root == (item.correlation == GivenCorrelation::Step) {
                wrong_root(trace, life, *arrival, findings);
            } else if received.digest != item.published.digest {
                altered(trace, life, *arrival, findings);
            }
            if item.correlation != GivenCorrelation::Fresh {
                continue;
            }
            match ids[arrival.item as usize].replace(received.correlation) {
                None => fresh.push((received.correlation, arrival.item)),
                Some(id) if id != received.correlation => {
                    two_ids(trace, life, arrival.item, findings);
                }
                Some(_) => {}
            }
        }
    }
    shared_ids(trace, fresh, findings);
}

fn altered(trace: &Trace<'_>, life: &Life, arrival: Arrival, findings: &mut Findings<'_, '_>) {
    findings.violated(Check::Content, || {
        let sentence = format!(
            "{} received {} altered: topic, event or correlation is not what was published",
            subscriber_name(trace, life.subscriber),
            message(trace, arrival.item)
        );
        at_life(trace, life, &[arrival.item], sentence)
    });
}

fn wrong_root(trace: &Trace<'_>, life: &Life, arrival: Arrival, findings: &mut Findings<'_, '_>) {
    findings.violated(Check::Correlation, || {
        let lost = match trace.items[arrival.item as usize].correlation {
            GivenCorrelation::Step => "as a root, though it was published as a step of another",
            GivenCorrelation::Root => "with a parent or another root, though it was one itself",
            GivenCorrelation::Fresh => "with a fresh correlation that is not a root",
        };
        let sentence = format!(
            "{} received {} {lost}",
            subscriber_name(trace, life.subscriber),
            message(trace, arrival.item)
        );
        at_life(trace, life, &[arrival.item], sentence)
    });
}

fn two_ids(trace: &Trace<'_>, life: &Life, item: u32, findings: &mut Findings<'_, '_>) {
    findings.violated(Check::Correlation, || {
        let sentence = format!(
            "{} received {} with another fresh correlation id than somebody else did",
            subscriber_name(trace, life.subscriber),
            message(trace, item)
        );
        at_life(trace, life, &[item], sentence)
    });
}

fn shared_ids(trace: &Trace<'_>, mut fresh: Vec<(u64, u32)>, findings: &mut Findings<'_, '_>) {
    fresh.sort_unstable();
    for pair in fresh.windows(2) {
        let ((first_id, first), (second_id, second)) = (pair[0], pair[1]);
        if first_id != second_id {
            continue;
        }
        findings.violated(Check::Correlation, || {
            let messages = vec![message(trace, first), message(trace, second)];
            Witness {
                sentence: format!(
                    "{} and {} got the same fresh correlation id",
                    messages[0], messages[1]
                ),
                publisher: None,
                subscriber: None,
                messages,
            }
        });
    }
}
