//! Tasks and gatherings over topics: done by who can, moved when a member is lost, answered in part
//! when somebody is silent (R3, R4).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::rpc::{
    AdmitError, Asked, Call, CorrelationTracker, DEFAULT_HEARTBEAT, Dispatcher, DistributionConfig,
    ExecuteError, HealthConfig, HealthMonitor, HealthReport, Heart, JoinError, Refusal, Request,
    Response, RpcClient, RpcHandler, RpcService, RpcServiceConfig, SubmitError, Task, TaskPriority,
    TaskResult, Vitals, gather,
};
use daemoneye_eventbus::{CorrelationMetadata, EventBus, EventSubscription};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::stage::{Stage, WATCHDOG, client};
use CollectorKind::{Network, Process};

/// Long enough for a member to be missed.
const PATIENCE_NS: u64 = 600_000_000_000;

/// Does tasks with its own name as result; unless it is stuck, then nothing at all.
struct Worker {
    name: &'static str,
    is_stuck: bool,
}

#[async_trait]
impl RpcHandler for Worker {
    async fn handle(&self, request: Request, _asked: &Asked) -> Result<Response, Refusal> {
        if self.is_stuck {
            return std::future::pending().await;
        }
        match request {
            Request::ExecuteTask(task) if task.action == "fail" => Err(Refusal::failed("so it is")),
            Request::ExecuteTask(task) => {
                let outcome = Ok(Bytes::from_static(self.name.as_bytes()));
                Ok(Response::Task(TaskResult { task: task.id, outcome }))
            }
            Request::HealthCheck => Ok(Response::Health(HealthReport::default())),
            other => Err(Refusal::unknown(other.operation())),
        }
    }
}

struct Member {
    _service: RpcService,
    heart: Option<Heart>,
}

async fn member(stage: &Stage, name: &'static str, is_stuck: bool) -> Member {
    member_on(stage.here(name), name, is_stuck, DEFAULT_HEARTBEAT).await
}

async fn member_on(
    bus: Arc<dyn EventBus>,
    name: &'static str,
    is_stuck: bool,
    heartbeat: Duration,
) -> Member {
    let config = RpcServiceConfig::collector(name, Process);
    let handler = Arc::new(Worker { name, is_stuck });
    let service = RpcService::start(Arc::clone(&bus), config, handler).await.unwrap();
    let heart = Heart::start(bus, heartbeat, Vitals::default);
    Member { _service: service, heart: Some(heart) }
}

async fn dispatcher(stage: &Stage, members: &[&str]) -> Dispatcher {
    let (health, distribution) = (HealthConfig::default(), DistributionConfig::default());
    dispatcher_of(stage, members, health, distribution).await
}

async fn dispatcher_of(
    stage: &Stage,
    members: &[&str],
    health: HealthConfig,
    distribution: DistributionConfig,
) -> Dispatcher {
    let client = Arc::new(client(stage.here("agent"), "agent").await);
    let monitor = HealthMonitor::start(stage.here("agent"), "agent", health).await.unwrap();
    let dispatcher = Dispatcher::start(client, Arc::new(monitor), distribution);
    for member in members {
        dispatcher.join(member, Process, 4).await.unwrap();
    }
    dispatcher
}

fn task(id: &str) -> Task {
    Task {
        id: id.to_owned(),
        kind: Process,
        priority: TaskPriority::Normal,
        deadline_monotonic_ns: Some(monotonic_ns() + PATIENCE_NS),
        action: "scan".to_owned(),
        arguments: Bytes::new(),
    }
}

