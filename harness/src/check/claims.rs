//! Whether a history exercised the numbers its case claims: never a pass without.
//!
//! C numbers are exercised when one of their checks had something to judge. M and T numbers are
//! judged by `delivery` and `foreign`, or by `outcomes` where a pattern must be refused: they are
//! exercised by a subscription whose fate would be another were the rule left out. W2 is exercised
//! by a payload of exactly the limit that must arrive, or of one byte more that is refused, W6 by
//! what had to be delivered all the same.

use daemoneye_eventbus::EventSubscription;
use daemoneye_eventbus::contract::Confirmation;

use super::access;
use super::life::Life;
use super::oracle::{self, Match};
use super::regions::{Region, WhyNot, region};
use super::report::{Checked, Unexercised};
use super::trace::Trace;
use super::{Planned, PlannedAttributes};
use crate::plan::{Claim, Operation};
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
    let missing = |claim: &Claim| {
        let missing = missing(trace, planned, checked, *claim)?;
        Some(Unexercised { claim: claim.to_string(), missing: missing.to_owned() })
    };
    trace.case.claims.iter().filter_map(missing).collect()
}

/// What a claim lacks; `None` once it is exercised.
fn missing(
    trace: &Trace<'_>,
    planned: &dyn Planned,
    checked: &[Checked],
    claim: Claim,
) -> Option<&'static str> {
    let refused = |missing| (!refused(trace, claim)).then_some(missing);
    let shown = |wanted| by_subscriptions(trace, planned, claim, wanted);
    match claim {
        Claim::M1 => shown(of_one("no subscription had an event of its topics and one of others")),
        Claim::M2 => refused("no wildcard was refused where wildcards are off"),
        Claim::M3 => shown(of_one("no event filter let one event pass and held another back")),
        Claim::M4 => shown(of_one("no topic filter let one event pass and held another back")),
        Claim::M5 => {
            shown(of_one("no correlation filter let one event pass and held another back"))
        }
        Claim::T1 => refused("no pattern was refused for its letters or its length"),
        Claim::T2 => refused("no pattern was refused for its first level"),
        Claim::T3 => shown(of_one("no pattern with `+` met one level, and none or several")),
        Claim::T4 => shown(of_one("no pattern with `#` met no further level, and one or more")),
        Claim::T5 => refused("no pattern was refused for a wildcard or level out of place"),
        Claim::T6 => shown(ALL_OF_T6),
        Claim::A1 => (!access::exercises_publishing(trace, planned))
            .then_some("no role was denied one publish and took another"),
        Claim::A3 => (!access::exercises_subscribing(trace))
            .then_some("no role was denied one pattern and subscribed to another"),
        Claim::W2 => {
            (!payload_at_limit(trace)).then_some("no payload was at its limit or one byte above")
        }
        Claim::W6 => (!lived_through(trace))
            .then_some("nothing that was to be delivered was published while a connection broke"),
        Claim::W5
        | Claim::C1
        | Claim::C2
        | Claim::C3
        | Claim::C4
        | Claim::C5
        | Claim::C6
        | Claim::C7
        | Claim::C8
        | Claim::C9
        | Claim::C10
        | Claim::C11
        | Claim::C12
        | Claim::C13
        | Claim::C14
        | Claim::W8
        | Claim::W9
        | Claim::A4
        | Claim::A5
        | Claim::R1
        | Claim::R2
        | Claim::R3
        | Claim::R4
        | Claim::R6 => {
            let judges = |row: &Checked| row.check.claim() == Some(claim) && row.items > 0;
            (!checked.iter().any(judges)).then_some("no check of it had anything to judge")
        }
    }
}

/// W6: whether something that was to be delivered to somebody was published in a phase in which a
/// connection broke or a broker was followed by another.
fn lived_through(trace: &Trace<'_>) -> bool {
    let was_kept = |life: &Life, number: usize| {
        let item = &trace.items[number];
        let confirm = trace.case.topology.publishers[usize::from(item.publisher)].confirm;
        confirm == Confirmation::Delivered
            && trace.case.returns_in(item.published.phase)
            && region(trace, life, number) == Region::Must
    };
    trace.lives.iter().any(|life| (0..trace.items.len()).any(|number| was_kept(life, number)))
}

/// What must be seen of a number, as bits; of one subscription, or of all together.
#[derive(Clone, Copy)]
struct Wanted {
    bits: u8,
    together: bool,
    missing: &'static str,
}

