//! All triggers: each event is put to each, and those that fire are given out by priority.

use std::collections::BTreeSet;

use daemoneye_eventbus::{BusEvent, ByteString, EventKind};

use super::armed::Armed;
use super::definition::Trigger;
use super::error::RegisterError;
use super::moment::Moment;
use super::request::{Fired, Signature};
use super::statistics::TriggerStatistics;
use crate::condition::Condition;
use crate::config::{MAX_TRIGGERS, TriggerConfig};

/// Decides which events make a collector look closer.
///
/// Told the events and the time, it waits for nothing and reads no clock: the same events at the
/// same times make the same requests.
///
/// ```
/// use collector_core::trigger::{Moment, Trigger, TriggerCondition, TriggerManager};
/// use daemoneye_eventbus::{
///     BusEvent, CollectionEvent, CorrelationMetadata, EventId, ProcessEvent,
/// };
///
/// let condition = TriggerCondition::new("SELECT * WHERE name = 'x' AND cpu_usage > 50");
/// let mut manager = TriggerManager::new("agent");
/// manager.register(Trigger::new("busy-x", condition, "procmond", "binary_hash"))?;
///
/// let process = ProcessEvent {
///     pid: 7,
///     name: "x".into(),
///     cpu_percent: Some(80.0),
///     ..ProcessEvent::default()
/// };
/// let id = EventId { publisher: "procmond".into(), incarnation: 1, sequence: 1 };
/// let event = BusEvent {
///     topic: "events.process.metadata".parse()?,
///     published_monotonic_ns: 0,
///     correlation: CorrelationMetadata::derived(&id),
///     id,
///     event: CollectionEvent::Process(process),
/// };
/// let fired = manager.observe(&event, Moment::now());
/// assert_eq!(fired[0].request.target_pid, Some(7));
/// assert_eq!(fired[0].correlation.root, event.correlation.root);
///
/// // The same subject within the window.
/// assert!(manager.observe(&event, Moment::now()).is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TriggerManager {
    /// Who signs the requests.
    source: ByteString,
    /// Requests made so far.
    requests: u64,
    /// The highest priority first, and of equals the first registered.
    triggers: Vec<Armed>,
}

impl TriggerManager {
    /// A manager without triggers, whose requests are signed by this source.
    pub fn new(source: impl Into<ByteString>) -> Self {
        Self { source: source.into(), requests: 0, triggers: Vec::new() }
    }

    /// A manager with the triggers of a configuration.
    pub fn from_config(
        source: impl Into<ByteString>,
        triggers: &[TriggerConfig],
    ) -> Result<Self, RegisterError> {
        let mut manager = Self::new(source);
        for trigger in triggers {
            manager.register(Trigger::from(trigger))?;
        }
        Ok(manager)
    }

    /// Adds a trigger.
    pub fn register(&mut self, trigger: Trigger) -> Result<(), RegisterError> {
        if self.armed(&trigger.name).is_some() {
            return Err(RegisterError::DuplicateName { name: trigger.name });
        }
        if self.triggers.len() >= MAX_TRIGGERS {
            return Err(RegisterError::LimitReached);
        }
        let condition = match Condition::parse(&trigger.condition.sql_condition) {
            Ok(condition) => condition,
            Err(error) => {
                let (name, error) = (trigger.name, Box::new(error));
                return Err(RegisterError::Condition { name, error });
            }
        };
        let armed = Armed::new(&trigger, condition);
        let priority = armed.purpose.priority;
        let place = self.triggers.partition_point(|other| other.purpose.priority >= priority);
        self.triggers.insert(place, armed);
        Ok(())
    }

    /// Puts an event to every trigger; the requests of those that fire, the most urgent first.
    pub fn observe(&mut self, event: &BusEvent, now: Moment) -> Vec<Fired> {
        let mut fired = Vec::new();
        for armed in &mut self.triggers {
            let Some(subject) = armed.decide(event, now) else { continue };
            self.requests += 1;
            let (source, sequence) = (self.source.clone(), self.requests);
            fired.push(armed.fire(event, subject, Signature { source, sequence, now }));
        }
        fired
    }

    /// Makes room for another request, as this one is done; whether it was pending.
    pub fn done(&mut self, trigger_id: &str) -> bool {
        self.triggers.iter_mut().any(|armed| armed.done(trigger_id))
    }

    /// Takes a request back that could not be published: the next event for which the condition
    /// holds asks again.
    pub fn withdraw(&mut self, fired: &Fired) {
        let mut triggers = self.triggers.iter_mut();
        if let Some(armed) = triggers.find(|armed| armed.purpose.trigger == fired.trigger) {
            armed.withdraw(fired);
        }
    }

    /// The kinds of event the conditions are about.
    pub fn kinds(&self) -> BTreeSet<EventKind> {
        self.triggers.iter().flat_map(|armed| armed.condition.kinds()).collect()
    }

    /// Patterns of the topics to subscribe to: everything observed of those kinds.
    pub fn patterns(&self) -> Vec<String> {
        self.kinds().into_iter().map(|kind| format!("events.{}.#", kind.as_str())).collect()
    }

    /// What was counted, of all triggers together.
    pub fn statistics(&self) -> TriggerStatistics {
        self.triggers.iter().map(|armed| armed.statistics).sum()
    }

    /// What was counted of one trigger.
    pub fn statistics_of(&self, name: &str) -> Option<TriggerStatistics> {
        self.armed(name).map(|armed| armed.statistics)
    }

    fn armed(&self, name: &str) -> Option<&Armed> {
        self.triggers.iter().find(|armed| *armed.purpose.trigger == *name)
    }
}
