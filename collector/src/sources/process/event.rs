//! From what happened to the event that is published.

use daemoneye_eventbus::event::ProcessChange;
use daemoneye_eventbus::{ByteString, CollectionEvent, EventHeader, Priority, ProcessEvent};

use super::anomaly::{Finding, Sight};
use super::census::Change;
use super::digest::Sha256Hex;
use super::integrity::Report;
use super::observation::Observation;

/// A change, with the hash of the executable where it is known already.
pub(super) fn changed(change: Change, sha256: Option<Sha256Hex>) -> CollectionEvent {
    let event = process_event(change);
    CollectionEvent::Process(ProcessEvent { executable_sha256: sha256, ..event })
}

/// What there is to tell of a process's executable.
pub(super) fn integrity(process: &Observation, report: Report) -> CollectionEvent {
    let mut event = described(ProcessChange::Integrity, process, None);
    event.executable_sha256 = report.sha256;
    let reason = report.reason.map(|reason| entry("reason", reason.as_str().into()));
    let path_sha256 = report.path_sha256.map(|sha256| entry("path_sha256", sha256));
    event.header.metadata.extend(reason.into_iter().chain(path_sha256));
    CollectionEvent::Process(event)
}

/// What is odd about a process.
pub(super) fn anomaly(sight: Sight<'_>, finding: Finding) -> CollectionEvent {
    let mut event = described(ProcessChange::Anomaly, sight.process, sight.cpu_percent);
    event.header.priority = Some(Priority::High);
    let (rule, detail) = (finding.rule.as_str().into(), finding.detail.into());
    event.header.metadata.extend([entry("rule", rule), entry("detail", detail)]);
    CollectionEvent::Process(event)
}

fn entry(key: &'static str, value: ByteString) -> (ByteString, ByteString) {
    (ByteString::from_static(key), value)
}

fn described(what: ProcessChange, process: &Observation, cpu_percent: Option<f64>) -> ProcessEvent {
    process_event(Change { what, process: process.clone(), cpu_percent })
}

fn process_event(change: Change) -> ProcessEvent {
    let process = change.process;
    let cut = process.arguments_cut.then(|| entry("arguments", ByteString::from_static("cut")));
    ProcessEvent {
        header: EventHeader { metadata: cut.into_iter().collect(), ..EventHeader::default() },
        change: change.what,
        pid: process.identity.pid,
        ppid: process.ppid,
        name: process.name,
        executable_path: process.executable_path,
        arguments: process.arguments,
        start_time_unix_ns: process.start_time_unix_ns,
        cpu_percent: change.cpu_percent,
        memory_bytes: Some(process.memory_bytes),
        user_id: process.user_id,
        user_name: process.user_name,
        executable_sha256: None,
        accessible: process.accessible,
        // It goes to the parent; a scan finds that the process is gone.
        exit_code: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::integrity::Reason;
    use super::*;
    use crate::config::AnomalyRule;

    fn process_of(event: CollectionEvent) -> ProcessEvent {
        match event {
            CollectionEvent::Process(event) => event,
            other => panic!("{other:?}"),
        }
    }

    fn metadata(event: &ProcessEvent) -> Vec<(&str, &str)> {
        event.header.metadata.iter().map(|(key, value)| (&**key, &**value)).collect()
    }

    #[test]
    fn integrity_carries_the_hash_and_why_it_is_told() {
        let process = Observation::made_up(7, "/bin/one");
        let hashed = Report {
            process: process.identity,
            sha256: Some("aa".into()),
            reason: None,
            path_sha256: None,
        };
        let replaced = Report {
            reason: Some(Reason::Replaced),
            path_sha256: Some("bb".into()),
            ..hashed.clone()
        };
        let event = process_of(integrity(&process, hashed));
        assert_eq!((event.change, event.pid), (ProcessChange::Integrity, 7));
        assert_eq!(event.executable_sha256.as_deref(), Some("aa"));
        assert_eq!(metadata(&event), []);
        let event = process_of(integrity(&process, replaced));
        assert_eq!(metadata(&event), [("reason", "replaced"), ("path_sha256", "bb")]);
    }

    #[test]
    fn every_reason_is_on_the_page_and_no_other() {
        let reasons = [Reason::TooLarge, Reason::Replaced, Reason::Removed].map(Reason::as_str);
        assert_eq!(crate::sources::page::words("Reasons of integrity events"), reasons);
    }

    #[test]
    fn arguments_that_were_cut_are_told_so_in_every_event() {
        let process = Observation { arguments_cut: true, ..Observation::made_up(7, "/bin/one") };
        let sight = Sight { process: &process, cpu_percent: None, at_path: None };
        let finding = Finding { rule: AnomalyRule::SustainedCpu, detail: "busy".to_owned() };
        let change =
            Change { what: ProcessChange::Started, process: process.clone(), cpu_percent: None };
        for event in [changed(change, None), anomaly(sight, finding)] {
            assert_eq!(metadata(&process_of(event))[0], ("arguments", "cut"));
        }
    }

    #[test]
    fn an_anomaly_is_urgent_and_names_its_rule() {
        let process = Observation::made_up(7, "/bin/one");
        let sight = Sight { process: &process, cpu_percent: Some(99.0), at_path: None };
        let finding = Finding { rule: AnomalyRule::SustainedCpu, detail: "busy".to_owned() };
        let event = process_of(anomaly(sight, finding));
        assert_eq!(event.change, ProcessChange::Anomaly);
        assert_eq!(event.header.priority, Some(Priority::High));
        assert_eq!(event.cpu_percent, Some(99.0));
        assert_eq!(metadata(&event), [("rule", "sustained_cpu"), ("detail", "busy")]);
    }
}
