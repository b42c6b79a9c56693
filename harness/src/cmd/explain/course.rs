//! What happens in a case, phase by phase, and what must come out.

use std::collections::BTreeMap;

use super::names::{alike, each, named};
use super::page::Page;
use crate::plan::{
    Action, Arrivals, Case, Count, Deed, Direction, Expected, Fault, Operation, Phase, Publish,
    Rate, Trigger,
};
use crate::scenario::shown_ms;

/// Sentences about what is done in a phase, at most; a table of refusals has hundreds.
const MAX_ACTIONS: usize = 12;

/// One item for each phase, nothing where there are none.
pub(super) fn write(page: &mut Page, case: &Case) {
    if case.phases.is_empty() {
        return;
    }
    page.heading("What happens");
    for (phase, number) in case.phases.iter().zip(1_u32..) {
        let is_let_go = case.wild && case.faults().any(|(own, _)| own < number);
        let mut told = vec![format!("{}:", phase.name)];
        told.extend(shares(case, phase));
        told.extend(actions(case, phase));
        told.push(ending(phase, is_let_go));
        page.item(&format!("{number}. "), &told.join(" "));
    }
    if case.wild {
        let told = "After the first fault nothing has to happen any more: only what must not happen is \
                    judged.";
        page.item("", told);
    }
}

/// What must come out, beyond the contract; nothing where the scenario says nothing.
pub(super) fn write_expected(page: &mut Page, case: &Case) {
    let expect = &case.expect;
    if expect.always == Expected::default() && expect.per_bus.is_empty() {
        return;
    }
    page.heading("What must come out, beside what the contract demands");
    page.items(&expected(&expect.always));
    for (bus, own) in &expect.per_bus {
        let on = |told: &String| format!("on {} instead: {told}", bus.as_str());
        page.items(&expected(own).iter().map(on).collect::<Vec<_>>());
    }
}

/// Who publishes how much, those that do the same together.
fn shares(case: &Case, phase: &Phase) -> Vec<String> {
    if phase.publish.is_empty() {
        return vec!["nobody publishes.".to_owned()];
    }
    let are_alike =
        |one: &Publish, other: &Publish| (one.count, one.rate) == (other.count, other.rate);
    let groups = alike(&phase.publish, are_alike);
    let told = groups.into_iter().map(|group| {
        let shares = &phase.publish[group];
        let names = shares.iter().map(|share| &*case.topology.publishers[share.publisher].name);
        let names: Vec<&str> = names.collect();
        format!("{} publishes {}, {}.", each(&names), amount(shares[0].count), pace(shares[0].rate))
    });
    told.collect()
}

fn amount(count: Count) -> String {
    match count {
        Count::Events(1) => "1 event".to_owned(),
        Count::Events(events) => format!("{events} events"),
        Count::ForMs(ms) => format!("for {}", shown_ms(ms)),
        Count::UntilRefused => "until a publish is refused".to_owned(),
    }
}

fn pace(rate: Rate) -> String {
    match rate {
        Rate::Max => "as fast as the bus takes them".to_owned(),
        Rate::Window(events) => format!("with at most {events} on their way at once"),
        Rate::PerSecond(rate, Arrivals::Constant) => format!("{rate} a second, evenly spaced"),
        Rate::PerSecond(rate, Arrivals::Poisson) => {
            format!("{rate} a second on average, at random moments (Poisson)")
        }
        Rate::PerSecond(rate, Arrivals::Burst(events)) => {
            format!("in bursts of {events}, {rate} a second on average")
        }
        Rate::AsRecorded(ms) => format!("each when it was recorded, within {}", shown_ms(ms)),
    }
}

/// What else is done; neighbours that differ in whom it is done to are one sentence.
fn actions(case: &Case, phase: &Phase) -> Vec<String> {
    let are_alike = |one: &Action, other: &Action| {
        one.trigger == other.trigger
            && one.expect == other.expect
            && does(&one.operation) == does(&other.operation)
    };
    let groups = alike(&phase.actions, are_alike);
    let shown = groups.iter().take(MAX_ACTIONS);
    let mut told: Vec<String> =
        shown.map(|group| sentence(case, &phase.actions[group.clone()])).collect();
    let hidden = groups.len().saturating_sub(MAX_ACTIONS);
    if hidden > 0 {
        told.push(format!("And so on: {hidden} more; `show` has them all."));
    }
    told
}

fn sentence(case: &Case, group: &[Action]) -> String {
    let first = &group[0];
    let names: Vec<&str> = group.iter().filter_map(|one| whom(case, &one.operation)).collect();
    let when = when(case, first.trigger);
    let does = does(&first.operation).replace("{}", &each(&names));
    let must = match first.expect.as_str() {
        "ok" => String::new(),
        code => format!(", which must end with `{code}`"),
    };
    format!("{when}, {does}{must}.")
}

