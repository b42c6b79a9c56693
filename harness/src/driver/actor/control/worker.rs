//! What a member does when it is asked: tasks, its configuration, how it is.

use std::collections::BTreeMap;

use async_trait::async_trait;
use daemoneye_eventbus::rpc::{
    Asked, ConfigChanges, ConfigError, ConfigKeys, ConfigOutcome, ConfigStore, ConfigUpdate,
    HealthReport, InForce, Refusal, Request, Response, RpcHandler, Task, TaskResult,
};
use parking_lot::Mutex;

use super::fault::ControlFault;
use super::gate::Gate;
use super::notes::Notes;
use crate::record::Fact;

/// The action of a task that is about the member's configuration.
pub(super) const SHOW_CONFIG: &str = "show-config";
/// The action of every other task.
pub(super) const WORK: &str = "work";
/// The largest value of a key that is a number.
const MOST: u32 = 1000;

/// What a member is behind its service.
pub(super) struct Worker {
    name: String,
    notes: Notes,
    fault: Option<ControlFault>,
    pub(super) gate: Gate,
    /// Handlers run beside each other; never held across an await.
    config: Mutex<ConfigStore<Keys>>,
}

/// The keys of a member's configuration: numbers, one of which waits for a restart.
pub(super) struct Keys;

impl ConfigKeys for Keys {
    fn in_force(&self, key: &str) -> Option<InForce> {
        match key {
            "batch-size" | "depth" => Some(InForce::Hot),
            "threads" => Some(InForce::Restart),
            _ => None,
        }
    }

    fn check(&self, _key: &str, value: &str) -> Result<(), String> {
        match value.parse::<u32>() {
            Ok(1..=MOST) => Ok(()),
            _ => Err(format!("expected 1 to {MOST}")),
        }
    }
}

impl Worker {
    pub(super) fn new(name: &str, notes: Notes, fault: Option<ControlFault>) -> Self {
        let config = Mutex::new(ConfigStore::new(Keys, BTreeMap::new()));
        Self { name: name.to_owned(), notes, fault, gate: Gate::open(), config }
    }

    async fn execute(&self, task: Task, asked: &Asked) -> Response {
        let output = if task.action == SHOW_CONFIG {
            self.shown()
        } else {
            let asker = asked.by.to_string();
            if self.fault == Some(ControlFault::DoesTwice) {
                self.notes.note(Fact::Begun { task: task.id.clone(), asker: asker.clone() });
            }
            self.notes.note(Fact::Begun { task: task.id.clone(), asker });
            if let Some(askers) = self.gate.come() {
                self.notes.note(Fact::Together { askers });
            }
            self.gate.pass().await;
            format!("{}\n{}", asked.by, self.name)
        };
        Response::Task(TaskResult { task: task.id, outcome: Ok(output.into()) })
    }

    fn update(&self, update: ConfigUpdate) -> Result<ConfigOutcome, ConfigError> {
        let mut config = self.config.lock();
        match (self.fault, update) {
            (Some(ControlFault::ChangesOnValidation), ConfigUpdate::Validate(changes)) => {
                config.update(&ConfigUpdate::Apply(changes))
            }
            (Some(ControlFault::ChangesInPart), ConfigUpdate::Apply(changes)) => {
                let each = changes.changes.iter().map(|change| {
                    let changes = vec![change.clone()];
                    ConfigUpdate::Apply(ConfigChanges { base_version: None, changes })
                });
                each.for_each(|update| drop(config.update(&update)));
                config.update(&ConfigUpdate::Apply(changes))
            }
            (_, update) => config.update(&update),
        }
    }

    /// One line for each key that has a value.
    fn shown(&self) -> String {
        let config = self.config.lock();
        let line = |key: &&str| Some(format!("{key}={}", config.value(key)?));
        let lines: Vec<String> =
            ["batch-size", "depth", "threads"].iter().filter_map(line).collect();
        lines.join("\n")
    }
}

#[async_trait]
impl RpcHandler for Worker {
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::ExecuteTask(task) => Ok(self.execute(task, asked).await),
            Request::UpdateConfig(update) => Ok(Response::Config(self.update(update)?)),
            Request::HealthCheck => Ok(Response::Health(HealthReport::default())),
            other => Err(Refusal::unknown(other.operation())),
        }
    }
}
