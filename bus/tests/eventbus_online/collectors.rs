//! The collectors in `eventbus top`: what an agent tells, and what stands there when none does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::rpc::{
    AgentStatus, Asked, CpuUse, HealthStatus, LastTelemetry, MemberState, MemberStatus, Refusal,
    Request, Resources, Response, RpcHandler, RpcService, RpcServiceConfig, Telemetry,
};
use daemoneye_eventbus::{ClientConfig, Credential, DaemoneyeEventBus, SocketAddress};

use crate::fixture::Served;
use crate::identity::with_key;

const AGENT: &str = "daemoneye-agent";
const LOOK: [&str; 4] = ["top", "--once", "--interval", "20ms"];

/// An agent that answers one question, and always the same.
struct Scripted(Result<AgentStatus, Refusal>);

#[async_trait]
impl RpcHandler for Scripted {
    async fn handle(&self, request: Request, _asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::GetStatus => self.0.clone().map(Response::Status),
            other => Err(Refusal::unknown(other.operation())),
        }
    }
}

async fn agent(served: &Served, answer: Result<AgentStatus, Refusal>) -> RpcService {
    let bus = Arc::new(DaemoneyeEventBus::from_broker(&served.broker, AGENT));
    let handler = Arc::new(Scripted(answer));
    RpcService::start(bus, RpcServiceConfig::agent(AGENT), handler).await.unwrap()
}

/// The connection of a collector that publishes nothing.
async fn procmond(served: &Served) -> DaemoneyeEventBus {
    let collector = Principal::new("procmond", Role::Collector(CollectorKind::Process)).unwrap();
    let key = served.broker.issue_key(collector).unwrap();
    let config = ClientConfig::new("procmond").with_credential(Credential::SessionKey(key));
    let address = SocketAddress::from_path(served.socket()).unwrap();
    DaemoneyeEventBus::connect(&address, config).await.unwrap()
}

/// One collector that is degraded.
fn status() -> AgentStatus {
    let cpu = CpuUse { used: Duration::from_secs(15), over: Duration::from_secs(30) };
    let resources =
        Resources { cpu: Some(cpu), memory_bytes: Some(12 << 20), ..Resources::default() };
    let telemetry = Telemetry { sequence: 3, resources, ..Telemetry::default() };
    let member = MemberStatus {
        name: "procmond".to_owned(),
        state: MemberState::Running,
        pid: Some(4711),
        restarts: 1,
        health: HealthStatus::Degraded,
        reason: Some("memory: much".to_owned()),
        telemetry: Some(LastTelemetry { telemetry, age: Duration::from_secs(4) }),
    };
    AgentStatus {
        bus_type: "daemoneye".to_owned(),
        pid: 42,
        uptime: Duration::from_secs(95),
        members: vec![member],
    }
}

fn printed(served: &Served, arguments: &[&str]) -> String {
    let output = served.eventbus(arguments).code(0).get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

// The agent answers on a thread of the runtime while this one waits for the tool.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_operator_sees_the_collectors_as_the_agent_tells_them() {
    let (served, _) = with_key();
    let _procmond = procmond(&served).await;
    let _agent = agent(&served, Ok(status())).await;
    let text = printed(&served, &LOOK);
    assert_eq!(text.lines().nth(1), Some("agent: process 42, up 95 s"), "{text}");
    let row = text.lines().find(|line| line.starts_with("procmond")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    let expected = "procmond running 4711 1 degraded 0.0 50.0 % 12.0 MiB 4 s memory: much";
    assert_eq!(cells.join(" "), expected, "{text}");
    assert!(text.contains("\n\nCONNECTION") && text.contains("\nSUBSCRIPTION"), "{text}");

    let json = printed(&served, &["top", "--once", "--interval", "20ms", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let collector = &json["agent"]["collectors"][0];
    assert_eq!(collector["name"], "procmond");
    assert_eq!(collector["published_per_second"], 0.0, "its connection is known: {json}");
    assert_eq!(collector["telemetry"]["cpu_percent"], 50.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_asked_of_the_agent_is_no_part_of_the_rates() {
    let served = Served::new();
    let _agent = agent(&served, Ok(status())).await;
    let mut top = served.spawn(&["top", "--json", "--interval", "20ms"]);
    for _ in 0..3 {
        let look = top.json();
        assert_eq!(look["agent"]["pid"], 42, "{look}");
        assert_eq!(look["published_per_second"], 0.0, "{look}");
    }
    assert!(served.broker.statistics().events_published >= 6, "three questions and answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_agent_that_does_not_tell_leaves_the_rest_and_its_reason() {
    let served = Served::new();
    let _agent = agent(&served, Err(Refusal::failed("not today"))).await;
    let text = printed(&served, &LOOK);
    let told = "collectors not shown: the agent does not tell: failed: not today";
    assert_eq!(text.lines().nth(1), Some(told), "{text}");
    assert!(text.contains("\n\nCONNECTION") && text.contains("rpc.service.daemoneye-agent"));
}

#[test]
fn where_there_is_no_agent_that_is_told_and_nobody_is_asked() {
    let served = Served::new();
    let text = printed(&served, &LOOK);
    let told = "collectors not shown: nobody on this bus answers as the agent";
    assert_eq!(text.lines().nth(1), Some(told), "{text}");
    assert_eq!(served.broker.statistics().events_published, 0);
}
