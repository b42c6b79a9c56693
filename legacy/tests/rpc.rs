//! The control plane needs a bus and nothing more: on those inside a process, too, every caller gets
//! its own reply (W9).

use std::sync::Arc;

use async_trait::async_trait;
use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::rpc::{
    Asked, Call, HealthPart, HealthReport, HealthStatus, Refusal, Request, Response, RpcClient,
    RpcClientConfig, RpcHandler, RpcService, RpcServiceConfig,
};
use legacy_buses::broadcast::{BroadcastConfig, BroadcastEventBus};
use legacy_buses::crossbeam::{CrossbeamConfig, LocalEventBus};
use legacy_buses::sharing::{SharingConfig, SharingEventBus};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Callers at once.
const CALLERS: usize = 100;

/// Repeats who leaves, once everybody is about to.
struct Farewell(Barrier);

#[async_trait]
impl RpcHandler for Farewell {
    async fn handle(&self, request: Request, _asked: &Asked) -> Result<Response, Refusal> {
        let Request::Deregister { member, .. } = request else {
            return Err(Refusal::unknown(request.operation()));
        };
        self.0.wait().await;
        let parts = vec![HealthPart { name: member, status: HealthStatus::Healthy, reason: None }];
        Ok(Response::Health(HealthReport { parts }))
    }
}

#[tokio::test]
async fn a_hundred_callers_on_the_crossbeam_bus_get_their_own_replies() {
    call(Arc::new(LocalEventBus::new(&CrossbeamConfig::default()).unwrap())).await;
}

#[tokio::test]
async fn a_hundred_callers_on_the_broadcast_bus_get_their_own_replies() {
    call(Arc::new(BroadcastEventBus::new(&BroadcastConfig::default()).unwrap())).await;
}

#[tokio::test]
async fn a_hundred_callers_on_the_sharing_bus_get_their_own_replies() {
    call(Arc::new(SharingEventBus::new(&SharingConfig::default()).unwrap())).await;
}

/// All of them at once, each with a name of its own that it must get back.
async fn call(bus: Arc<dyn EventBus>) {
    let config = RpcServiceConfig::agent("agent").with_running_limit(CALLERS);
    let handler = Arc::new(Farewell(Barrier::new(CALLERS)));
    let service = RpcService::start(Arc::clone(&bus), config, handler).await;
    let _service = service.expect("the service starts");
    let mut callers = JoinSet::new();
    for index in 0..CALLERS {
        let bus = Arc::clone(&bus);
        callers.spawn(async move {
            let name = format!("caller-{index}");
            let address = ReplyAddress::new(name.clone()).expect("an address");
            let client = RpcClient::start(bus, RpcClientConfig::new(address)).await;
            let client = client.expect("the client starts");
            let request = Request::Deregister { member: name.clone(), reason: String::new() };
            let answer = client.call(Call::new(request)).await.expect("an answer");
            let Response::Health(report) = answer.response else { panic!("a report") };
            assert_eq!(report.parts[0].name, name);
            assert_eq!((client.pending(), client.unexpected()), (0, 0), "{name}");
        });
    }
    assert_eq!(callers.join_all().await.len(), CALLERS);
}
