//! The desk: lets members in, watches over them, has tasks done, asks on its own behalf.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::rpc::{
    Aggregate, Answer, Call, ConfigChange, ConfigChanges, ConfigOutcome, ConfigUpdate, Dispatcher,
    DistributionConfig, MAX_DEADLINE, Refusal, Request, Response, RpcClient, RpcService,
    RpcServiceConfig, Strategy, gather,
};

use super::CALL_LIMIT;
use super::admission::Watching;
use super::callers::{task, told, work};
use super::fault::ControlFault;
use super::member::client;
use super::notes::Notes;
use super::watch::{hear_audits, hear_hearts, note_changes};
use super::worker::{SHOW_CONFIG, WORK};
use super::workflows::Workflows;
use crate::driver::actor::protocol::ControlOrder;
use crate::plan::control::{Change, Control, DESK, Strategy as Planned, Update, task_id};
use crate::record::{ConfigTold, Fact};

type Gathered = Aggregate<Result<Answer, Refusal>>;

/// The agent's end of the control plane.
pub(super) struct Desk {
    notes: Notes,
    members: BTreeSet<String>,
    client: Arc<RpcClient>,
    dispatcher: Arc<Dispatcher>,
    workflows: Workflows,
    fault: Option<ControlFault>,
    /// What was gathered first: kept by a fault alone.
    first: Option<Gathered>,
    _service: RpcService,
}

impl Desk {
    pub(super) async fn open(
        control: &Control,
        bus: Arc<dyn EventBus>,
        notes: Notes,
        fault: Option<ControlFault>,
    ) -> Result<Self, String> {
        let heartbeat = Duration::from_millis(control.heartbeat_ms);
        let client = Arc::new(client(Arc::clone(&bus), DESK).await?);
        let watching = Watching::start(&bus, &client, heartbeat, config(control), fault).await?;
        hear_hearts(&bus, notes.clone()).await?;
        if control.has_refusals() {
            hear_audits(&bus, notes.clone()).await?;
        }
        note_changes(&watching.monitor, notes.clone());
        let workflows = Workflows::follow(&bus, control.workflow_limit, fault).await?;
        let handler = watching.handler(heartbeat, fault);
        let service = RpcService::start(bus, RpcServiceConfig::agent(DESK), handler).await;
        let service = service.map_err(|cause| cause.to_string())?;
        let members = control.members.iter().map(|member| member.name.clone()).collect();
        let dispatcher = watching.dispatcher;
        Ok(Self {
            notes,
            members,
            client,
            dispatcher,
            workflows,
            fault,
            first: None,
            _service: service,
        })
    }

    pub(super) async fn obey(&mut self, order: ControlOrder) {
        match order {
            ControlOrder::Assign { first, tasks } => {
                (first..first + tasks).for_each(|number| self.assign(number));
            }
            ControlOrder::Configure { step, member, update } => {
                self.configure(step, &member, update).await;
            }
            ControlOrder::Gather { step, within_ms } => {
                self.gather(step, Duration::from_millis(within_ms)).await;
            }
            ControlOrder::TellWorkflows { step } => self.workflows.tell(step, &self.notes).await,
            _ => {}
        }
    }

    /// Has a task done, and notes what came of it whenever that is.
    fn assign(&self, number: u64) {
        let (dispatcher, notes, id) =
            (Arc::clone(&self.dispatcher), self.notes.clone(), task_id(number));
        notes.note(Fact::Assigned { task: id.clone() });
        tokio::spawn(async move {
            let executed = dispatcher.execute(task(&id, WORK)).await;
            let outcome = executed.map_err(|cause| cause.to_string()).and_then(|result| {
                let output = result.outcome?;
                let text = String::from_utf8_lossy(&output).into_owned();
                Ok(text.split_once('\n').map_or(text.clone(), |(_, member)| member.to_owned()))
            });
            notes.note(Fact::Ended { task: id, outcome });
        });
    }

    async fn configure(&self, step: usize, member: &str, update: Update) {
        let call = Call::new(Request::UpdateConfig(asked(update)));
        let answer = self.client.call(call.to(member.to_owned()).within(CALL_LIMIT)).await;
        let outcome = match answer.map(|answer| answer.response) {
            Ok(Response::Config(ConfigOutcome { version, hot_keys, restart_keys })) => {
                Ok(ConfigTold { version, hot: hot_keys, restart: restart_keys })
            }
            Ok(other) => Err(format!("answered {other:?}")),
            Err(cause) => Err(cause.to_string()),
        };
        self.notes.note(Fact::Configured { outcome });
        let call = Call::new(work(&format!("show/{step}"), SHOW_CONFIG));
        let answer = self.client.call(call.to(member.to_owned()).within(CALL_LIMIT)).await;
        if let Ok(Response::Task(result)) = answer.map(|answer| answer.response)
            && let Ok(output) = result.outcome
        {
            let text = String::from_utf8_lossy(&output);
            let pair = |line: &str| {
                line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
            };
            let values = text.lines().filter_map(pair).collect();
            self.notes.note(Fact::InForce { values });
        }
    }

    async fn gather(&mut self, step: usize, within: Duration) {
        let id = format!("gather/{step}");
        let asked_ns = monotonic_ns();
        let within = match self.fault {
            Some(ControlFault::WaitsForEverybody) => MAX_DEADLINE,
            Some(ControlFault::GivesUpEarly) => within / 4,
            _ => within,
        };
        let call = Call::new(work(&id, WORK)).within(within);
        let gathered = match gather(&self.client, &call, &self.members).await {
            Ok(gathered) => self.kept(gathered),
            Err(cause) => {
                eprintln!("nothing was gathered: {cause}");
                return;
            }
        };
        let results = gathered.results.into_iter().map(|(member, result)| {
            let answer = result.map_err(|refusal| refusal.to_string());
            (member, answer.and_then(|answer| told(Ok(answer))))
        });
        let (results, missing) = (results.collect(), gathered.missing);
        let asked = self.members.iter().cloned().collect();
        self.notes.note(Fact::Gathered { asked_ns, id, asked, results, missing });
    }
}

impl Desk {
    /// What was gathered; with a fault, what was gathered first.
    fn kept(&mut self, gathered: Gathered) -> Gathered {
        if self.fault != Some(ControlFault::KeepsOldAnswers) {
            return gathered;
        }
        self.first.get_or_insert(gathered).clone()
    }
}

/// A member that is lost without fault returns with its next heartbeat; no task is given up for it.
fn config(control: &Control) -> DistributionConfig {
    let strategy = match control.strategy {
        Planned::LeastLoaded => Strategy::LeastLoaded,
        Planned::RoundRobin => Strategy::RoundRobin,
        Planned::FirstAvailable => Strategy::FirstAvailable,
    };
    DistributionConfig { strategy, attempt_limit: u32::MAX, ..DistributionConfig::default() }
}

fn asked(update: Update) -> ConfigUpdate {
    match update {
        Update::Validate(change) => ConfigUpdate::Validate(changes(change)),
        Update::Apply(change) => ConfigUpdate::Apply(changes(change)),
        Update::Rollback { to } => ConfigUpdate::Rollback { to_version: to },
    }
}

fn changes(change: Change) -> ConfigChanges {
    let Change { base, set } = change;
    let changed = |(key, value)| ConfigChange { key, value: Some(value) };
    ConfigChanges { base_version: base, changes: set.into_iter().map(changed).collect() }
}
