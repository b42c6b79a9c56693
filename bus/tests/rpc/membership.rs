//! Members register, get tasks, show life and leave, all by request; nobody speaks for another (R2,
//! R3). The clock is paused.

use std::sync::Arc;

use bytes::Bytes;
use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::rpc::{
    Answer, Call, CallError, DEFAULT_HEARTBEAT, Dispatcher, DistributionConfig, HealthConfig,
    HealthMonitor, HealthReport, HealthStatus, Heart, Membership, Refusal, Registered,
    Registration, Request, Response, RpcClient, RpcService, RpcServiceConfig, Task, TaskPriority,
    Vitals,
};

use crate::stage::{Echo, MEMBER, Stage, client, service};
use HealthStatus::{Healthy, Unhealthy};

const AGENT: &str = "agent";

struct Agent {
    dispatcher: Arc<Dispatcher>,
    _service: RpcService,
}

async fn agent(stage: &Stage) -> Agent {
    let asking = Arc::new(client(stage.here(AGENT), AGENT).await);
    let config = HealthConfig::default();
    let monitor = HealthMonitor::start(stage.here(AGENT), AGENT, config).await.unwrap();
    let monitor = Arc::new(monitor);
    let config = DistributionConfig::default();
    let dispatcher = Arc::new(Dispatcher::start(asking, Arc::clone(&monitor), config));
    let membership = Membership::new(Arc::clone(&dispatcher), monitor, DEFAULT_HEARTBEAT);
    let config = RpcServiceConfig::agent(AGENT);
    let service = RpcService::start(stage.here(AGENT), config, Arc::new(membership)).await;
    Agent { dispatcher, _service: service.unwrap() }
}

fn register(member: &str) -> Call {
    Call::new(Request::Register(Registration {
        member: member.to_owned(),
        kind: CollectorKind::Process,
        capabilities: SourceCaps::PROCESS,
        version: "1".to_owned(),
        task_limit: 2,
    }))
    .to(AGENT)
}

fn task(id: &str) -> Task {
    Task {
        id: id.to_owned(),
        kind: CollectorKind::Process,
        priority: TaskPriority::Normal,
        deadline_monotonic_ns: None,
        action: "echo".to_owned(),
        arguments: Bytes::new(),
    }
}

async fn health(client: &RpcClient) -> HealthReport {
    let answer = client.call(Call::new(Request::HealthCheck).to(AGENT)).await.unwrap();
    let Response::Health(report) = answer.response else { panic!("{:?}", answer.response) };
    report
}

#[tokio::test(start_paused = true)]
async fn a_member_registers_works_falls_silent_and_leaves() {
    let stage = Stage::new();
    let agent = agent(&stage).await;
    let _working = service(stage.here(MEMBER), Echo::once_there_are(1)).await;
    let member = client(stage.here(MEMBER), MEMBER).await;

    let Answer { response, .. } = member.call(register(MEMBER)).await.unwrap();
    let registered = Registered { heartbeat: DEFAULT_HEARTBEAT };
    assert_eq!(response, Response::Registered(registered));
    let anew = member.call(register(MEMBER)).await.unwrap();
    assert_eq!(anew.response, response, "it may have been started again");

    let result = agent.dispatcher.execute(task("1")).await.unwrap();
    assert_eq!(result.outcome, Ok(Bytes::from_static(AGENT.as_bytes())));
    let heart = Heart::start(stage.here(MEMBER), DEFAULT_HEARTBEAT, Vitals::default);
    tokio::time::sleep(DEFAULT_HEARTBEAT * 10).await;
    assert_eq!(health(&member).await.overall(), Healthy);
    drop(heart);
    tokio::time::sleep(DEFAULT_HEARTBEAT * 4).await;
    let report = health(&member).await;
    assert_eq!((report.overall(), &*report.parts[0].name), (Unhealthy, MEMBER));
    assert_eq!(report.parts[0].reason.as_deref(), Some("it does not show life"));

    let leave = Request::Deregister { member: MEMBER.to_owned(), reason: String::new() };
    let left = member.call(Call::new(leave).to(AGENT)).await.unwrap();
    assert_eq!(left.response, Response::Done);
    assert!(health(&member).await.parts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_registers_or_leaves_for_another() {
    let stage = Stage::new();
    let _agent = agent(&stage).await;
    let member = client(stage.here(MEMBER), MEMBER).await;
    member.call(register(MEMBER)).await.unwrap();
    let other = client(stage.here("other"), "other").await;
    let leave = Request::Deregister { member: MEMBER.to_owned(), reason: String::new() };
    for call in [register(MEMBER), register("third"), Call::new(leave).to(AGENT)] {
        let refused = other.call(call).await.unwrap_err();
        assert!(matches!(refused, CallError::Refused(Refusal::InvalidBody { .. })), "{refused}");
    }
    assert_eq!(health(&other).await.parts.len(), 1, "the member is still one");
}
