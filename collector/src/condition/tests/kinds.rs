//! Which kinds of event a condition is about, and that every field is read.

use daemoneye_eventbus::{AuditEvent, CollectionEvent, ControlMessage, EventKind, TriggerRequest};

use super::super::fields;
use super::{full, parsed};

fn kinds(text: &str) -> Vec<EventKind> {
    parsed(text).kinds().collect()
}

#[test]
fn from_says_the_kind() {
    for (event, name) in full().iter().zip(["processes", "network", "filesystem", "performance"]) {
        let condition = parsed(&format!("SELECT * FROM {name} WHERE pid = 7"));
        assert_eq!(condition.kinds().collect::<Vec<_>>(), [event.kind()]);
        assert!(condition.holds(event), "{name}");
        let others = full().into_iter().filter(|other| other.kind() != event.kind());
        for other in others {
            assert_eq!(condition.truth(&other), None, "{name}");
            assert!(!condition.holds(&other), "{name}");
        }
    }
}

#[test]
fn without_from_it_is_every_kind_that_has_all_fields() {
    use EventKind::{Filesystem, Network, Performance, Process};

    let all = [Process, Network, Filesystem, Performance];
    let rows: [(&str, &[EventKind]); 7] = [
        ("name = 'x' AND cpu_usage > 50", &[Process]),
        ("SELECT * WHERE name = 'x' AND cpu_usage > 50", &[Process]),
        ("pid > 1", &all),
        ("source = 'x' OR metadata.y = 'z'", &all),
        ("user_id = '0'", &[Process, Filesystem]),
        ("change LIKE '%'", &[Process, Network]),
        ("TRUE", &all),
    ];
    for (text, expected) in rows {
        assert_eq!(kinds(text), expected, "{text}");
    }
}

#[test]
fn a_kind_whose_field_has_no_such_value_is_not_meant() {
    assert_eq!(kinds("change = 'opened'"), [EventKind::Network]);
    assert_eq!(kinds("change IN ('started', 'exited')"), [EventKind::Process]);
    assert_eq!(kinds("change = 'anomaly'"), [EventKind::Process, EventKind::Network]);
}

#[test]
fn what_select_names_is_part_of_what_is_asked() {
    assert_eq!(kinds("SELECT pid, name WHERE pid > 1"), [EventKind::Process]);
    assert_eq!(kinds("SELECT *, path, metadata.x WHERE pid > 1;"), [EventKind::Filesystem]);
}

#[test]
fn no_condition_is_about_what_was_not_observed() {
    let others = [
        CollectionEvent::TriggerRequest(TriggerRequest::default()),
        CollectionEvent::Audit(AuditEvent::default()),
        CollectionEvent::Control(ControlMessage::default()),
    ];
    for event in others {
        assert_eq!(parsed("TRUE").truth(&event), None);
    }
}

#[test]
fn every_field_has_the_value_of_the_event() {
    let [process, network, file, figure] = full();
    let rows: [(&CollectionEvent, &[&str]); 4] = [
        (
            &process,
            &[
                "change = 'started'",
                "pid = 7",
                "ppid = 1",
                "name = 'sh'",
                "executable_path = '/bin/sh'",
                "arguments = 'sh'",
                "start_time_unix_ns = 9",
                "cpu_percent = 0.5",
                "memory_bytes = 4096",
                "user_id = '0'",
                "user_name = 'root'",
                "executable_sha256 = 'ab'",
                "accessible",
                "exit_code = -1",
            ],
        ),
        (
            &network,
            &[
                "change = 'opened'",
                "connection_id = 'c1'",
                "protocol = 'tcp'",
                "local_address = '127.0.0.1:80'",
                "remote_address = '127.0.0.1:999'",
                "state = 'ESTABLISHED'",
                "pid = 7",
                "sent_bytes = 10",
                "received_bytes = 20",
                "dns_query = 'example.org'",
            ],
        ),
        (
            &file,
            &[
                "operation = 'created'",
                "path = '/etc/passwd'",
                "previous_path = '/etc/passwd-'",
                "size_bytes = 1000",
                "permissions = 420",
                "user_id = '0'",
                "pid = 7",
                "content_sha256 = 'cd'",
            ],
        ),
        (
            &figure,
            &[
                "scope = 'utilization'",
                "metric_name = 'cpu.busy'",
                "value = 99.5",
                "unit = 'percent'",
                "component = 'cpu0'",
                "pid = 7",
            ],
        ),
    ];
    let shared = ["source = 'test'", "priority = 'normal'", "observed_unix_ns = 5"];
    for (event, own) in rows {
        assert_eq!(own.len(), fields::own(event.kind()).len(), "{:?}", event.kind());
        for text in own.iter().chain(&shared) {
            assert!(parsed(text).holds(event), "{text}");
        }
    }
    assert_eq!(shared.len(), fields::shared().len());
}
