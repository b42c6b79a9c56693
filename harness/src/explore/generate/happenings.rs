//! Random phases: who publishes how much, and what happens meanwhile.
//!
//! A draft says it with free numbers; telling it to a topology makes them fit. Membership is
//! followed along, so that each action has one right outcome whatever the interleaving:
//! at most one action concerns a subscriber in a phase.

use proptest::prelude::{Strategy, any as anything};
use proptest::sample::Index;
use proptest::{collection, option, sample};

use super::faults::{self, Faults};
use crate::plan::{
    Action, Arrivals, Count, Fault, Operation, Phase, Publish, Rate, Reading, SubscriberSpec,
    Topology, Trigger, Victim,
};
use daemoneye_eventbus::OverflowPolicy;

/// Events of one publisher in one phase, at most: four publishers and three phases stay quick.
const MAX_EVENTS: u64 = 30;
/// Rates of open loops, events per second: the slowest takes a tenth of a second.
const RATES: [f64; 2] = [500.0, 5000.0];
/// Deadline of a shutdown, milliseconds: nothing is left to wait for but some queues.
const DEADLINE_MS: u64 = 5000;

/// What happens, its numbers still free.
#[derive(Debug, Clone)]
pub(super) struct Happenings {
    phases: Vec<Draft>,
    /// Whether the bus is shut down in the last phase, and after which share of it.
    shutdown: Option<Index>,
    /// What befalls somebody after all that.
    faults: Option<Faults>,
}

#[derive(Debug, Clone)]
struct Draft {
    /// By publisher: how many events, and at which rate.
    shares: Vec<(Option<u64>, Rate)>,
    /// What is done to whom and when.
    doings: Vec<(Doing, Index, Moment)>,
    idle_ms: u64,
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    /// Subscribes, or unsubscribes who has.
    Membership,
    Drop,
    /// Stops reading, or resumes.
    Reading,
    UnsubscribeUnknown,
    PublishOne,
}

#[derive(Debug, Clone, Copy)]
enum Moment {
    Start,
    /// After a share of some publisher's events.
    Meanwhile(Index, Index),
    End,
}

pub(super) fn any() -> impl Strategy<Value = Happenings> {
    let shutdown = option::weighted(0.2, anything::<Index>());
    (collection::vec(draft(), 1..=3), shutdown).prop_map(|(phases, shutdown)| Happenings {
        phases,
        shutdown,
        faults: None,
    })
}

