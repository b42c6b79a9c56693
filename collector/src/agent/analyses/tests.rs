//! From an event to the record of what was found, on a bus in this process, and the end of it.

use async_trait::async_trait;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::event::AuditOutcome;
use daemoneye_eventbus::rpc::{HealthStatus, RpcService, RpcServiceConfig};
use daemoneye_eventbus::{AuditEvent, BusEvent, CollectionEvent, FilesystemEvent, TriggerRequest};
use tempfile::TempDir;
use tokio::task::yield_now;

use super::*;
use crate::analysis::{
    AnalysisError, AnalysisRequest, AnalysisWorker, Analyzer, FileHash, Findings, WorkerLimits,
};
use crate::test_utils::ScriptedBus;

const LIMIT: Duration = Duration::from_secs(30);
/// SHA-256 of `abc`.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const SETTINGS: &str = "\
[[trigger]]
name = 'touched'
when = \"SELECT * FROM filesystem WHERE path LIKE '%/abc'\"
target = 'fsmond'
analysis = 'binary_hash'
";

/// Follows nobody's parents, for ever.
struct Stuck;

#[async_trait]
impl Analyzer for Stuck {
    fn analysis_type(&self) -> &'static str {
        "process_lineage"
    }

    async fn analyze(&self, _request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        std::future::pending().await
    }
}

/// The agent's analyses beside an fsmond that hashes and a procmond that is stuck.
struct Site {
    bus: Arc<dyn EventBus>,
    analyses: Analyses,
    account: AccountWriter,
    records: EventReceiver,
    _services: [RpcService; 2],
}

impl Site {
    async fn start() -> Self {
        let bus: Arc<dyn EventBus> = Arc::new(ScriptedBus::new([]));
        let hash = Box::new(FileHash::default().called_binary_hash());
        let services = [
            serve(&bus, "fsmond", CollectorKind::Filesystem, hash).await,
            serve(&bus, "procmond", CollectorKind::Process, Box::new(Stuck)).await,
        ];
        let wanted = EventSubscription::new("records").with_pattern("events.audit.record");
        let records = bus.subscribe(wanted).await.unwrap();
        let settings: Settings = toml::from_str(SETTINGS).unwrap();
        let account = AccountWriter::new();
        let analyses = Analyses::start(&bus, &settings, None, account.clone()).await.unwrap();
        Self { bus, analyses, account, records, _services: services }
    }

    async fn publish(&self, event: CollectionEvent) {
        self.bus.publish(event, Some("scan-7".into())).await.unwrap();
    }

    async fn request(&self, analysis_type: &str) {
        let request = TriggerRequest {
            trigger_id: "t-1".into(),
            analysis_type: analysis_type.into(),
            target_pid: Some(7),
            ..TriggerRequest::default()
        };
        self.publish(CollectionEvent::TriggerRequest(request)).await;
    }

    async fn until(&self, is: impl Fn(&Site) -> bool) {
        while !is(self) {
            yield_now().await;
        }
    }

    /// The next record, and what it says.
    async fn next_record(&mut self) -> (Arc<BusEvent>, AuditEvent) {
        let event = self.records.recv().await.expect("the bus lives");
        let CollectionEvent::Audit(record) = event.event.clone() else { panic!("{event:?}") };
        assert!(event.correlation.root.is("scan-7"));
        (event, record)
    }
}

async fn serve(
    bus: &Arc<dyn EventBus>,
    member: &'static str,
    kind: CollectorKind,
    analyzer: Box<dyn Analyzer>,
) -> RpcService {
    let mut worker = AnalysisWorker::new(WorkerLimits::default());
    worker.offer(analyzer).unwrap();
    let config = RpcServiceConfig::collector(member, kind);
    RpcService::start(Arc::clone(bus), config, Arc::new(worker)).await.unwrap()
}

/// A file that says `abc`.
fn file() -> (TempDir, FilesystemEvent) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("abc");
    std::fs::write(&path, "abc").unwrap();
    let path = path.to_str().unwrap().into();
    (folder, FilesystemEvent { path, ..FilesystemEvent::default() })
}

fn value<'a>(record: &'a AuditEvent, name: &str) -> Option<&'a str> {
    record.header.metadata_value(name).map(|value| &**value)
}

#[tokio::test]
async fn what_a_trigger_asks_for_is_done_recorded_and_told_done() {
    let mut site = Site::start().await;
    let (_folder, event) = file();
    site.publish(CollectionEvent::Filesystem(event)).await;
    let (_, record) = site.next_record().await;
    assert_eq!(record.outcome, AuditOutcome::Allowed, "{record:?}");
    assert_eq!(value(&record, "finding.binary_hash.sha256"), Some(ABC));
    let reader = site.account.reader();
    site.until(|_| reader.triggers().is_some_and(|told| told.triggers.done == 1)).await;
    assert!(reader.parts().iter().all(|part| part.status == HealthStatus::Healthy));

    site.analyses.end(LIMIT).await;
    let account = site.account.current();
    assert_eq!((account.started, account.succeeded), (1, 1));
    assert_eq!((account.failed, account.cancelled, account.refused, account.lost), (0, 0, 0, 0));
    site.bus.shutdown(LIMIT).await.unwrap();
}

#[tokio::test]
async fn a_request_that_starts_nothing_is_recorded_and_told_in_the_agents_health() {
    let mut site = Site::start().await;
    site.request("unheard_of").await;
    let (_, record) = site.next_record().await;
    assert_eq!(record.outcome, AuditOutcome::Refused);
    site.until(|site| site.account.current().refused == 1).await;
    let parts = site.account.reader().parts();
    let analyses = parts.iter().find(|part| part.name == "analyses").unwrap();
    assert_eq!(analyses.status, HealthStatus::Degraded);
    let reason = "refused: there is no workflow \"unheard_of\"";
    assert_eq!(analyses.reason.as_deref(), Some(reason));
    site.analyses.end(LIMIT).await;
    site.bus.shutdown(LIMIT).await.unwrap();
}

#[tokio::test]
async fn the_end_cancels_what_runs_and_its_record_is_on_the_bus() {
    let site = Site::start().await;
    site.request("process_lineage").await;
    site.until(|site| site.account.current().started == 1).await;
    let Site { bus, analyses, account, mut records, _services } = site;
    analyses.end(LIMIT).await;
    assert_eq!(account.current().cancelled, 1);
    let event = records.recv().await.unwrap();
    let CollectionEvent::Audit(record) = &event.event else { panic!("{event:?}") };
    assert_eq!(record.outcome, AuditOutcome::Failed);
    assert_eq!(value(record, "stage.process_lineage"), Some("unfinished: it was cancelled"));
    bus.shutdown(LIMIT).await.unwrap();
}

#[tokio::test]
async fn nobody_looks_at_events_or_follows_requests_after_the_end() {
    let Site { bus, analyses, account, mut records, _services } = Site::start().await;
    analyses.end(LIMIT).await;
    let (_folder, event) = file();
    bus.publish(CollectionEvent::Filesystem(event), None).await.unwrap();
    bus.publish(CollectionEvent::TriggerRequest(TriggerRequest::default()), None).await.unwrap();
    let counted = account.current();
    bus.shutdown(LIMIT).await.unwrap();
    assert_eq!(records.recv().await, None);
    assert_eq!(account.current(), counted);
}
