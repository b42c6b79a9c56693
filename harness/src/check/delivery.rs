//! C1: what must arrive arrived. C2 at the edges: around subscribe a suffix of each publisher's
//! events arrives, around the end a prefix.

mod missing;

use self::missing::Missing;
use super::findings::{Findings, at_life, message, subscriber_name};
use super::life::Life;
use super::regions::{Region, WhyNot, region};
use super::report::Check;
use super::trace::Trace;

/// One publisher and lane, as far as it was walked.
#[derive(Debug, Clone, Default)]
struct Walk {
    /// The last event that arrived.
    last: Option<u32>,
    /// An event next to the end that did not arrive; nothing after it may.
    gap: Option<u32>,
    /// Events that did not arrive although they may only be missing at the tail.
    unread: Option<u32>,
    /// Events that had to arrive and did not.
    missing: Missing,
    /// Whether an edge of this walk was reported already.
    reported: bool,
}

/// Walks every publisher's events at every life.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    let mut arrived_at = vec![0_u32; trace.items.len()];
    for (stamp, life) in (1_u32..).zip(&trace.lives) {
        for arrival in &life.arrivals {
            arrived_at[arrival.item as usize] = stamp;
        }
        check_life(trace, life, |item| arrived_at[item] == stamp, findings);
    }
}

fn check_life(
    trace: &Trace<'_>,
    life: &Life,
    arrived: impl Fn(usize) -> bool,
    findings: &mut Findings<'_, '_>,
) {
    let mut walks = trace.slots(Walk::default());
    let mut counts = [0_u64; 4];
    for (number, item) in (0_u32..).zip(&trace.items) {
        let (false, Some(slot)) = (item.is_fence(), item.slot()) else { continue };
        let walk = &mut walks[slot];
        let here = arrived(number as usize);
        match region(trace, life, number as usize) {
            Region::MustNot(why) => {
                counts[usize::from(why == WhyNot::Refused)] += 1;
                continue;
            }
            Region::Unsure if here => {
                if let Some(skipped) = walk.unread.take() {
                    walk.missing.add(skipped, walk.last);
                }
            }
            Region::Free | Region::Unsure => continue,
            Region::Must => {
                counts[2] += 1;
                if !here {
                    walk.missing.add(number, walk.last);
                }
            }
            Region::Unread if here => {
                counts[2] += 1;
                if let Some(skipped) = walk.unread.take() {
                    walk.missing.add(skipped, walk.last);
                }
            }
            Region::Unread => walk.unread = walk.unread.or(Some(number)),
            Region::May { beginning, ending } => {
                counts[3] += 1;
                if !here && beginning && !ending && walk.last.is_some() {
                    broken_suffix(trace, life, number, walk, findings);
                } else if !here && ending && (!beginning || walk.last.is_some()) {
                    walk.gap = walk.gap.or(Some(number));
                }
            }
        }
        if here {
            broken_prefix(trace, life, number, walk, findings);
            walk.last = Some(number);
        }
    }
    for walk in &walks {
        walk.missing.tell(trace, life, findings);
    }
    let [foreign, refused, must, edges] = counts;
    findings.judged(Check::Foreign, foreign);
    findings.judged(Check::Refused, refused);
    findings.judged(Check::Delivery, must);
    findings.judged(Check::Edges, edges);
}

fn broken_suffix(
    trace: &Trace<'_>,
    life: &Life,
    item: u32,
    walk: &mut Walk,
    findings: &mut Findings<'_, '_>,
) {
    let (Some(earlier), false) = (walk.last, walk.reported) else { return };
    walk.reported = true;
    findings.violated(Check::Edges, || {
        let sentence = format!(
            "{} received {} but not the later {}, both published while it was subscribing",
            subscriber_name(trace, life.subscriber),
            message(trace, earlier),
            message(trace, item),
        );
        at_life(trace, life, &[earlier, item], sentence)
    });
}

fn broken_prefix(
    trace: &Trace<'_>,
    life: &Life,
    item: u32,
    walk: &mut Walk,
    findings: &mut Findings<'_, '_>,
) {
    let (Some(gap), false) = (walk.gap, walk.reported) else { return };
    walk.reported = true;
    findings.violated(Check::Edges, || {
        let sentence = format!(
            "{} received {} but not the earlier {}, both published while its subscription ended",
            subscriber_name(trace, life.subscriber),
            message(trace, item),
            message(trace, gap),
        );
        at_life(trace, life, &[gap, item], sentence)
    });
}
