//! What conditions mean, what they are about, and how others are refused.

mod kinds;
mod logic;
mod operators;
mod page;
mod refusals;

use daemoneye_eventbus::{
    CollectionEvent, EventHeader, FilesystemEvent, NetworkEvent, PerformanceEvent, Priority,
    ProcessEvent,
};

use super::{Condition, Truth};

fn parsed(text: &str) -> Condition {
    Condition::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// What a condition is for [`nginx`].
fn truth(text: &str) -> Truth {
    let truth = parsed(text).truth(&nginx());
    truth.unwrap_or_else(|| panic!("{text} is not about processes"))
}

/// A process without a parent, a user and an exit code.
fn nginx() -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        header: EventHeader {
            source: "procmond".into(),
            priority: Some(Priority::High),
            metadata: vec![("retries".into(), "3".into()), ("note".into(), "odd".into())],
            ..EventHeader::default()
        },
        pid: 42,
        name: "nginx".into(),
        executable_path: Some("/usr/sbin/nginx".into()),
        arguments: vec!["-g".into(), "daemon off;".into()],
        start_time_unix_ns: Some(u64::MAX),
        cpu_percent: Some(75.5),
        memory_bytes: Some(3 << 20),
        accessible: true,
        ..ProcessEvent::default()
    })
}

/// An event of each kind with every field set.
fn full() -> [CollectionEvent; 4] {
    let header =
        EventHeader { source: "test".into(), observed_unix_ns: 5, ..EventHeader::default() };
    [
        CollectionEvent::Process(ProcessEvent {
            header: header.clone(),
            pid: 7,
            ppid: Some(1),
            name: "sh".into(),
            executable_path: Some("/bin/sh".into()),
            arguments: vec!["sh".into()],
            start_time_unix_ns: Some(9),
            cpu_percent: Some(0.5),
            memory_bytes: Some(4096),
            user_id: Some("0".into()),
            user_name: Some("root".into()),
            executable_sha256: Some("ab".into()),
            accessible: true,
            exit_code: Some(-1),
            ..ProcessEvent::default()
        }),
        CollectionEvent::Network(NetworkEvent {
            header: header.clone(),
            connection_id: "c1".into(),
            protocol: "tcp".into(),
            local_address: "127.0.0.1:80".into(),
            remote_address: "127.0.0.1:999".into(),
            state: Some("ESTABLISHED".into()),
            pid: Some(7),
            sent_bytes: Some(10),
            received_bytes: Some(20),
            dns_query: Some("example.org".into()),
            ..NetworkEvent::default()
        }),
        CollectionEvent::Filesystem(FilesystemEvent {
            header: header.clone(),
            path: "/etc/passwd".into(),
            previous_path: Some("/etc/passwd-".into()),
            size_bytes: Some(1000),
            permissions: Some(0o644),
            user_id: Some("0".into()),
            pid: Some(7),
            content_sha256: Some("cd".into()),
            ..FilesystemEvent::default()
        }),
        CollectionEvent::Performance(PerformanceEvent {
            header,
            metric_name: "cpu.busy".into(),
            value: 99.5,
            unit: "percent".into(),
            component: Some("cpu0".into()),
            pid: Some(7),
            ..PerformanceEvent::default()
        }),
    ]
}
