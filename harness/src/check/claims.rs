//! Whether a history exercised the numbers its case claims: never a pass without.
//!
//! C numbers are exercised when one of their checks had something to judge. M and T numbers are
//! judged by `delivery` and `foreign`, or by `outcomes` where a pattern must be refused: they are
//! exercised by a subscription whose fate would be another were the rule left out. W2 is exercised
//! by a payload of exactly the limit that must arrive, or of one byte more that is refused.

use daemoneye_eventbus::EventSubscription;

use super::life::Life;
use super::oracle::{self, Match};
use super::regions::{Region, WhyNot, region};
use super::report::{Checked, Unexercised};
use super::trace::Trace;
use super::{Planned, PlannedAttributes};
use crate::plan::Operation;
use crate::record::Outcome;

/// W2: largest payload where the case sets no limit of its own, bytes.
const DEFAULT_PAYLOAD_LIMIT_BYTES: usize = 1 << 20;
/// T1: most levels of a pattern.
const MAX_LEVELS: usize = 8;
/// T1: most bytes of a level.
const MAX_LEVEL_BYTES: usize = 64;
/// T1: most bytes of a pattern.
const MAX_BYTES: usize = 255;

/// The case's claims that nothing exercised, each with what was missing.
pub(crate) fn unexercised(
    trace: &Trace<'_>,
    planned: &dyn Planned,
    checked: &[Checked],
) -> Vec<Unexercised> {
    let missing = |claim: &String| {
        let missing = missing(trace, planned, checked, claim)?;
        Some(Unexercised { claim: claim.clone(), missing: missing.to_owned() })
    };
    trace.case.claims.iter().filter_map(missing).collect()
}

/// What a claim lacks; `None` once it is exercised.
fn missing(
    trace: &Trace<'_>,
    planned: &dyn Planned,
    checked: &[Checked],
    claim: &str,
) -> Option<&'static str> {
    let (is_exercised, missing) = match claim {
        "M2" => (refused(trace, "M2"), "no wildcard was refused where wildcards are off"),
        "T1" => (refused(trace, "T1"), "no pattern was refused for its letters or its length"),
        "T2" => (refused(trace, "T2"), "no pattern was refused for its first level"),
        "T5" => {
            (refused(trace, "T5"), "no pattern was refused for a wildcard or level out of place")
        }
        "W2" => (payload_at_limit(trace), "no payload was at its limit or one byte above"),
        "M1" | "M3" | "M4" | "M5" | "T3" | "T4" | "T6" => {
            return by_subscriptions(trace, planned, claim);
        }
        _ => {
            let judges = |row: &&Checked| row.check.rule() == claim && row.items > 0;
            (checked.iter().any(|row| judges(&row)), "no check of it had anything to judge")
        }
    };
    (!is_exercised).then_some(missing)
}

/// What must be seen of a number, as bits; of one subscription, or of all together.
struct Wanted {
    bits: u8,
    together: bool,
    missing: &'static str,
}

fn wanted(claim: &str) -> Wanted {
    let of_one = |missing| Wanted { bits: HIT | MISS, together: false, missing };
    match claim {
        "M1" => of_one("no subscription had an event of its topics and one of others"),
        "M3" => of_one("no event filter let one event pass and held another back"),
        "M4" => of_one("no topic filter let one event pass and held another back"),
        "M5" => of_one("no correlation filter let one event pass and held another back"),
        "T3" => of_one("no pattern with `+` met one level, and none or several"),
        "T4" => of_one("no pattern with `#` met no further level, and one or more"),
        _ => Wanted {
            bits: 0b1_1111,
            together: true,
            missing: "not all of `events.#`, `events.process.+` and `events.+.lifecycle` met the \
                      topics T6 names",
        },
    }
}

/// Something must arrive because of the rule.
const HIT: u8 = 1;
/// Something must not arrive because of the rule, and would without it.
const MISS: u8 = 2;

