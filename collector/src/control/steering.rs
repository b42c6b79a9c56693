//! [`Steering`]: a collector is changed while it runs, in its configuration and in whether it
//! collects at all.
//!
//! What is changed so lasts as long as the collector: files are not written, and one that is
//! started again begins with the settings of its agent, at version 1.

use std::fmt;

use daemoneye_eventbus::rpc::{
    ConfigChange, ConfigChanges, ConfigKeys, ConfigOutcome, ConfigStore, ConfigUpdate,
    ConfigValues, HealthPart, InForce, Refusal, Request, Response,
};
use parking_lot::Mutex;
use tokio::sync::watch;
use tracing::info;

use super::pauses::{self, Pauses};
use crate::config::{CollectorName, ConfigError, LiveSection, Settings};

/// A source that is changed while it runs.
pub trait LiveSource: fmt::Debug + Send + Sync + 'static {
    /// Looks as its section of these settings says from its next look on. Live keys alone have
    /// changed.
    fn configure(&self, settings: &Settings);

    /// Ceases to look, or goes on; what it has seen and not sent is kept.
    fn set_paused(&self, is_paused: bool);

    /// Whether it has been told to cease.
    fn is_paused(&self) -> bool;
}

/// Changes one collector while it runs.
#[derive(Debug)]
pub struct Steering {
    source: Box<dyn LiveSource>,
    /// Tells whoever tells others.
    is_paused: watch::Sender<bool>,
    collector: CollectorName,
    section: LiveSection,
    /// What was changed, in versions. Held until the source is told, so that it is told them in
    /// their order; never across an await.
    store: Mutex<ConfigStore<LiveKeys>>,
}

/// What a store has to know: the section has checked the rest, all values together.
#[derive(Debug)]
struct LiveKeys(CollectorName);

impl ConfigKeys for LiveKeys {
    fn in_force(&self, key: &str) -> Option<InForce> {
        self.0.live_keys().contains(&key).then_some(InForce::Hot)
    }

    fn check(&self, _key: &str, _value: &str) -> Result<(), String> {
        Ok(())
    }
}

/// What an asker is told of a change that cannot be, in the words of a file's mistakes.
impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        Self::InvalidBody { reason: error.to_string() }
    }
}

impl Steering {
    /// Of a collector that was started with these settings.
    pub fn new(
        collector: CollectorName,
        started_with: &Settings,
        source: Box<dyn LiveSource>,
    ) -> Self {
        let section = LiveSection::new(collector, started_with);
        let store = ConfigStore::new(LiveKeys(collector), ConfigValues::new());
        let is_paused = watch::Sender::new(source.is_paused());
        Self { source, is_paused, collector, section, store: Mutex::new(store) }
    }

    /// Does what is asked, wholly or not at all.
    pub(super) fn handle(&self, request: &Request) -> Result<Response, Refusal> {
        match request {
            Request::UpdateConfig(update) => Ok(Response::Config(self.update(update)?)),
            Request::Pause => Ok(self.set_paused(true)),
            Request::Resume => Ok(self.set_paused(false)),
            other => Err(Refusal::unknown(other.operation())),
        }
    }

    /// That it does not collect, for as long as it does not.
    pub(super) fn pause(&self) -> Option<HealthPart> {
        pauses::part(self.source.is_paused())
    }

    /// Its pauses from now on.
    pub(super) fn pauses(&self) -> Pauses {
        Pauses::of(&self.is_paused)
    }

    fn set_paused(&self, is_paused: bool) -> Response {
        self.source.set_paused(is_paused);
        self.is_paused.send_if_modified(|was| std::mem::replace(was, is_paused) != is_paused);
        info!(collector = %self.collector, is_paused, "asked to pause or to go on");
        Response::Done
    }

    fn update(&self, update: &ConfigUpdate) -> Result<ConfigOutcome, Refusal> {
        let mut store = self.store.lock();
        if let ConfigUpdate::Validate(changes) | ConfigUpdate::Apply(changes) = update {
            self.check(&store, changes)?;
        }
        let before = store.version();
        let outcome = store.update(update)?;
        if outcome.version != before {
            self.source.configure(&self.settings(&self.values(&store))?);
            let (version, keys) = (outcome.version, &outcome.hot_keys);
            info!(collector = %self.collector, version, ?keys, "configured anew");
        }
        Ok(outcome)
    }

    /// Why these changes cannot be: each by itself, then all of them with what is there.
    fn check(
        &self,
        store: &ConfigStore<LiveKeys>,
        changes: &ConfigChanges,
    ) -> Result<(), ConfigError> {
        let mut values = self.values(store);
        for ConfigChange { key, value } in &changes.changes {
            self.section.check(key, value.as_deref())?;
            match value {
                Some(value) => values.insert(key.clone(), value.clone()),
                None => values.remove(key),
            };
        }
        self.settings(&values).map(drop)
    }

    /// What is changed now.
    fn values(&self, store: &ConfigStore<LiveKeys>) -> ConfigValues {
        let keys = self.collector.live_keys().iter().copied();
        keys.filter_map(|key| Some((key.to_owned(), store.value(key)?.to_owned()))).collect()
    }

    fn settings(&self, values: &ConfigValues) -> Result<Settings, ConfigError> {
        self.section.with(values.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }
}

#[cfg(test)]
mod tests;
