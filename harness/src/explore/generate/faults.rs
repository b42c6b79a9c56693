//! Random faults: a last phase in which everybody publishes at a rate and something befalls one or two
//! roles.
//!
//! What befalls whom leaves the case judgeable: whoever says when (the clock) is never held up
//! itself, the first subscriber keeps reading, and nobody is struck twice. Where safety alone is
//! judged, what lasts may be left to last, and something may befall the broker.

use proptest::prelude::{Strategy, any as anything};
use proptest::sample::Index;
use proptest::{collection, option, sample};

use crate::plan::{
    Action, Arrivals, Count, Deed, Direction, Fault, Operation, Phase, Publish, Rate, Trigger,
    Victim,
};

/// Events of each publisher, events per second: a tenth of a second, long enough for a signal to
/// take effect in the middle.
const EVENTS: u64 = 200;
const PER_SECOND: f64 = 2_000.0;
/// When the broker is struck, in events of the clock: after all else, since nothing is sure to be
/// reached once it is gone.
const BROKER_AFTER: u64 = EVENTS * 7 / 8;

/// What befalls somebody, whom is still free.
#[derive(Debug, Clone)]
pub(super) struct Faults {
    of_roles: Vec<(Deed, Index)>,
    wild: Option<Wild>,
}

/// What only a case in which safety alone is judged can bear.
#[derive(Debug, Clone)]
struct Wild {
    /// Whether what lasts of subscribers, or holds nobody up, is not undone.
    lets_last: bool,
    of_broker: Option<Deed>,
}

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
    let of_roles = collection::vec((deed, anything::<Index>()), 1..=2);
    (of_roles, option::weighted(0.4, wild())).prop_map(|(of_roles, wild)| Faults { of_roles, wild })
}

fn wild() -> impl Strategy<Value = Wild> {
    let of_broker = option::of(sample::select(vec![Deed::Kill, Deed::Kill, Deed::Vanish]));
    (anything::<bool>(), of_broker).prop_map(|(lets_last, of_broker)| Wild { lets_last, of_broker })
}

impl Faults {
    /// Whether safety alone is to be judged.
    pub(super) fn is_wild(&self) -> bool {
        self.wild.is_some()
    }

    /// The phase, for so many publishers, and these subscribers that may be struck.
    pub(super) fn told(self, publishers: usize, subscribers: &[usize]) -> Phase {
        // The last publisher is the clock.
        let clock = publishers - 1;
        let mut victims: Vec<Victim> = (0..clock).map(Victim::Publisher).collect();
        victims.extend(subscribers.iter().copied().map(Victim::Subscriber));
        let mut actions = Vec::new();
        let mut act = |deed: Deed, victim: Victim, events: u64| {
            actions.push(Action {
                trigger: Trigger::AfterPublished(clock, events),
                operation: Operation::Fault(Fault { deed, victim }),
                expect: "ok".to_owned(),
            });
        };
        let lets_last = self.wild.as_ref().is_some_and(|wild| wild.lets_last);
        for (deed, whom) in self.of_roles {
            if victims.is_empty() {
                break;
            }
            let victim = victims.swap_remove(whom.index(victims.len()));
            act(deed, victim, EVENTS / 4);
            if let Some(undo) = deed.undone_by()
                && !(lets_last && may_last(deed, victim))
            {
                act(undo, victim, EVENTS * 3 / 4);
            }
        }
        if let Some(deed) = self.wild.and_then(|wild| wild.of_broker) {
            act(deed, Victim::Broker, BROKER_AFTER);
        }
        let rate = Rate::PerSecond(PER_SECOND, Arrivals::Constant);
        let share = |publisher| Publish { publisher, count: Count::Events(EVENTS), rate };
        let publish = (0..publishers).map(share).collect();
        Phase { publish, actions, ..Phase::bare("faults") }
    }
}

/// Whether a phase ends although something lasts: a publisher that is held up never does its share.
fn may_last(deed: Deed, victim: Victim) -> bool {
    !deed.holds_up() || matches!(victim, Victim::Subscriber(_))
}
