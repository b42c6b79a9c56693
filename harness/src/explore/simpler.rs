//! Every sketch one step simpler than another, the boldest steps first.
//!
//! A step keeps what a scenario owes its reader: names stay, triggers stay reachable, and an action
//! that has to succeed still can (see `coherence`). Else the search would find its own mistakes.

mod coherence;
mod subscribers;

pub(super) use coherence::is_coherent;

use super::Sketch;
use crate::plan::{
    BusSettings, Correlate, Count, Fault, MixPart, Operation, Phase, Rate, Trigger, Victim,
};

/// The steps, boldest first; none is the sketch itself.
pub fn simpler(sketch: &Sketch) -> Vec<Sketch> {
    let mut steps = Steps { from: sketch, found: Vec::new() };
    steps.without_whole_parts();
    steps.without_actions();
    steps.of_mixes();
    steps.of_subscribers();
    steps.of_amounts();
    steps.of_settings();
    let must_cohere = is_coherent(sketch);
    let mended = steps.found.into_iter().map(Sketch::mended).filter(|step| step != sketch);
    let mut simpler: Vec<Sketch> =
        mended.filter(|step| !must_cohere || is_coherent(step)).collect();
    // The only setting there is goes alone or with all of them, and that is one step.
    simpler.dedup();
    simpler
}

struct Steps<'a> {
    from: &'a Sketch,
    found: Vec<Sketch>,
}

impl Steps<'_> {
    fn step(&mut self, change: impl FnOnce(&mut Sketch)) {
        let mut sketch = self.from.clone();
        change(&mut sketch);
        self.found.push(sketch);
    }

    fn without_whole_parts(&mut self) {
        let Sketch { phases, topology, .. } = self.from;
        if phases.len() > 1 {
            for index in 0..phases.len() {
                self.step(|sketch| drop(sketch.phases.remove(index)));
            }
        }
        if topology.publishers.len() > 1 {
            for index in 0..topology.publishers.len() {
                self.step(|sketch| without_publisher(sketch, index));
            }
        }
        if topology.subscribers.len() > 1 {
            for index in 0..topology.subscribers.len() {
                self.step(|sketch| without_subscriber(sketch, index));
            }
        }
    }

    fn without_actions(&mut self) {
        for (number, phase) in self.from.phases.iter().enumerate() {
            for index in 0..phase.publish.len() {
                self.step(|sketch| {
                    sketch.phases[number].publish.remove(index);
                });
            }
            for (index, action) in phase.actions.iter().enumerate() {
                self.step(|sketch| drop(sketch.phases[number].actions.remove(index)));
                // What is undone again is two actions: neither can go alone.
                if let Some(undoing) = undone_by(&action.operation) {
                    self.step(|sketch| {
                        let actions = &mut sketch.phases[number].actions;
                        actions.remove(index);
                        actions.retain(|action| action.operation != undoing);
                    });
                }
            }
        }
    }

    fn of_mixes(&mut self) {
        for (index, publisher) in self.from.topology.publishers.iter().enumerate() {
            for part in (0..publisher.mix.len()).filter(|_| publisher.mix.len() > 1) {
                self.step(|sketch| drop(sketch.topology.publishers[index].mix.remove(part)));
            }
            self.step(|sketch| sketch.topology.publishers[index].correlate = Correlate::Fresh);
            self.step(|sketch| sketch.topology.publishers[index].table = 0);
            for (number, part) in publisher.mix.iter().enumerate() {
                for simpler in simpler_parts(part) {
                    self.step(|sketch| sketch.topology.publishers[index].mix[number] = simpler);
                }
            }
        }
    }

    fn of_subscribers(&mut self) {
        for (index, subscriber) in self.from.topology.subscribers.iter().enumerate() {
            for simpler in subscribers::simpler(subscriber) {
                self.step(|sketch| sketch.topology.subscribers[index] = simpler);
            }
        }
    }

    fn of_amounts(&mut self) {
        for (number, phase) in self.from.phases.iter().enumerate() {
            for (index, share) in phase.publish.iter().enumerate() {
                if let Count::Events(events) = share.count {
                    for fewer in below(events, 1) {
                        self.step(|sketch| {
                            sketch.phases[number].publish[index].count = Count::Events(fewer);
                        });
                    }
                }
                if share.rate != Rate::Max {
                    self.step(|sketch| sketch.phases[number].publish[index].rate = Rate::Max);
                }
            }
            self.step(|sketch| sketch.phases[number].idle_ms = 0);
            self.of_triggers(number, phase);
        }
    }

    fn of_triggers(&mut self, number: usize, phase: &Phase) {
        for (index, action) in phase.actions.iter().enumerate() {
            for trigger in simpler_triggers(action.trigger) {
                self.step(|sketch| sketch.phases[number].actions[index].trigger = trigger);
            }
        }
    }

    fn of_settings(&mut self) {
        self.step(|sketch| sketch.topology.bus = BusSettings::default());
        self.step(|sketch| sketch.topology.bus.subscriber_limit = None);
        self.step(|sketch| sketch.topology.bus.publish_limit_ms = None);
        self.step(|sketch| sketch.topology.bus.central_capacity = None);
        self.step(|sketch| sketch.topology.bus.payload_limit_bytes = None);
        // With everything judged there is one thing less to know.
        self.step(|sketch| sketch.wild = false);
    }
}