fn by_subscriptions(trace: &Trace<'_>, planned: &dyn Planned, claim: &str) -> Option<&'static str> {
    let Wanted { bits, together, missing } = wanted(claim);
    let mut seen_by_all = 0;
    for life in &trace.lives {
        let own = &trace.case.topology.subscribers[life.subscriber].subscription;
        let Some(looser) = without(claim, own) else { continue };
        let mut seen = 0;
        for number in (0..trace.items.len()).filter(|number| !trace.items[*number].is_fence()) {
            seen |= shows(trace, planned, claim, life, &looser, number);
            if seen & bits == bits {
                return None;
            }
        }
        seen_by_all |= seen;
    }
    (!together || seen_by_all & bits != bits).then_some(missing)
}

/// What one event at one subscription shows of a number.
fn shows(
    trace: &Trace<'_>,
    planned: &dyn Planned,
    claim: &str,
    life: &Life,
    looser: &EventSubscription,
    number: usize,
) -> u8 {
    let must = match region(trace, life, number) {
        Region::Must => true,
        Region::MustNot(WhyNot::NoMatch) => false,
        _ => return 0,
    };
    let item = &trace.items[number];
    let event = planned.attributes(usize::from(item.publisher), item.published.sequence);
    let Some(event) = event else { return 0 };
    let own = &trace.case.topology.subscribers[life.subscriber].subscription;
    match claim {
        "T4" => zero_or_more(own, &event, must),
        "T6" => by_name(own, &event.topic, must),
        _ if must => HIT,
        _ if oracle::matches(looser, &event) == Match::Yes => MISS,
        _ => 0,
    }
}

/// The subscription as it would be without the rule; `None` if the rule has no part in it.
fn without(claim: &str, own: &EventSubscription) -> Option<EventSubscription> {
    let mut looser = own.clone();
    match claim {
        "M1" => looser.topic_patterns = vec!["#".to_owned()],
        "M3" => drop(looser.event_filter.take()?),
        "M4" => drop(looser.topic_filter.take()?),
        "M5" => drop(looser.correlation_filter.take()?),
        "T3" => looser.topic_patterns = any_levels(only_pattern(own)?)?,
        "T4" => only_pattern(own).filter(|pattern| pattern.ends_with('#')).map(drop)?,
        _ => {}
    }
    Some(looser)
}

/// With a single pattern it is plain which one let an event pass.
fn only_pattern(own: &EventSubscription) -> Option<&str> {
    match own.topic_patterns.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// A pattern in which each `+` stands for no level, and one in which it stands for two.
fn any_levels(pattern: &str) -> Option<Vec<String>> {
    let levels: Vec<&str> = pattern.split('.').collect();
    if !levels.contains(&"+") {
        return None;
    }
    let none: Vec<&str> = levels.iter().copied().filter(|level| *level != "+").collect();
    let two: Vec<&str> =
        levels.iter().map(|level| if *level == "+" { "+.+" } else { level }).collect();
    Some(vec![none.join("."), two.join(".")])
}

fn zero_or_more(own: &EventSubscription, event: &PlannedAttributes, must: bool) -> u8 {
    let before = only_pattern(own).map_or(0, |pattern| pattern.split('.').count() - 1);
    match event.topic.split('.').count() {
        _ if !must => 0,
        levels if levels == before => HIT,
        _ => MISS,
    }
}

fn by_name(own: &EventSubscription, topic: &str, must: bool) -> u8 {
    match (only_pattern(own), topic, must) {
        (Some("events.#"), "events", true) => 1,
        (Some("events.process.+"), "events.process", false) => 2,
        (Some("events.process.+"), "events.process.tree.update", false) => 4,
        (Some("events.+.lifecycle"), "events.process.lifecycle", true) => 8,
        (Some("events.+.lifecycle"), "events.network.lifecycle", true) => 16,
        _ => 0,
    }
}

/// Whether a subscription had to be refused for this rule and no other.
fn refused(trace: &Trace<'_>, rule: &str) -> bool {
    trace.history.operations.iter().any(|operated| match operated.operation {
        Operation::Subscribe(subscriber) if operated.expect == "invalid-pattern" => {
            let own = &trace.case.topology.subscribers[subscriber].subscription;
            let broken: Vec<&str> =
                own.topic_patterns.iter().flat_map(|pattern| broken(own, pattern)).collect();
            !broken.is_empty() && broken.iter().all(|one| *one == rule)
        }
        _ => false,
    })
}

/// The rules a pattern breaks, read off its text.
fn broken(own: &EventSubscription, pattern: &str) -> Vec<&'static str> {
    let levels: Vec<&str> = pattern.split('.').collect();
    let is_wild = |level: &str| level == "+" || level == "#";
    let mut rules = Vec::new();
    for (at, level) in levels.iter().enumerate() {
        let last = at + 1 == levels.len();
        if level.is_empty()
            || level.contains('*')
            || (!is_wild(level) && level.contains(['+', '#']))
        {
            rules.push("T5");
        } else if *level == "#" && !last {
            rules.push("T4");
        } else if level.len() > MAX_LEVEL_BYTES || !level.bytes().all(is_letter) {
            rules.push("T1");
        } else if at == 0 && !is_wild(level) && !["events", "control", "admin"].contains(level) {
            rules.push("T2");
        }
    }
    if levels.len() > MAX_LEVELS || pattern.len() > MAX_BYTES {
        rules.push("T1");
    }
    if rules.is_empty() && !own.enable_wildcards && levels.iter().any(|level| is_wild(level)) {
        rules.push("M2");
    }
    rules
}

fn is_letter(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'+' | b'#')
}

fn payload_at_limit(trace: &Trace<'_>) -> bool {
    let topology = &trace.case.topology;
    let limit = topology.bus.payload_limit_bytes.unwrap_or(DEFAULT_PAYLOAD_LIMIT_BYTES);
    let all = |publisher: u16, bytes: usize| {
        let mix = &topology.publishers[usize::from(publisher)].mix;
        !mix.is_empty() && mix.iter().all(|part| part.payload_bytes == bytes)
    };
    let must = |number| trace.lives.iter().any(|life| region(trace, life, number) == Region::Must);
    (0..trace.items.len()).filter(|number| !trace.items[*number].is_fence()).any(|number| {
        let item = &trace.items[number];
        let refused = item.published.outcome == Outcome::TooLarge;
        (refused && all(item.publisher, limit + 1)) || (all(item.publisher, limit) && must(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Check;
    use crate::plan::TrialKind;
    use crate::plan::claims::judged;

    #[test]
    fn every_c_number_a_scenario_can_claim_has_a_check() {
        let c_numbers = judged(TrialKind::Behaviour).iter().filter(|claim| claim.starts_with('C'));
        for claim in c_numbers {
            assert!(Check::ALL.iter().any(|check| check.rule() == *claim), "{claim}");
        }
    }

    #[test]
    fn a_pattern_breaks_the_rules_its_text_shows() {
        let own = EventSubscription::new("s");
        for (pattern, rule) in [
            ("events.*", "T5"),
            ("events.pro+", "T5"),
            ("events..x", "T5"),
            ("events.#.x", "T4"),
            ("events.Process", "T1"),
            ("events.2.3.4.5.6.7.8.9", "T1"),
            ("metrics.x", "T2"),
        ] {
            assert_eq!(broken(&own, pattern), [rule], "{pattern}");
        }
        assert!(broken(&own, "events.+.#").is_empty());
    }
}
