//! From a change to the event that is published.

use daemoneye_eventbus::{ByteString, CollectionEvent, EventHeader, ProcessEvent};

use super::census::Change;

/// What the events of this source are signed with.
pub(super) const SOURCE_NAME: &str = "procmond";

/// When a scan was made, and the numbers of its events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub(super) observed_unix_ns: u64,
    pub(super) observed_monotonic_ns: u64,
    /// Running number of the source, from 1.
    pub(super) sequence: u64,
}

pub(super) fn event(change: Change, stamp: Stamp) -> CollectionEvent {
    let process = change.process;
    CollectionEvent::Process(ProcessEvent {
        header: EventHeader {
            source: ByteString::from_static(SOURCE_NAME),
            source_sequence: stamp.sequence,
            observed_unix_ns: stamp.observed_unix_ns,
            observed_monotonic_ns: stamp.observed_monotonic_ns,
            ..EventHeader::default()
        },
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
        exit_code: None,
    })
}
