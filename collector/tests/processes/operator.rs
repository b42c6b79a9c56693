//! An operator at a running agent: asks over its broker, as whoever can read the key file may.

use std::path::Path;
use std::sync::Arc;

use daemoneye_eventbus::event::{ControlMessage, ReplyAddress};
use daemoneye_eventbus::identity::{OPERATOR, read_key_file};
use daemoneye_eventbus::rpc::{
    Call, CallError, HealthPart, HealthReport, Request, Response, RpcClient, RpcClientConfig,
};
use daemoneye_eventbus::{
    ClientConfig, CollectionEvent, Credential, EventBus, EventBusClient, EventReceiver,
    EventSubscription, SocketAddress,
};
use tokio::runtime::Runtime;

use crate::agent::RunningAgent;

pub(crate) struct Operator {
    runtime: Runtime,
    bus: Arc<EventBusClient>,
    client: RpcClient,
}

impl Operator {
    pub(crate) fn at(agent: &RunningAgent) -> Self {
        let socket = agent.ready.socket_path.as_deref().expect("this bus has one");
        // A thread of its own: the broker's goodbye is answered whatever the test waits for.
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
        let (bus, client) = runtime.block_on(connect(socket));
        Self { runtime, bus, client }
    }

    pub(crate) fn ask(&self, member: &str, request: Request) -> Result<Response, CallError> {
        let call = Call::new(request).to(member.to_owned());
        self.runtime.block_on(self.client.call(call)).map(|answer| answer.response)
    }

    /// How a member says it is.
    pub(crate) fn health(&self, member: &str) -> HealthReport {
        match self.ask(member, Request::HealthCheck) {
            Ok(Response::Health(report)) => report,
            other => panic!("{other:?}"),
        }
    }

    /// Asks the agent how procmond is until it is like this; the agent's watchdog ends the wait.
    pub(crate) fn until_procmond(&self, is: impl Fn(&HealthPart) -> bool) -> HealthPart {
        loop {
            let report = self.health("daemoneye-agent");
            let part = report.parts.iter().find(|part| part.name == "procmond");
            if let Some(part) = part.filter(|part| is(part)) {
                return part.clone();
            }
        }
    }

    /// The control messages on a topic from now on.
    pub(crate) fn listen(&self, topic: &str) -> Listener<'_> {
        let wanted = EventSubscription::new(format!("operator.{topic}")).with_pattern(topic);
        let receiver = self.runtime.block_on(self.bus.subscribe(wanted)).expect("the agent's role");
        Listener { operator: self, receiver }
    }
}

pub(crate) struct Listener<'a> {
    operator: &'a Operator,
    receiver: EventReceiver,
}

impl Listener<'_> {
    /// The next message and who sent it; panics when the broker has ended.
    pub(crate) fn next(&mut self) -> (String, ControlMessage) {
        let event = self.operator.runtime.block_on(self.receiver.recv()).expect("a message");
        let CollectionEvent::Control(message) = &event.event else { panic!("{event:?}") };
        (event.id.publisher.to_string(), message.clone())
    }
}

async fn connect(socket: &Path) -> (Arc<EventBusClient>, RpcClient) {
    let address = SocketAddress::from_path(socket).expect("the agent has bound it");
    let key = read_key_file(&address.key_path()).expect("the agent has written it");
    let config = ClientConfig::new(OPERATOR).with_credential(Credential::SessionKey(key));
    let bus = EventBusClient::connect(&address, config).await.expect("the agent serves it");
    let bus = Arc::new(bus);
    let config = RpcClientConfig::new(ReplyAddress::new(OPERATOR).expect("a level"));
    let client = RpcClient::start(bus.clone(), config).await.expect("its own address");
    (bus, client)
}
