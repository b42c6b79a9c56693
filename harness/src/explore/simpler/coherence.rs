//! Whether every action of a sketch can end as it must, by what happens before it.

use daemoneye_eventbus::OverflowPolicy;

use super::Sketch;
use crate::plan::{Action, Operation, Phase, Reading, Trigger, Victim};

/// Follows membership, reading and shutdown through the phases. What happens meanwhile is taken in
/// the order of the file, between what happens at the start and at the end. What may come before and
/// after a fault the reader of scenario files knows best.
pub(crate) fn is_coherent(sketch: &Sketch) -> bool {
    let mut operations = sketch.phases.iter().flat_map(|phase| &phase.actions);
    if operations.any(|action| action.operation.fault().is_some()) && sketch.case(0).is_err() {
        return false;
    }
    let subscribers = &sketch.topology.subscribers;
    let mut world = World {
        subscribed: subscribers.iter().map(|spec| spec.from_start).collect(),
        reading: subscribers.iter().map(|spec| spec.reading == Reading::Prompt).collect(),
        shut_down: false,
    };
    sketch.phases.iter().all(|phase| {
        let acted = in_order(phase).all(|action| world.take(action));
        acted && (!phase.fence || world.lets_fences_pass(sketch))
    })
}

fn in_order(phase: &Phase) -> impl Iterator<Item = &Action> {
    let of = |wanted: fn(&Trigger) -> bool| {
        phase.actions.iter().filter(move |action| wanted(&action.trigger))
    };
    of(|trigger| *trigger == Trigger::Start)
        .chain(of(|trigger| !matches!(trigger, Trigger::Start | Trigger::End)))
        .chain(of(|trigger| *trigger == Trigger::End))
}

struct World {
    subscribed: Vec<bool>,
    reading: Vec<bool>,
    shut_down: bool,
}

impl World {
    /// Whether the action can end as it must; the world is what it is afterwards.
    fn take(&mut self, action: &Action) -> bool {
        let expect = action.expect.as_str();
        match action.operation {
            Operation::Subscribe(index) => {
                let free = !self.subscribed[index];
                self.subscribed[index] |= expect == "ok";
                self.ends_as(expect, free)
            }
            Operation::Unsubscribe(index) => {
                let fits = self.subscribed[index];
                self.subscribed[index] &= expect != "ok";
                self.ends_as(expect, fits)
            }
            Operation::DropReceiver(index) => std::mem::take(&mut self.subscribed[index]),
            Operation::StopReading(index) => std::mem::replace(&mut self.reading[index], false),
            Operation::ResumeReading(index) => !std::mem::replace(&mut self.reading[index], true),
            Operation::Shutdown(_) => {
                self.shut_down = true;
                true
            }
            Operation::Fault(fault) => {
                if let (Victim::Subscriber(index), true) = (fault.victim, fault.deed.cuts_off()) {
                    self.subscribed[index] = false;
                }
                true
            }
            _ => self.ends_as(expect, true),
        }
    }

    /// Only a bus that is shut down is closed.
    fn ends_as(&self, expect: &str, fits: bool) -> bool {
        match expect {
            "ok" => fits && !self.shut_down,
            "closed" => self.shut_down,
            "unknown" => !self.shut_down,
            _ => true,
        }
    }

    /// Fences of a subscriber that loses nothing go through its own queue.
    fn lets_fences_pass(&self, sketch: &Sketch) -> bool {
        let subscribers = sketch.topology.subscribers.iter().enumerate();
        let stuck = subscribers.filter(|(index, spec)| {
            self.subscribed[*index]
                && !self.reading[*index]
                && spec.subscription.policy == OverflowPolicy::Block
        });
        !self.shut_down && stuck.count() == 0
    }
}
