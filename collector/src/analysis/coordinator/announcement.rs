//! What is told on the bus: a record of every analysis that ended, and of every trigger that was
//! refused.
//!
//! Records are audit events: they say who did what, to what, and how it ended, they are the agent's
//! to publish (A2), and whoever may read events reads them. What was found is their metadata.

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use daemoneye_eventbus::event::{AuditOutcome, Metadata};
use daemoneye_eventbus::{
    AuditEvent, BusEvent, ByteString, CollectionEvent, EventHeader, Priority, PublishError,
};
use tracing::warn;

use super::super::outcome::{AnalysisOutcome, AnalysisResult, StageOutcome};
use super::super::request::{AnalysisSubject, MAX_PATH_BYTES};
use super::desk::Desk;
use super::order::{AnalysisOrder, Triggered, cut};

/// What was done.
const ACTION: &str = "analysis";
/// Length of the name of what a refused trigger wanted, bytes; what is longer is cut.
const MAX_WANTED_BYTES: usize = 128;

/// Whether findings are part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Whole,
    /// For a bus that takes no event of their size.
    WithoutFindings,
}

/// Tells everybody what came of an analysis.
pub(super) async fn announce(desk: &Desk, order: &AnalysisOrder, result: &AnalysisResult) {
    // One number for both: to readers, a gap in them is a loss.
    let number = desk.next_record();
    let mut published = publish(desk, number, order, result, Detail::Whole).await;
    if matches!(published, Err(PublishError::TooLarge { .. })) {
        published = publish(desk, number, order, result, Detail::WithoutFindings).await;
    }
    account_for(desk, published);
}

/// Tells everybody that a trigger started nothing, and why.
pub(super) async fn announce_refusal(
    desk: &Desk,
    trigger: &BusEvent,
    asked: &Triggered,
    reason: String,
) {
    let record = AuditEvent {
        header: header(desk, desk.next_record(), asked.order.priority, about(&asked.order)),
        actor: desk.name.clone(),
        action: ByteString::from_static(ACTION),
        resource: cut(&asked.workflow, MAX_WANTED_BYTES).into(),
        outcome: AuditOutcome::Refused,
        reason: Some(reason.into()),
    };
    let correlation = trigger.correlation.child(format!("{}/refused", trigger.correlation.id));
    account_for(desk, desk.bus.publish(CollectionEvent::Audit(record), Some(correlation)).await);
}

/// Counts a record that the bus did not take; told once until it takes one.
fn account_for(desk: &Desk, published: Result<(), PublishError>) {
    match published {
        Ok(()) | Err(PublishError::Unconfirmed { .. } | PublishError::Undelivered) => {
            desk.kept_record();
        }
        Err(error) => {
            if desk.lost_record() {
                warn!(%error, "the record of an analysis is lost");
            }
        }
    }
}

async fn publish(
    desk: &Desk,
    number: u64,
    order: &AnalysisOrder,
    result: &AnalysisResult,
    detail: Detail,
) -> Result<(), PublishError> {
    let record = AuditEvent {
        header: header(desk, number, order.priority, metadata(order, result, detail)),
        actor: desk.name.clone(),
        action: ByteString::from_static(ACTION),
        resource: result.workflow.as_str().into(),
        outcome: match result.outcome {
            AnalysisOutcome::Succeeded => AuditOutcome::Allowed,
            AnalysisOutcome::Failed { .. } | AnalysisOutcome::Unfinished(_) => AuditOutcome::Failed,
        },
        reason: Some(result.outcome.to_string().into()),
    };
    let correlation = result.correlation.child(format!("{}/result", result.analysis));
    desk.bus.publish(CollectionEvent::Audit(record), Some(correlation)).await
}

fn header(desk: &Desk, number: u64, priority: Priority, metadata: Metadata) -> EventHeader {
    EventHeader {
        source: desk.name.clone(),
        source_sequence: number,
        observed_unix_ns: unix_ns(),
        observed_monotonic_ns: monotonic_ns(),
        priority: Some(priority),
        metadata,
        ..EventHeader::default()
    }
}

