//! Random faults: a last phase in which everybody publishes at a rate and something befalls one or two
//! roles.
//!
//! What befalls whom leaves the case judgeable: whoever says when (the clock) is never held up
//! itself, the first subscriber keeps reading, and nobody is struck twice.

use proptest::prelude::{Strategy, any as anything};
use proptest::sample::Index;
use proptest::{collection, sample};

use crate::plan::{
    Action, Arrivals, Count, Deed, Direction, Fault, Operation, Phase, Publish, Rate, Trigger,
    Victim,
};

/// Events of each publisher, events per second: a tenth of a second, long enough for a signal to
/// take effect in the middle.
const EVENTS: u64 = 200;
const PER_SECOND: f64 = 2_000.0;

/// What befalls somebody, whom is still free.
#[derive(Debug, Clone)]
pub(super) struct Faults(Vec<(Deed, Index)>);

pub(super) fn any() -> impl Strategy<Value = Faults> {
    let deed = sample::select(vec![
        Deed::Kill,
        Deed::Freeze,
        Deed::Delay(5),
        Deed::Split(1),
        Deed::Split(13),
        Deed::Stall,
        Deed::HalfClose(Direction::ToBroker),
        Deed::HalfClose(Direction::FromBroker),
        Deed::Reset,
    ]);
    collection::vec((deed, anything::<Index>()), 1..=2).prop_map(Faults)
}

impl Faults {
    /// The phase, for so many publishers, and these subscribers that may be struck.
    pub(super) fn told(self, publishers: usize, subscribers: &[usize]) -> Phase {
        // The last publisher is the clock.
        let clock = publishers - 1;
        let mut victims: Vec<Victim> = (0..clock).map(Victim::Publisher).collect();
        victims.extend(subscribers.iter().copied().map(Victim::Subscriber));
        let mut actions = Vec::new();
        for (deed, whom) in self.0 {
            if victims.is_empty() {
                break;
            }
            let victim = victims.swap_remove(whom.index(victims.len()));
            let mut act = |deed: Deed, events: u64| {
                actions.push(Action {
                    trigger: Trigger::AfterPublished(clock, events),
                    operation: Operation::Fault(Fault { deed, victim }),
                    expect: "ok".to_owned(),
                });
            };
            act(deed, EVENTS / 4);
            if let Some(undo) = deed.undone_by() {
                act(undo, EVENTS * 3 / 4);
            }
        }
        let rate = Rate::PerSecond(PER_SECOND, Arrivals::Constant);
        let share = |publisher| Publish { publisher, count: Count::Events(EVENTS), rate };
        let publish = (0..publishers).map(share).collect();
        Phase { publish, actions, ..Phase::bare("faults") }
    }
}
