//! Members that do not read hold up nobody else (C11, R2): what they are asked is lost for them
//! alone. Their runtimes are never driven, the others' clock is paused.

use std::sync::Arc;

use async_trait::async_trait;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::event::ControlSubject;
use daemoneye_eventbus::rpc::{
    Asked, Call, HealthConfig, HealthMonitor, Refusal, Request, Response, RpcHandler, RpcService,
    RpcServiceConfig,
};
use daemoneye_eventbus::{CollectionEvent, ControlMessage};
use tokio::runtime::Runtime;

use crate::stage::{MEMBER, Stage, client};

/// Messages, more than wait for any member.
const MORE_THAN_WAIT: usize = 2000;

struct Obliging;

#[async_trait]
impl RpcHandler for Obliging {
    async fn handle(&self, _request: Request, _asked: &Asked) -> Result<Response, Refusal> {
        Ok(Response::Done)
    }
}

/// Something on a runtime that is driven no further.
struct Frozen<T> {
    runtime: Option<Runtime>,
    _started: T,
}

impl<T: Send + 'static> Frozen<T> {
    fn start(it: impl Future<Output = T> + Send + 'static) -> Self {
        let start = || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            let started = runtime.block_on(it);
            Self { runtime: Some(runtime), _started: started }
        };
        // A thread of its own, which waits for nothing here: one runtime cannot start another.
        std::thread::spawn(start).join().unwrap()
    }
}

impl<T> Drop for Frozen<T> {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_does_not_read_holds_up_no_request_to_others() {
    let stage = Stage::new();
    let bus = stage.here(MEMBER);
    let config = RpcServiceConfig::collector(MEMBER, CollectorKind::Process);
    let silent = RpcService::start(bus, config, Arc::new(Obliging));
    let _silent = Frozen::start(async { silent.await.unwrap() });
    let config = RpcServiceConfig::agent("agent");
    let service = RpcService::start(stage.here("agent"), config, Arc::new(Obliging)).await;
    let _service = service.unwrap();
    let asking = client(stage.here("operator"), "operator").await;
    for _ in 0..MORE_THAN_WAIT {
        let call = Call::new(Request::HealthCheck).to("agent");
        assert_eq!(asking.call(call).await.unwrap().response, Response::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn a_monitor_that_does_not_read_holds_up_no_heartbeat() {
    let stage = Stage::new();
    let watching = HealthMonitor::start(stage.here("agent"), "agent", HealthConfig::default());
    let _monitor = Frozen::start(async { watching.await.unwrap() });
    let bus = stage.here(MEMBER);
    for _ in 0..MORE_THAN_WAIT {
        let message = ControlMessage {
            subject: ControlSubject::Heartbeat,
            operation: "heartbeat".into(),
            ..ControlMessage::default()
        };
        bus.publish(CollectionEvent::Control(message), None).await.unwrap();
    }
}
