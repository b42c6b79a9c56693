//! A case of chaos: one collector whose sources do what the case says, well or badly.
//!
//! Sources are scripted to the last event, so that what a collector counts is held against what was
//! sent, and not against itself.

use daemoneye_eventbus::{CollectionEvent, EventHeader, NetworkEvent, ProcessEvent};
use serde::{Deserialize, Serialize};

use super::control::Health;

/// Name of the collector on the bus.
pub const COLLECTOR: &str = "chaos";

/// Everything a case of chaos has and others do not; empty for all others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Chaos {
    /// The limits the collector runs within.
    pub collector: CollectorSpec,
    /// Its sources, in the order they register.
    pub sources: Vec<SourceSpec>,
}

/// Limits of a collector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorSpec {
    /// Events of a batch, at most.
    pub batch_events: usize,
    /// Longest time the first event of a batch waits for others, milliseconds.
    pub batch_timeout_ms: u64,
    /// Events that sources may have waiting, all together.
    pub buffer_events: usize,
    /// Events taken from sources and not yet through to the bus at which sources are held back.
    pub threshold_events: usize,
    /// Time for a stop, milliseconds.
    pub shutdown_timeout_ms: u64,
}

/// One source, which declares that it tells of processes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceSpec {
    /// Its name, and the `source` of its events.
    pub name: String,
    /// Events it sends of what it declares.
    pub events: u64,
    /// Events a second, both sorts together; `None` for as fast as they are taken.
    pub rate_per_s: Option<f64>,
    /// Events it sends besides, of a kind it does not declare; spread evenly among the others, of
    /// which one is the last of all: when that has arrived, everything was sent.
    pub undeclared: u64,
    /// What it does once all are sent.
    pub then: Then,
}

/// What a source does once it has sent everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// It waits until it is asked to end, and does.
    #[default]
    Waits,
    /// It ends at once, and well.
    Ends,
    /// It ends with an error.
    Fails,
    /// It panics.
    Panics,
    /// It does not end, whoever asks; nor does it answer that.
    Hangs,
}

impl Chaos {
    /// Events that have to arrive.
    pub fn delivers(&self) -> u64 {
        self.sources.iter().map(|source| source.events).sum()
    }
}

impl SourceSpec {
    /// Everything it sends; its events are numbered from 1 to this.
    pub fn sends(&self) -> u64 {
        self.events + self.undeclared
    }

    /// Whether it sends an event of this number, and declares its kind.
    pub fn declares(&self, number: u64) -> bool {
        let all = self.sends();
        let undeclared_up_to = |number: u64| (number * self.undeclared).div_ceil(all);
        (1..=all).contains(&number) && undeclared_up_to(number) == undeclared_up_to(number - 1)
    }

    /// The event of this number, but for when it is sent.
    pub fn event(&self, number: u64) -> CollectionEvent {
        let header = EventHeader {
            source: self.name.as_str().into(),
            source_sequence: number,
            ..EventHeader::default()
        };
        let pid = u32::try_from(number).unwrap_or(u32::MAX);
        if self.declares(number) {
            let (name, accessible) = (header.source.clone(), true);
            let event = ProcessEvent { header, pid, name, accessible, ..ProcessEvent::default() };
            return CollectionEvent::Process(event);
        }
        let event = NetworkEvent { header, pid: Some(pid), ..NetworkEvent::default() };
        CollectionEvent::Network(event)
    }

    /// What it says when it fails or panics.
    pub fn last_words(&self) -> String {
        format!("{} was made to", self.name)
    }

    /// How its collector must say it is once everything was sent, before anybody asks it to end.
    pub fn health(&self) -> Health {
        match self.then {
            Then::Fails | Then::Panics => Health::Unhealthy,
            Then::Ends => Health::Degraded,
            _ if self.undeclared > 0 => Health::Degraded,
            Then::Waits | Then::Hangs => Health::Healthy,
        }
    }
}

impl Then {
    /// Every one, the good ones first.
    pub const ALL: [Self; 5] = [Self::Waits, Self::Ends, Self::Fails, Self::Panics, Self::Hangs];

    /// As scenarios write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Ends => "ends",
            Self::Fails => "fails",
            Self::Panics => "panics",
            Self::Hangs => "hangs",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source(events: u64, undeclared: u64) -> SourceSpec {
        let (name, then) = ("s".to_owned(), Then::Waits);
        SourceSpec { name, events, rate_per_s: None, undeclared, then }
    }

    #[test]
    fn undeclared_events_are_spread_among_the_others() {
        let declared: Vec<bool> = (1..=6).map(|number| source(4, 2).declares(number)).collect();
        assert_eq!(declared, [false, true, true, false, true, true]);
    }

    #[test]
    fn a_number_it_never_sends_is_not_declared() {
        assert!(!source(4, 2).declares(0));
        assert!(!source(4, 2).declares(7));
        assert!(!source(0, 0).declares(1));
    }

    #[test]
    fn an_event_is_of_the_kind_it_is_declared_as() {
        let spec = source(1, 1);
        assert!(matches!(spec.event(1), CollectionEvent::Network(_)));
        assert!(matches!(spec.event(2), CollectionEvent::Process(_)));
        assert_eq!(spec.event(2).header().source_sequence, 2);
    }

    proptest! {
        #[test]
        fn it_declares_as_many_as_it_says_and_the_last(
            events in 0_u64..200,
            undeclared in 0_u64..200,
        ) {
            let spec = source(events, undeclared);
            let declared = (1..=spec.sends()).filter(|number| spec.declares(*number)).count();
            prop_assert_eq!(declared as u64, events);
            prop_assert_eq!(spec.declares(spec.sends()), events > 0);
        }
    }
}