/// Any that ends in faults; a bus that is shut down has nothing more to bear.
pub(super) fn faulty() -> impl Strategy<Value = Happenings> {
    (collection::vec(draft(), 1..=2), faults::any()).prop_map(|(phases, faults)| Happenings {
        phases,
        shutdown: None,
        faults: Some(faults),
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let share = (option::weighted(0.9, 1..=MAX_EVENTS), rate());
    let doing = sample::select(vec![
        Doing::Membership,
        Doing::Membership,
        Doing::Drop,
        Doing::Reading,
        Doing::Reading,
        Doing::UnsubscribeUnknown,
        Doing::PublishOne,
    ]);
    let doings = collection::vec((doing, anything::<Index>(), moment()), 0..=4);
    let idle_ms = sample::select(vec![0, 0, 0, 0, 0, 10]);
    (collection::vec(share, super::MAX_PUBLISHERS), doings, idle_ms)
        .prop_map(|(shares, doings, idle_ms)| Draft { shares, doings, idle_ms })
}

fn rate() -> impl Strategy<Value = Rate> {
    let arrivals = sample::select(vec![Arrivals::Constant, Arrivals::Poisson, Arrivals::Burst(10)]);
    let open = (sample::select(RATES.to_vec()), arrivals)
        .prop_map(|(per_second, arrivals)| Rate::PerSecond(per_second, arrivals));
    option::weighted(0.2, open).prop_map(|rate| rate.unwrap_or(Rate::Max))
}

fn moment() -> impl Strategy<Value = Moment> {
    (0..4_u8, anything::<Index>(), anything::<Index>()).prop_map(|(which, who, when)| match which {
        0 => Moment::Start,
        1 => Moment::End,
        _ => Moment::Meanwhile(who, when),
    })
}

impl Happenings {
    /// Whether safety alone is to be judged.
    pub(super) fn is_wild(&self) -> bool {
        self.faults.as_ref().is_some_and(Faults::is_wild)
    }

    /// The phases for this topology, and the topology made fit for them.
    pub(super) fn told(self, mut topology: Topology) -> (Topology, Vec<Phase>) {
        let publishers = topology.publishers.len();
        let mut members: Vec<Member> = topology.subscribers.iter().map(Member::new).collect();
        let last = self.phases.len() - 1;
        let mut phases = Vec::new();
        for (number, draft) in self.phases.into_iter().enumerate() {
            let shutdown = self.shutdown.filter(|_| number == last);
            let publish = shares(&draft.shares, publishers);
            let actions = match shutdown {
                Some(when) => shutting_down(&publish, when, &mut members),
                None => actions(&draft.doings, &publish, publishers, &mut members),
            };
            phases.push(Phase {
                name: format!("phase-{number}"),
                publish,
                actions,
                idle_ms: draft.idle_ms,
                // A bus that is shut down passes no fence.
                fence: shutdown.is_none(),
                measured: false,
            });
        }
        if let Some(faults) = self.faults {
            let phase = faults.told(publishers, &who_may_be_struck(&members));
            note_what_lasts(&phase, &mut members);
            phases.push(phase);
        }
        let planned = phases.iter().flat_map(|phase| &phase.publish).map(Publish::planned_events);
        let room = planned.sum::<u64>()
            + phases.iter().map(|phase| phase.actions.len() as u64).sum::<u64>();
        make_room(&mut topology.subscribers, &members, room);
        (topology, phases)
    }
}

/// Subscribers that take part to the end; the first keeps reading whatever happens.
fn who_may_be_struck(members: &[Member]) -> Vec<usize> {
    let takes_part = |member: &Member| member.subscribed && member.reading && !member.gone;
    let others = members.iter().enumerate().skip(1);
    others.filter(|(_, member)| takes_part(member)).map(|(index, _)| index).collect()
}

/// Whoever is held up until its publishers are done has stopped, too.
fn note_what_lasts(phase: &Phase, members: &mut [Member]) {
    let faults = || phase.actions.iter().filter_map(|action| action.operation.fault());
    let lasts = |fault: &Fault| {
        let undo = fault.deed.undone_by().map(|deed| Fault { deed, ..*fault });
        fault.deed.holds_up() && !faults().any(|other| Some(other) == undo)
    };
    for fault in faults().filter(lasts) {
        if let Victim::Subscriber(index) = fault.victim {
            members[index].paused = true;
        }
    }
}

/// A subscriber that waits and stops reading for a while gets room for everything: its publishers
/// would else wait for their limit, and on each bus a different event would be refused.
fn make_room(subscribers: &mut [SubscriberSpec], members: &[Member], events: u64) {
    for (spec, member) in subscribers.iter_mut().zip(members) {
        if member.paused {
            let events = usize::try_from(events).expect("some hundred events");
            spec.subscription.capacity = spec.subscription.capacity.max(events);
        }
    }
}

/// What is known of a subscriber between two phases.
#[expect(clippy::struct_excessive_bools, reason = "five facts, each free of the others")]
struct Member {
    waits: bool,
    subscribed: bool,
    /// Dropped its receiver: the bus learns of it some time later, so nothing more is asked of it.
    gone: bool,
    reading: bool,
    /// Stops, or is held up, within a phase.
    paused: bool,
}

impl Member {
    fn new(spec: &SubscriberSpec) -> Self {
        Self {
            waits: spec.subscription.policy == OverflowPolicy::Block,
            subscribed: spec.from_start,
            gone: false,
            reading: spec.reading == Reading::Prompt,
            paused: false,
        }
    }
}

fn shares(drafts: &[(Option<u64>, Rate)], publishers: usize) -> Vec<Publish> {
    let share = |(publisher, (events, rate)): (usize, &(Option<u64>, Rate))| {
        let events = (*events)?;
        Some(Publish { publisher, count: Count::Events(events), rate: *rate })
    };
    drafts.iter().take(publishers).enumerate().filter_map(share).collect()
}

/// Everybody reads again, then the bus is shut down. Nothing else happens in this phase: what comes
/// after a shutdown may never be reached.
fn shutting_down(publish: &[Publish], when: Index, members: &mut [Member]) -> Vec<Action> {
    let mut actions = Vec::new();
    for (index, member) in members.iter_mut().enumerate() {
        if member.subscribed && !member.gone && !member.reading {
            member.reading = true;
            actions.push(ok(Trigger::Start, Operation::ResumeReading(index)));
        }
    }
    let trigger = match publish {
        [] => Trigger::End,
        shares => after(&shares[when.index(shares.len())], when),
    };
    actions.push(ok(trigger, Operation::Shutdown(DEADLINE_MS)));
    actions
}

fn actions(
    doings: &[(Doing, Index, Moment)],
    publish: &[Publish],
    publishers: usize,
    members: &mut [Member],
) -> Vec<Action> {
    let mut touched = vec![false; members.len()];
    let mut all = Vec::new();
    for (doing, whom, moment) in doings {
        let trigger = trigger(*moment, publish);
        match doing {
            Doing::UnsubscribeUnknown => all.push(Action {
                trigger,
                operation: Operation::UnsubscribeUnknown,
                expect: "unknown".to_owned(),
            }),
            // A publisher does one thing at a time: it is asked once its share is done.
            Doing::PublishOne => {
                all.push(ok(Trigger::End, Operation::PublishOne(whom.index(publishers))));
            }
            Doing::Membership | Doing::Drop | Doing::Reading => {
                let index = whom.index(members.len());
                if !std::mem::replace(&mut touched[index], true) {
                    done_to(*doing, index, trigger, &mut members[index], &mut all);
                }
            }
        }
    }
    all
}

fn done_to(
    doing: Doing,
    index: usize,
    trigger: Trigger,
    member: &mut Member,
    all: &mut Vec<Action>,
) {
    if member.gone {
        return;
    }
    match doing {
        Doing::Membership if !member.subscribed => {
            member.subscribed = true;
            all.push(ok(trigger, Operation::Subscribe(index)));
        }
        // Who does not read does not see the end of its subscription either.
        Doing::Membership if member.reading => {
            member.subscribed = false;
            all.push(ok(trigger, Operation::Unsubscribe(index)));
        }
        Doing::Drop if member.subscribed && member.reading => {
            member.gone = true;
            all.push(ok(trigger, Operation::DropReceiver(index)));
        }
        // It reads again before the fence, which would else never pass.
        Doing::Reading if member.subscribed && member.waits && trigger != Trigger::End => {
            member.paused = true;
            all.push(ok(trigger, Operation::StopReading(index)));
            all.push(ok(Trigger::End, Operation::ResumeReading(index)));
        }
        Doing::Reading if member.subscribed && !member.waits => {
            let operation = if member.reading {
                Operation::StopReading(index)
            } else {
                Operation::ResumeReading(index)
            };
            member.reading = !member.reading;
            all.push(ok(trigger, operation));
        }
        _ => {}
    }
}

fn trigger(moment: Moment, publish: &[Publish]) -> Trigger {
    match moment {
        Moment::Start => Trigger::Start,
        Moment::Meanwhile(who, when) if !publish.is_empty() => {
            after(&publish[who.index(publish.len())], when)
        }
        Moment::End | Moment::Meanwhile(..) => Trigger::End,
    }
}

/// After some of the events of a share.
fn after(share: &Publish, when: Index) -> Trigger {
    let events = usize::try_from(share.planned_events()).expect("at most MAX_EVENTS");
    Trigger::AfterPublished(share.publisher, when.index(events) as u64 + 1)
}

fn ok(trigger: Trigger, operation: Operation) -> Action {
    Action { trigger, operation, expect: "ok".to_owned() }
}