/// Smaller numbers, the smallest first; never below the least.
fn below(number: u64, least: u64) -> Vec<u64> {
    let mut found = Vec::new();
    let mut gap = number.saturating_sub(least);
    while gap > 0 {
        found.push(number - gap);
        gap /= 2;
    }
    found
}

fn simpler_triggers(trigger: Trigger) -> Vec<Trigger> {
    let fewer = |events| below(events, 1).into_iter();
    let later: Vec<Trigger> = match trigger {
        Trigger::Start | Trigger::End => return Vec::new(),
        Trigger::AfterPublished(whom, events) => {
            fewer(events).map(|events| Trigger::AfterPublished(whom, events)).collect()
        }
        Trigger::AfterReceived(whom, events) => {
            fewer(events).map(|events| Trigger::AfterReceived(whom, events)).collect()
        }
    };
    [Trigger::Start, Trigger::End].into_iter().chain(later).collect()
}

fn simpler_parts(part: &MixPart) -> Vec<MixPart> {
    let sizes = below(part.payload_bytes as u64, 1).into_iter();
    let smaller = sizes.filter_map(|bytes| {
        Some(MixPart { payload_bytes: usize::try_from(bytes).ok()?, ..part.clone() })
    });
    let plainer = [
        MixPart { topic: None, ..part.clone() },
        MixPart { priority: None, ..part.clone() },
        MixPart { pid: None, ..part.clone() },
        MixPart { metadata: Vec::new(), ..part.clone() },
        MixPart { weight: 1, ..part.clone() },
    ];
    plainer.into_iter().chain(smaller).filter(|simpler| simpler != part).collect()
}

fn without_publisher(sketch: &mut Sketch, gone: usize) {
    sketch.topology.publishers.remove(gone);
    for phase in &mut sketch.phases {
        phase.publish.retain(|share| share.publisher != gone);
        for share in &mut phase.publish {
            share.publisher = moved(share.publisher, gone);
        }
        phase.actions.retain_mut(|action| match &mut action.operation {
            Operation::PublishOne(publisher)
            | Operation::Fault(Fault { victim: Victim::Publisher(publisher), .. }) => {
                let stays = *publisher != gone;
                *publisher = moved(*publisher, gone);
                stays
            }
            _ => true,
        });
        for action in &mut phase.actions {
            action.trigger = match action.trigger {
                Trigger::AfterPublished(publisher, _) if publisher == gone => Trigger::End,
                Trigger::AfterPublished(publisher, events) => {
                    Trigger::AfterPublished(moved(publisher, gone), events)
                }
                other => other,
            };
        }
    }
}

