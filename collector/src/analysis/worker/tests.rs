//! Limits, panics, recalls, and what is told of what did not work.

use std::future::pending;

use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::rpc::TaskPriority;
use tokio::sync::watch;
use tokio::task::{JoinHandle, yield_now};

use super::super::message::{decode_findings, encode_request};
use super::super::request::AnalysisSubject;
use super::*;

/// Who asks.
fn agent() -> ByteString {
    ByteString::from_static("daemoneye-agent")
}

/// Tells its stage; fails or panics for some of them.
struct Scripted;

#[async_trait]
impl Analyzer for Scripted {
    fn analysis_type(&self) -> &'static str {
        "scripted"
    }

    async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        match request.stage.as_str() {
            "impossible" => Err(AnalysisError::impossible("there is no such file")),
            "failed" => Err(AnalysisError::failed("it is busy")),
            "too-much" => Ok(Findings::new([("n", "x".repeat(10_000))])?),
            "panics" => panic!("boom"),
            stage => Ok(Findings::new([("stage", stage)])?),
        }
    }
}

/// Never ends by itself; counts how often it began and was ended.
struct Stuck {
    begun: watch::Sender<usize>,
    ended: watch::Sender<usize>,
}

struct CountsItsEnd(watch::Sender<usize>);

impl Drop for CountsItsEnd {
    fn drop(&mut self) {
        self.0.send_modify(|ended| *ended += 1);
    }
}

#[async_trait]
impl Analyzer for Stuck {
    fn analysis_type(&self) -> &'static str {
        "stuck"
    }

    async fn analyze(&self, _request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        let _end = CountsItsEnd(self.ended.clone());
        self.begun.send_modify(|begun| *begun += 1);
        pending().await
    }
}

/// A worker, and how often its stuck analyses began and ended.
struct Site {
    worker: Arc<AnalysisWorker>,
    begun: watch::Receiver<usize>,
    ended: watch::Receiver<usize>,
}

type Performed = Result<Response, Refusal>;

impl Site {
    fn new(at_once: usize, waiting: usize) -> Self {
        let (begun, ended) = (watch::Sender::new(0), watch::Sender::new(0));
        let site = (begun.subscribe(), ended.subscribe());
        let mut worker = AnalysisWorker::new(WorkerLimits { at_once, waiting });
        worker.offer(Box::new(Scripted)).unwrap();
        worker.offer(Box::new(Stuck { begun, ended })).unwrap();
        Self { worker: Arc::new(worker), begun: site.0, ended: site.1 }
    }

    async fn perform(&self, task: Task) -> Performed {
        self.worker.perform(task, &agent()).await
    }

    fn spawn(&self, task: Task) -> JoinHandle<Performed> {
        let worker = Arc::clone(&self.worker);
        tokio::spawn(async move { worker.perform(task, &agent()).await })
    }

    async fn until_jobs(&self, jobs: usize) {
        while self.worker.jobs() != jobs {
            yield_now().await;
        }
    }
}

async fn reaches(counter: &mut watch::Receiver<usize>, count: usize) {
    counter.wait_for(|now| *now == count).await.unwrap();
}

fn task(id: &str, action: &str, stage: &str) -> Task {
    let about_nothing = AnalysisRequest::about(action, AnalysisSubject::default());
    let request = AnalysisRequest { stage: stage.to_owned(), ..about_nothing };
    Task {
        id: id.to_owned(),
        kind: CollectorKind::Process,
        priority: TaskPriority::Normal,
        deadline_monotonic_ns: None,
        action: action.to_owned(),
        arguments: encode_request(request).unwrap().into(),
    }
}

fn recall(id: &str) -> Task {
    let arguments = id.to_owned().into();
    Task { arguments, ..task(&format!("{id}/recall"), RECALL, "") }
}

/// What a task came to, as the result says.
fn outcome(performed: Performed) -> Result<Findings, String> {
    match performed.unwrap() {
        Response::Task(result) => result.outcome.map(|output| decode_findings(&output).unwrap()),
        other => panic!("{other:?} is no result of a task"),
    }
}

#[tokio::test]
async fn findings_are_the_result_of_the_task() {
    let site = Site::new(1, 0);
    let performed = site.perform(task("t", "scripted", "digest")).await;
    assert!(matches!(&performed, Ok(Response::Task(result)) if result.task == "t"));
    assert_eq!(outcome(performed).unwrap().get("stage"), Some("digest"));
    assert_eq!(site.worker.jobs(), 0);
    assert_eq!(site.worker.analysis_types().collect::<Vec<_>>(), ["scripted", "stuck"]);
}

