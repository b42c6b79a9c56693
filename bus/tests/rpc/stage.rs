//! Brokers, handles and handlers for the tests of the control plane.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::rpc::{
    Asked, Refusal, Request, Response, RpcClient, RpcClientConfig, RpcHandler, RpcService,
    RpcServiceConfig, Task, TaskPriority, TaskResult,
};
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, Credential, DaemoneyeBroker, DaemoneyeEventBus, EventBus,
    SocketAddress,
};
use tempfile::TempDir;
use tokio::sync::Barrier;

/// Turns a hang into a failure.
pub(crate) const WATCHDOG: Duration = Duration::from_mins(1);
/// The member that answers.
pub(crate) const MEMBER: &str = "procmond";

/// A broker that handles reach directly or over its socket.
pub(crate) struct Stage {
    pub(crate) broker: DaemoneyeBroker,
    address: SocketAddress,
    _folder: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let address = SocketAddress::from_path(folder.path().join("bus.sock")).unwrap();
        let broker = DaemoneyeBroker::new(BrokerConfig::default());
        Self { broker, address, _folder: folder }
    }

    /// Lets other processes in; without it nothing leaves this one, and a clock may be paused.
    pub(crate) fn serve(&self) {
        self.broker.serve(Listener::bind(&self.address).unwrap()).unwrap();
    }

    pub(crate) fn here(&self, name: &str) -> Arc<dyn EventBus> {
        Arc::new(DaemoneyeEventBus::from_broker(&self.broker, name.to_owned()))
    }

    /// Over the socket: the member as the collector it is, everybody else as an agent.
    pub(crate) async fn connected(&self, name: &str) -> Arc<dyn EventBus> {
        let role = match name {
            MEMBER => Role::Collector(CollectorKind::Process),
            _ => Role::Agent,
        };
        let key = self.broker.issue_key(Principal::new(name, role).unwrap()).unwrap();
        let config = ClientConfig::new(name).with_credential(Credential::SessionKey(key));
        Arc::new(DaemoneyeEventBus::connect(&self.address, config).await.unwrap())
    }
}

pub(crate) fn address(name: &str) -> ReplyAddress {
    ReplyAddress::new(name.to_owned()).unwrap()
}

pub(crate) async fn client(bus: Arc<dyn EventBus>, name: &str) -> RpcClient {
    RpcClient::start(bus, RpcClientConfig::new(address(name))).await.unwrap()
}

pub(crate) async fn service(bus: Arc<dyn EventBus>, handler: impl RpcHandler) -> RpcService {
    let config = RpcServiceConfig::collector(MEMBER, CollectorKind::Process);
    let config = config.with_running_limit(1000);
    RpcService::start(bus, config, Arc::new(handler)).await.unwrap()
}

pub(crate) fn task(id: &str) -> Request {
    Request::ExecuteTask(Task {
        id: id.to_owned(),
        kind: CollectorKind::Process,
        priority: TaskPriority::Normal,
        deadline_monotonic_ns: None,
        action: "echo".to_owned(),
        arguments: Bytes::new(),
    })
}

/// Answers a task with the name of who asked, once as many are running as the barrier wants.
pub(crate) struct Echo {
    pub(crate) together: Barrier,
}

impl Echo {
    pub(crate) fn once_there_are(requests: usize) -> Self {
        Self { together: Barrier::new(requests) }
    }
}

#[async_trait]
impl RpcHandler for Echo {
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal> {
        let Request::ExecuteTask(task) = request else {
            return Err(Refusal::unknown(request.operation()));
        };
        self.together.wait().await;
        let outcome = Ok(asked.by.as_bytes().clone());
        Ok(Response::Task(TaskResult { task: task.id, outcome }))
    }
}