/// Who asked, and about what.
fn about(order: &AnalysisOrder) -> Metadata {
    let AnalysisSubject { pid, path } = &order.subject;
    let trigger = order.trigger_id.as_deref().map(|id| entry("trigger", id));
    let pid = pid.map(|pid| entry("target_pid", pid.to_string()));
    let path = path.as_deref().map(|path| entry("target_path", cut(path, MAX_PATH_BYTES)));
    [trigger, pid, path].into_iter().flatten().collect()
}

/// What an analysis was about, how each stage ended, and what was found.
fn metadata(order: &AnalysisOrder, result: &AnalysisResult, detail: Detail) -> Metadata {
    let mut told = vec![entry("analysis", result.analysis.as_str())];
    told.extend(about(order));
    told.push(entry("took_ms", result.took.as_millis().to_string()));
    let stages = result.stages.iter();
    told.extend(
        stages.map(|report| entry(format!("stage.{}", report.stage), report.outcome.to_string())),
    );
    match detail {
        Detail::Whole => told.extend(findings(result)),
        Detail::WithoutFindings => told.push(entry("findings", "left out, too large for the bus")),
    }
    told
}

fn findings(result: &AnalysisResult) -> Metadata {
    let mut told = Metadata::new();
    for report in &result.stages {
        let StageOutcome::Succeeded(findings) = &report.outcome else { continue };
        for (name, value) in findings.iter() {
            told.push(entry(format!("finding.{}.{name}", report.stage), value));
        }
    }
    told
}

fn entry(name: impl Into<ByteString>, value: impl Into<ByteString>) -> (ByteString, ByteString) {
    (name.into(), value.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use daemoneye_eventbus::CorrelationMetadata;

    use super::super::super::findings::Findings;
    use super::super::super::outcome::{AnalysisId, StageFailure, StageReport};
    use super::*;

    fn report(stage: &str, outcome: StageOutcome) -> StageReport {
        let (began, took) = (None, Duration::ZERO);
        StageReport { stage: stage.to_owned(), outcome, attempts: 1, began, took }
    }

    fn told(detail: Detail) -> Vec<(String, String)> {
        let subject = AnalysisSubject { pid: Some(7), path: Some("/bin/sh".to_owned()) };
        let trigger_id = Some("t-1".to_owned());
        let order = AnalysisOrder { trigger_id, ..AnalysisOrder::of(subject.clone()) };
        let analysis = AnalysisId::fresh();
        let found = Findings::new([("sha256", "ab"), ("bytes", "2")]).unwrap();
        let result = AnalysisResult {
            correlation: CorrelationMetadata::root("scan-7"),
            workflow: "deep".to_owned(),
            subject,
            outcome: AnalysisOutcome::Succeeded,
            stages: vec![
                report("digest", StageOutcome::Succeeded(found)),
                report("lineage", StageOutcome::Failed(StageFailure::failed("it is busy"))),
            ],
            took: Duration::from_millis(1500),
            analysis,
        };
        let entries = metadata(&order, &result, detail).into_iter().skip(1);
        entries.map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const ALWAYS: [(&str, &str); 6] = [
        ("trigger", "t-1"),
        ("target_pid", "7"),
        ("target_path", "/bin/sh"),
        ("took_ms", "1500"),
        ("stage.digest", "succeeded"),
        ("stage.lineage", "failed: it is busy"),
    ];

    #[test]
    fn a_record_says_what_it_was_about_how_stages_ended_and_what_was_found() {
        let found = [("finding.digest.bytes", "2"), ("finding.digest.sha256", "ab")];
        assert_eq!(told(Detail::Whole), pairs(&[&ALWAYS[..], &found].concat()));
    }

    #[test]
    fn a_record_without_findings_says_so() {
        let left_out = [("findings", "left out, too large for the bus")];
        assert_eq!(told(Detail::WithoutFindings), pairs(&[&ALWAYS[..], &left_out].concat()));
    }
}