#[tokio::test]
async fn what_can_never_be_is_refused_and_what_did_not_work_is_told() {
    let site = Site::new(1, 0);
    let perform = |stage| site.perform(task("t", "scripted", stage));
    let reason = "there is no such file".to_owned();
    assert_eq!(perform("impossible").await, Err(Refusal::InvalidBody { reason }));
    let reason = "findings of 10001 bytes, the limit is 8192".to_owned();
    assert_eq!(perform("too-much").await, Err(Refusal::InvalidBody { reason }));
    assert_eq!(outcome(perform("failed").await), Err("it is busy".to_owned()));
}

#[tokio::test]
async fn what_is_not_offered_or_not_readable_is_refused() {
    let site = Site::new(1, 0);
    let unknown = site.perform(task("t", "pattern_scan", "a")).await;
    let reason = "no analysis \"pattern_scan\" is done here".to_owned();
    assert_eq!(unknown, Err(Refusal::UnknownOperation { reason }));
    let unreadable = Task { arguments: "{".to_owned().into(), ..task("t", "scripted", "a") };
    let refused = site.perform(unreadable).await;
    assert!(matches!(refused, Err(Refusal::InvalidBody { .. })), "{refused:?}");
}

#[test]
fn two_analyzers_of_one_type_are_refused() {
    let mut worker = AnalysisWorker::new(WorkerLimits::default());
    worker.offer(Box::new(Scripted)).unwrap();
    let refused = worker.offer(Box::new(Scripted)).unwrap_err();
    assert_eq!(refused.to_string(), "there are two analyzers for \"scripted\"");
}

#[tokio::test]
async fn a_panic_is_the_failure_of_one_analysis_and_of_no_other() {
    let mut site = Site::new(2, 0);
    let beside = site.spawn(task("beside", "stuck", "a"));
    reaches(&mut site.begun, 1).await;
    let panicked = site.perform(task("t", "scripted", "panics")).await;
    assert_eq!(outcome(panicked), Err("the analyzer panicked: boom".to_owned()));
    let next = site.perform(task("t", "scripted", "next")).await;
    assert!(outcome(next).is_ok());
    assert!(!beside.is_finished());
}

#[tokio::test]
async fn so_many_run_so_many_wait_and_one_more_is_refused() {
    let mut site = Site::new(1, 1);
    let first = site.spawn(task("1", "stuck", "a"));
    reaches(&mut site.begun, 1).await;
    let _second = site.spawn(task("2", "stuck", "a"));
    site.until_jobs(2).await;
    let third = site.perform(task("3", "scripted", "a")).await;
    let reason = "1 analyses run and 1 wait, the limit".to_owned();
    assert_eq!(third, Err(Refusal::Busy { reason }));
    assert_eq!(*site.begun.borrow(), 1, "the second waits for its turn");
    // Whoever asked for the first waits no more: its future is dropped.
    first.abort();
    reaches(&mut site.ended, 1).await;
    reaches(&mut site.begun, 2).await;
}

#[tokio::test]
async fn a_task_that_is_being_done_is_not_done_twice() {
    let mut site = Site::new(2, 0);
    let _first = site.spawn(task("1", "stuck", "a"));
    reaches(&mut site.begun, 1).await;
    let again = site.perform(task("1", "stuck", "a")).await;
    assert_eq!(again, Err(Refusal::Busy { reason: "this analysis is being done".to_owned() }));
}

#[tokio::test]
async fn who_asked_can_recall_and_nobody_else() {
    let mut site = Site::new(1, 1);
    let running = site.spawn(task("1", "stuck", "a"));
    reaches(&mut site.begun, 1).await;
    let waiting = site.spawn(task("2", "stuck", "a"));
    site.until_jobs(2).await;
    let stranger = ByteString::from_static("stranger");
    assert!(outcome(site.worker.perform(recall("1"), &stranger).await).is_ok());
    assert!(outcome(site.perform(recall("2")).await).is_ok());
    let recalled = Err("recalled by whoever asked for it".to_owned());
    assert_eq!(outcome(waiting.await.unwrap()), recalled);
    assert_eq!((*site.begun.borrow(), *site.ended.borrow()), (1, 0));
    assert!(outcome(site.perform(recall("1")).await).is_ok());
    assert_eq!(outcome(running.await.unwrap()), recalled);
    reaches(&mut site.ended, 1).await;
    assert_eq!(site.worker.jobs(), 0);
}

#[test]
fn it_is_to_be_given_what_runs_at_once_and_nothing_when_it_offers_nothing() {
    assert_eq!(Site::new(3, 7).worker.task_limit(), 3);
    assert_eq!(AnalysisWorker::new(WorkerLimits::default()).task_limit(), 0);
}