fn when(case: &Case, trigger: Trigger) -> String {
    match trigger {
        Trigger::Start => "Before anybody publishes".to_owned(),
        Trigger::End => "Once all have published".to_owned(),
        Trigger::AfterPublished(publisher, events) => {
            let name = &case.topology.publishers[publisher].name;
            format!("Once {name} has published {events} of them")
        }
        Trigger::AfterReceived(subscriber, events) => {
            let name = &case.topology.subscribers[subscriber].name;
            format!("Once {name} has received {events} in all")
        }
    }
}

/// Whom an operation is done to or by, if it is anybody.
fn whom<'a>(case: &'a Case, operation: &Operation) -> Option<&'a str> {
    match *operation {
        Operation::Subscribe(index)
        | Operation::Unsubscribe(index)
        | Operation::DropReceiver(index)
        | Operation::StopReading(index)
        | Operation::ResumeReading(index) => Some(&case.topology.subscribers[index].name),
        Operation::PublishOne(index) => Some(&case.topology.publishers[index].name),
        Operation::Fault(Fault { victim, .. }) => Some(victim.name(case)),
        Operation::UnsubscribeUnknown | Operation::Shutdown(_) => None,
    }
}

/// What is done, with `{}` for whom.
fn does(operation: &Operation) -> String {
    match *operation {
        Operation::Subscribe(_) => "{} subscribes".to_owned(),
        Operation::Unsubscribe(_) => "{} unsubscribes and reads what is left".to_owned(),
        Operation::UnsubscribeUnknown => "somebody unsubscribes an id that nobody has".to_owned(),
        Operation::DropReceiver(_) => "{} drops its receiver without a word".to_owned(),
        Operation::StopReading(_) => "{} stops reading".to_owned(),
        Operation::ResumeReading(_) => "{} reads again".to_owned(),
        Operation::Shutdown(ms) => format!("the bus is shut down within {}", shown_ms(ms)),
        Operation::PublishOne(_) => "{} publishes one more event".to_owned(),
        Operation::Fault(fault) => befalls(fault.deed),
    }
}

fn befalls(deed: Deed) -> String {
    match deed {
        Deed::Kill => "the process of {} is killed (SIGKILL)".to_owned(),
        Deed::Freeze => "the process of {} stops running (SIGSTOP)".to_owned(),
        Deed::Thaw => "the process of {} runs on (SIGCONT)".to_owned(),
        Deed::Delay(ms) => {
            format!("what passes the connection of {{}} is held for {}, both ways", shown_ms(ms))
        }
        Deed::Split(bytes) => {
            format!("what passes the connection of {{}} is written in pieces of {bytes}B at most")
        }
        Deed::Stall => "nothing passes the connection of {}, either way".to_owned(),
        Deed::Heal => "the connection of {} is as it was".to_owned(),
        Deed::HalfClose(Direction::ToBroker) => {
            "the connection of {} is shut towards the broker".to_owned()
        }
        Deed::HalfClose(Direction::FromBroker) => {
            "the connection of {} is shut from the broker".to_owned()
        }
        Deed::Break => {
            "the connection of {} breaks, and whoever had it comes back by itself".to_owned()
        }
        Deed::Restart(ms) => {
            format!("{{}} is killed, and another takes its place after {}", shown_ms(ms))
        }
        Deed::Vanish => "the folder with the broker's socket is removed".to_owned(),
        Deed::Reset => "the connection of {} is reset, in the middle of a frame".to_owned(),
    }
}

/// How a phase ends; `is_let_go` after the first fault of a case in which nothing is waited for then.
fn ending(phase: &Phase, is_let_go: bool) -> String {
    let mut told = vec![match (phase.fence, is_let_go) {
        (_, true) => "It ends with its publishing: no fence is waited for.".to_owned(),
        (true, false) => "Fences end it: by then everything has arrived or is lost.".to_owned(),
        (false, false) => "No fence ends it: what is on its way may arrive later.".to_owned(),
    }];
    if phase.idle_ms > 0 {
        told.push(format!("Then it is quiet for {}.", shown_ms(phase.idle_ms)));
    }
    if phase.measured {
        told.push("This phase is measured.".to_owned());
    }
    told.join(" ")
}

fn expected(expected: &Expected) -> Vec<String> {
    let mut told = counts(&expected.accepted, "publishes that succeeded");
    told.extend(counts(&expected.received, "events received"));
    told.extend(counts(&expected.lagged, "losses it was told of"));
    let refused = |(name, code)| format!("{name}: its last publish ends with `{code}`");
    told.extend(expected.refused.iter().map(refused));
    told
}

/// `reader0 and reader1: 1000 events received`, those with the same count together.
fn counts(counts: &BTreeMap<String, (u64, u64)>, what: &str) -> Vec<String> {
    let mut by_count: BTreeMap<(u64, u64), Vec<&str>> = BTreeMap::new();
    for (name, count) in counts {
        by_count.entry(*count).or_default().push(name);
    }
    let line = |((least, most), names): ((u64, u64), Vec<&str>)| {
        let count = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let whose = if names.len() > 1 { ", each" } else { "" };
        format!("{}{whose}: {count} {what}", named(&names))
    };
    by_count.into_iter().map(line).collect()
}