fn without_subscriber(sketch: &mut Sketch, gone: usize) {
    sketch.topology.subscribers.remove(gone);
    for phase in &mut sketch.phases {
        phase.actions.retain_mut(|action| match &mut action.operation {
            Operation::Subscribe(whom)
            | Operation::Unsubscribe(whom)
            | Operation::DropReceiver(whom)
            | Operation::StopReading(whom)
            | Operation::ResumeReading(whom)
            | Operation::Fault(Fault { victim: Victim::Subscriber(whom), .. }) => {
                let stays = *whom != gone;
                *whom = moved(*whom, gone);
                stays
            }
            _ => true,
        });
        for action in &mut phase.actions {
            action.trigger = match action.trigger {
                Trigger::AfterReceived(whom, _) if whom == gone => Trigger::End,
                Trigger::AfterReceived(whom, events) => {
                    Trigger::AfterReceived(moved(whom, gone), events)
                }
                other => other,
            };
        }
    }
}

/// What undoes an operation, in the same phase.
fn undone_by(operation: &Operation) -> Option<Operation> {
    match *operation {
        Operation::StopReading(stopped) => Some(Operation::ResumeReading(stopped)),
        Operation::Fault(fault) => {
            Some(Operation::Fault(Fault { deed: fault.deed.undone_by()?, ..fault }))
        }
        _ => None,
    }
}

/// An index once another has gone.
fn moved(index: usize, gone: usize) -> usize {
    if index > gone { index - 1 } else { index }
}

#[cfg(test)]
mod tests {
    use super::super::generate::{generate, generate_faulty};
    use super::{BusSettings, Sketch, below, is_coherent, simpler};

    #[test]
    fn numbers_fall_by_halves_and_then_by_one() {
        assert_eq!(below(9, 1), [1, 5, 7, 8]);
        assert!(below(1, 1).is_empty());
    }

    #[test]
    fn every_step_is_a_coherent_case_of_its_own() {
        let plain = (0..5).map(|number| (number, generate(7, number)));
        let faulty = (5..100).map(|number| (number, generate_faulty(7, number)));
        let (wild, recoverable): (Vec<_>, Vec<_>) = faulty.partition(|(_, sketch)| sketch.wild);
        let struck = wild.into_iter().take(2).chain(recoverable.into_iter().take(2));
        for (number, sketch) in plain.chain(struck) {
            assert!(is_coherent(&sketch), "{number}");
            for step in simpler(&sketch) {
                assert_ne!(step, sketch);
                assert!(is_coherent(&step), "{number}: {step:?}");
                step.case(1).unwrap_or_else(|error| panic!("{number}: {error}\n{step:?}"));
            }
        }
    }

    #[test]
    fn settings_go_one_by_one_and_the_wild_may_be_tamed() {
        let mut sketch = generate_faulty(7, 0);
        sketch.topology.bus = BusSettings {
            central_capacity: Some(4),
            publish_limit_ms: Some(5_000),
            ..BusSettings::default()
        };
        let left = |steps: &[Sketch]| -> Vec<(Option<usize>, Option<u64>)> {
            let buses = steps.iter().map(|step| &step.topology.bus);
            let changed = buses.filter(|bus| **bus != sketch.topology.bus);
            changed.map(|bus| (bus.central_capacity, bus.publish_limit_ms)).collect()
        };
        let expected = [(None, None), (Some(4), None), (None, Some(5_000))];
        assert_eq!(left(&simpler(&sketch)), expected);
        let undone = |sketch: &Sketch| Sketch { wild: false, ..sketch.clone() };
        let mut wild = (0..100).map(|number| generate_faulty(7, number)).filter(|one| one.wild);
        let tame = wild.find(|one| undone(one).case(0).is_ok()).expect("some undo what lasts");
        assert!(simpler(&tame).contains(&undone(&tame)));
    }
}
