//! A member: joins, shows life, does what it is asked.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::event::{ReplyAddress, SourceCaps};
use daemoneye_eventbus::rpc::{
    Call, Heart, Registration, Request, Response, RpcClient, RpcClientConfig, RpcService,
    RpcServiceConfig, Vitals,
};
use daemoneye_eventbus::{CollectionEvent, EventBus, EventSubscription, TriggerRequest};
use parking_lot::Mutex;

use super::CALL_LIMIT;
use super::fault::ControlFault;
use super::notes::{Notes, said};
use super::worker::Worker;
use crate::driver::actor::protocol::ControlOrder;
use crate::plan::control::{DESK, Health, Member as Spec, Overreach};
use crate::record::Fact;

/// Requests a member runs at once: more than any case has callers.
const RUNNING_LIMIT: usize = 2000;

/// A member, and what it holds of the bus.
pub(super) struct Member {
    name: String,
    kind: CollectorKind,
    task_limit: u32,
    bus: Arc<dyn EventBus>,
    notes: Notes,
    worker: Arc<Worker>,
    /// How it says it is; its heart reads it. Never held across an await.
    health: Arc<Mutex<Health>>,
    client: RpcClient,
    _service: RpcService,
    heart: Option<Heart>,
}

impl Member {
    pub(super) async fn open(
        spec: &Spec,
        bus: Arc<dyn EventBus>,
        notes: Notes,
        fault: Option<ControlFault>,
    ) -> Result<Self, String> {
        let kind = spec.role.kind().ok_or("a member that collects nothing")?;
        let worker = Arc::new(Worker::new(&spec.name, notes.clone(), fault));
        let config = RpcServiceConfig::collector(spec.name.clone(), kind);
        let config = config.with_running_limit(RUNNING_LIMIT);
        let service = RpcService::start(Arc::clone(&bus), config, worker.clone()).await;
        let client = client(Arc::clone(&bus), &spec.name).await?;
        Ok(Self {
            name: spec.name.clone(),
            kind,
            task_limit: spec.task_limit,
            bus,
            notes,
            worker,
            health: Arc::new(Mutex::new(Health::Healthy)),
            client,
            _service: service.map_err(|cause| cause.to_string())?,
            heart: None,
        })
    }

    pub(super) async fn obey(&mut self, order: ControlOrder) {
        match order {
            ControlOrder::Register => self.register().await,
            ControlOrder::Together { askers } => self.worker.gate.await_askers(askers),
            ControlOrder::Hold => self.worker.gate.hold(),
            ControlOrder::Release => self.worker.gate.release(),
            ControlOrder::Say(health) => *self.health.lock() = health,
            ControlOrder::Overstep { wanted, times } => {
                for _ in 0..times {
                    let refusal = self.overstep(&wanted).await;
                    self.notes.note(Fact::Overstepped { refusal });
                }
            }
            _ => {}
        }
    }

    /// Joins, and from then on shows life as often as it was told.
    async fn register(&mut self) {
        let registration = Registration {
            member: self.name.clone(),
            kind: self.kind,
            capabilities: SourceCaps::empty(),
            version: String::new(),
            task_limit: self.task_limit,
        };
        let call = Call::new(Request::Register(registration)).to(DESK).within(CALL_LIMIT);
        match self.client.call(call).await.map(|answer| answer.response) {
            Ok(Response::Registered(registered)) => self.beat(registered.heartbeat),
            other => eprintln!("{} was not let in: {other:?}", self.name),
        }
    }

    /// Asks for what it may not have; in which words it was refused, if it was.
    async fn overstep(&self, wanted: &Overreach) -> Option<String> {
        match wanted {
            Overreach::Publish(topic) => {
                let topic = topic.parse().expect("checked where the scenario was read");
                let event = CollectionEvent::TriggerRequest(TriggerRequest::default());
                let published = self.bus.publish_to(topic, event, None).await;
                published.err().map(|cause| cause.to_string())
            }
            Overreach::Subscribe(pattern) => {
                let wanted = EventSubscription::new(format!("{}.overstep", self.name));
                let subscribed = self.bus.subscribe(wanted.with_pattern(pattern)).await;
                subscribed.err().map(|cause| cause.to_string())
            }
        }
    }

    fn beat(&mut self, every: Duration) {
        let (notes, health) = (self.notes.clone(), Arc::clone(&self.health));
        let vitals = move || {
            let health = *health.lock();
            notes.note(Fact::Beat { health });
            Vitals { status: said(health), running_tasks: 0 }
        };
        self.heart = Some(Heart::start(Arc::clone(&self.bus), every, vitals));
    }
}

/// An asking side whose replies arrive under this name.
pub(super) async fn client(bus: Arc<dyn EventBus>, name: &str) -> Result<RpcClient, String> {
    let address = ReplyAddress::new(name.to_owned()).map_err(|cause| cause.to_string())?;
    let config = RpcClientConfig::new(address).with_pending_limit(RUNNING_LIMIT);
    RpcClient::start(bus, config).await.map_err(|cause| cause.to_string())
}