/// An arrival and an absence, at one subscription.
fn of_one(missing: &'static str) -> Wanted {
    Wanted { bits: HIT | MISS, together: false, missing }
}

/// Each of the pairs T6 names, see [`by_name`].
const ALL_OF_T6: Wanted = Wanted {
    bits: 0b1_1111,
    together: true,
    missing: "not all of `events.#`, `events.process.+` and `events.+.lifecycle` met the topics T6 \
              names",
};

/// Something must arrive because of the rule.
const HIT: u8 = 1;
/// Something must not arrive because of the rule, and would without it.
const MISS: u8 = 2;

fn by_subscriptions(
    trace: &Trace<'_>,
    planned: &dyn Planned,
    claim: Claim,
    wanted: Wanted,
) -> Option<&'static str> {
    let Wanted { bits, together, missing } = wanted;
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
    claim: Claim,
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
        Claim::T4 => zero_or_more(own, &event, must),
        Claim::T6 => by_name(own, &event.topic, must),
        _ if must => HIT,
        _ if oracle::matches(looser, &event) == Match::Yes => MISS,
        _ => 0,
    }
}

/// The subscription as it would be without the rule; `None` if the rule has no part in it.
fn without(claim: Claim, own: &EventSubscription) -> Option<EventSubscription> {
    let mut looser = own.clone();
    match claim {
        Claim::M1 => looser.topic_patterns = vec!["#".to_owned()],
        Claim::M3 => drop(looser.event_filter.take()?),
        Claim::M4 => drop(looser.topic_filter.take()?),
        Claim::M5 => drop(looser.correlation_filter.take()?),
        Claim::T3 => looser.topic_patterns = any_levels(only_pattern(own)?)?,
        Claim::T4 => only_pattern(own).filter(|pattern| pattern.ends_with('#')).map(drop)?,
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
fn refused(trace: &Trace<'_>, rule: Claim) -> bool {
    trace.history.operations.iter().any(|operated| match operated.operation {
        Operation::Subscribe(subscriber) if operated.expect == "invalid-pattern" => {
            let own = &trace.case.topology.subscribers[subscriber].subscription;
            let broken: Vec<Claim> =
                own.topic_patterns.iter().flat_map(|pattern| broken(own, pattern)).collect();
            !broken.is_empty() && broken.iter().all(|one| *one == rule)
        }
        _ => false,
    })
}

/// The rules a pattern breaks, read off its text.
fn broken(own: &EventSubscription, pattern: &str) -> Vec<Claim> {
    let levels: Vec<&str> = pattern.split('.').collect();
    let is_wild = |level: &str| level == "+" || level == "#";
    let mut rules = Vec::new();
    for (at, level) in levels.iter().enumerate() {
        let last = at + 1 == levels.len();
        if level.is_empty()
            || level.contains('*')
            || (!is_wild(level) && level.contains(['+', '#']))
        {
            rules.push(Claim::T5);
        } else if *level == "#" && !last {
            rules.push(Claim::T4);
        } else if level.len() > MAX_LEVEL_BYTES || !level.bytes().all(is_letter) {
            rules.push(Claim::T1);
        } else if at == 0 && !is_wild(level) && !["events", "control", "admin"].contains(level) {
            rules.push(Claim::T2);
        }
    }
    if levels.len() > MAX_LEVELS || pattern.len() > MAX_BYTES {
        rules.push(Claim::T1);
    }
    if rules.is_empty() && !own.enable_wildcards && levels.iter().any(|level| is_wild(level)) {
        rules.push(Claim::M2);
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
        let judged = judged(TrialKind::Behaviour).iter();
        for claim in judged.filter(|claim| claim.as_str().starts_with('C')) {
            assert!(Check::ALL.iter().any(|check| check.claim() == Some(*claim)), "{claim}");
        }
    }

    #[test]
    fn a_pattern_breaks_the_rules_its_text_shows() {
        let own = EventSubscription::new("s");
        for (pattern, rule) in [
            ("events.*", Claim::T5),
            ("events.pro+", Claim::T5),
            ("events..x", Claim::T5),
            ("events.#.x", Claim::T4),
            ("events.Process", Claim::T1),
            ("events.2.3.4.5.6.7.8.9", Claim::T1),
            ("metrics.x", Claim::T2),
        ] {
            assert_eq!(broken(&own, pattern), [rule], "{pattern}");
        }
        assert!(broken(&own, "events.+.#").is_empty());
    }
}