/// Who did each task.
async fn executed(dispatcher: &Arc<Dispatcher>, tasks: usize) -> Vec<Bytes> {
    let mut calls = JoinSet::new();
    for number in 0..tasks {
        let dispatcher = Arc::clone(dispatcher);
        calls.spawn(async move { dispatcher.execute(task(&number.to_string())).await });
    }
    let results = calls.join_all().await.into_iter().map(Result::unwrap);
    results.map(|result| result.outcome.unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn tasks_are_shared_by_members_of_their_kind() {
    let stage = Stage::new();
    let _members = (member(&stage, "a", false).await, member(&stage, "b", false).await);
    let dispatcher = Arc::new(dispatcher(&stage, &["a", "b"]).await);
    let by = executed(&dispatcher, 100).await;
    assert_eq!(by.len(), 100);
    assert!(by.iter().any(|name| name == "a") && by.iter().any(|name| name == "b"));
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_member_had_is_done_by_another() {
    let stage = Stage::new();
    let mut stuck = member(&stage, "a", true).await;
    let _sound = member(&stage, "b", false).await;
    let dispatcher = Arc::new(dispatcher(&stage, &["a", "b"]).await);
    // Its work is stuck already; now it ceases to show life as well.
    stuck.heart = None;
    assert_eq!(executed(&dispatcher, 8).await, vec![Bytes::from_static(b"b"); 8]);
    // And none is given to it any more.
    assert_eq!(executed(&dispatcher, 8).await, vec![Bytes::from_static(b"b"); 8]);
}

#[tokio::test]
async fn what_a_lost_connection_had_is_done_by_another() {
    // Short, and missed without harm: a member that was not lost returns with its next beat.
    let heartbeat = Duration::from_millis(50);
    let stage = Stage::new();
    stage.serve();
    let lost = member_on(stage.connected("a").await, "a", true, heartbeat).await;
    let _sound = member_on(stage.connected("b").await, "b", false, heartbeat).await;
    let health = HealthConfig { heartbeat, ..HealthConfig::default() };
    let patient = DistributionConfig { attempt_limit: u32::MAX, ..DistributionConfig::default() };
    let dispatcher = Arc::new(dispatcher_of(&stage, &["a", "b"], health, patient).await);
    let executed = executed(&dispatcher, 8);
    drop(lost);
    let by = timeout(WATCHDOG, executed).await.expect("everything is done");
    assert_eq!(by, vec![Bytes::from_static(b"b"); 8]);
}

#[tokio::test]
async fn a_task_of_a_workflow_is_asked_for_and_answered_under_its_root() {
    let stage = Stage::new();
    let bus = stage.here("tracker");
    let wanted = EventSubscription::new("tracker").with_pattern("control.#");
    let mut events = bus.subscribe(wanted).await.unwrap();
    let member = member(&stage, "a", false).await;
    let dispatcher = dispatcher(&stage, &["a"]).await;
    let step = CorrelationMetadata::root("scan-7").child("scan-7/1");
    dispatcher.execute_correlated(task("1"), step).await.unwrap();
    dispatcher.execute(task("2")).await.unwrap();
    drop((member, dispatcher));
    stage.broker.shutdown(WATCHDOG).await.unwrap();

    let mut tracker = CorrelationTracker::default();
    tracker.follow(&mut events).await;
    let timeline = tracker.timeline(&"scan-7".into());
    let steps: Vec<_> = timeline.iter().map(|entry| entry.sequence).collect();
    assert_eq!(steps, [1, 2], "the request and its reply, and nothing of the other task");
    assert_eq!(timeline[0].id, "scan-7/1".into());
    assert_eq!(timeline[1].parent, Some("scan-7/1".into()));
}

#[tokio::test(start_paused = true)]
async fn a_task_may_be_displaced_or_given_up_and_its_asker_is_told() {
    let stage = Stage::new();
    let short =
        DistributionConfig { queue_tasks: 1, attempt_limit: 1, ..DistributionConfig::default() };
    let dispatcher = dispatcher_of(&stage, &["a"], HealthConfig::default(), short).await;
    let network = |id: &str, priority| Task { kind: Network, priority, ..task(id) };
    let (low, high) = tokio::join!(
        dispatcher.execute(network("low", TaskPriority::Low)),
        dispatcher.execute(Task {
            deadline_monotonic_ns: Some(0),
            ..network("high", TaskPriority::High)
        }),
    );
    assert_eq!((low, high), (Err(ExecuteError::Displaced), Err(ExecuteError::Expired)));

    let leaving = async {
        tokio::task::yield_now().await;
        dispatcher.leave("a").await;
    };
    let (given_up, ()) = tokio::join!(dispatcher.execute(task("poison")), leaving);
    assert_eq!(given_up, Err(ExecuteError::GivenUp));
}

#[tokio::test(start_paused = true)]
async fn what_a_member_that_leaves_had_is_done_by_another() {
    let stage = Stage::new();
    let _members = (member(&stage, "a", true).await, member(&stage, "b", false).await);
    let dispatcher = Arc::new(dispatcher(&stage, &["a", "b"]).await);
    let (by, ()) = tokio::join!(executed(&dispatcher, 8), dispatcher.leave("a"));
    assert_eq!(by, vec![Bytes::from_static(b"b"); 8]);
}

#[tokio::test(start_paused = true)]
async fn a_task_without_a_result_says_why() {
    let stage = Stage::new();
    let _member = member(&stage, "a", false).await;
    let dispatcher = dispatcher(&stage, &["a"]).await;
    let failing = Task { action: "fail".to_owned(), ..task("1") };
    let error = dispatcher.execute(failing).await.unwrap_err();
    assert_eq!(error.to_string(), "failed: so it is");

    let late = Task { deadline_monotonic_ns: Some(0), kind: Network, ..task("2") };
    assert_eq!(dispatcher.execute(late).await, Err(ExecuteError::Expired));

    let (first, second) =
        tokio::join!(dispatcher.execute(task("3")), dispatcher.execute(task("3")));
    assert!(first.is_ok());
    let duplicate = SubmitError::Duplicate { task: "3".to_owned() };
    assert_eq!(second, Err(ExecuteError::NotTaken(duplicate)));

    let again = JoinError::Duplicate { member: "a".to_owned() };
    assert_eq!(dispatcher.join("a", Process, 1).await, Err(AdmitError::NoTasks(again)));
}

#[tokio::test(start_paused = true)]
async fn a_gathering_says_who_answered_and_who_is_missing() {
    let stage = Stage::new();
    let _a = member(&stage, "a", false).await;
    let _stuck = member(&stage, "stuck", true).await;
    let client: Arc<RpcClient> = Arc::new(client(stage.here("agent"), "agent").await);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let asked: BTreeSet<String> = names(&["a", "stuck", "nobody"]);
    let within = Duration::from_secs(1);
    let call = Call::new(Request::HealthCheck).within(within);
    let gathered = gather(&client, &call, &asked).await.unwrap();
    let answered: Vec<_> = gathered.results.keys().collect();
    assert_eq!(answered, ["a"]);
    assert_eq!(gathered.missing, ["nobody", "stuck"]);
    assert_eq!(client.pending(), 0);

    let refusal = gather(&client, &Call::new(Request::Pause), &names(&["a"])).await.unwrap();
    assert!(matches!(refusal.results["a"], Err(Refusal::UnknownOperation { .. })));
    assert!(refusal.missing.is_empty(), "a refusal is an answer");
    assert!(gather(&client, &call, &BTreeSet::new()).await.is_err());
}
