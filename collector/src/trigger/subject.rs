//! What an event is about: what a trigger asks about once in its window.

use daemoneye_eventbus::event::NetworkChange;
use daemoneye_eventbus::{CollectionEvent, NetworkEvent, PerformanceEvent};
use sha2::{Digest as _, Sha256};

/// Longest text that is kept as it is, bytes; of a longer one its digest is. Most paths are
/// shorter, and whoever makes long ones makes a trigger remember a few hundred KiB at most.
const MAX_TEXT_BYTES: usize = 256;

/// What an event is about. Texts are copies, so that what is remembered pins no event, and long
/// ones are the hexadecimal SHA-256 of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A process. Its start tells it from another of the same id.
    Process {
        /// Its id.
        pid: u32,
        /// When it started: wall clock, nanoseconds since the Unix epoch.
        start_time_unix_ns: Option<u64>,
    },
    /// A connection, by the collector's name for it.
    Connection(Box<str>),
    /// A name looked up.
    Lookup {
        /// Who looked it up.
        pid: Option<u32>,
        /// The name.
        query: Box<str>,
    },
    /// A path.
    Path(Box<str>),
    /// What was measured, of which part and of which process.
    Metric {
        /// What.
        name: Box<str>,
        /// Of which part of the system.
        component: Option<Box<str>>,
        /// Of which process.
        pid: Option<u32>,
    },
    /// Nothing that was observed: conditions are about no such event.
    Nothing,
}

impl Subject {
    /// The subject of an event.
    pub fn of(event: &CollectionEvent) -> Self {
        match event {
            CollectionEvent::Process(event) => {
                Self::Process { pid: event.pid, start_time_unix_ns: event.start_time_unix_ns }
            }
            CollectionEvent::Network(event) => Self::of_network(event),
            CollectionEvent::Filesystem(event) => Self::Path(kept(&event.path)),
            CollectionEvent::Performance(event) => Self::of_performance(event),
            CollectionEvent::TriggerRequest(_)
            | CollectionEvent::Audit(_)
            | CollectionEvent::Control(_) => Self::Nothing,
        }
    }

    fn of_network(event: &NetworkEvent) -> Self {
        match event.change {
            NetworkChange::Dns => Self::Lookup {
                pid: event.pid,
                query: kept(event.dns_query.as_deref().unwrap_or_default()),
            },
            _ => Self::Connection(kept(&event.connection_id)),
        }
    }

    fn of_performance(event: &PerformanceEvent) -> Self {
        Self::Metric {
            name: kept(&event.metric_name),
            component: event.component.as_deref().map(kept),
            pid: event.pid,
        }
    }
}

fn kept(text: &str) -> Box<str> {
    if text.len() <= MAX_TEXT_BYTES {
        return Box::from(text);
    }
    hex::encode(Sha256::digest(text)).into_boxed_str()
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{FilesystemEvent, ProcessEvent, TriggerRequest};

    use super::*;

    fn process(pid: u32, start: u64) -> CollectionEvent {
        let start_time_unix_ns = Some(start);
        CollectionEvent::Process(ProcessEvent { pid, start_time_unix_ns, ..Default::default() })
    }

    #[test]
    fn a_process_that_has_the_id_of_another_is_another_subject() {
        assert_eq!(Subject::of(&process(7, 1)), Subject::of(&process(7, 1)));
        assert_ne!(Subject::of(&process(7, 1)), Subject::of(&process(7, 2)));
        assert_ne!(Subject::of(&process(7, 1)), Subject::of(&process(8, 1)));
    }

    #[test]
    fn each_kind_is_about_what_it_names() {
        let network = NetworkEvent { connection_id: "c1".into(), ..Default::default() };
        let expected = Subject::Connection("c1".into());
        assert_eq!(Subject::of(&CollectionEvent::Network(network)), expected);

        let change = NetworkChange::Dns;
        let (pid, dns_query) = (Some(7), Some("example.org".into()));
        let lookup = NetworkEvent { change, pid, dns_query, ..Default::default() };
        let expected = Subject::Lookup { pid, query: "example.org".into() };
        assert_eq!(Subject::of(&CollectionEvent::Network(lookup)), expected);

        let file = FilesystemEvent { path: "/etc/passwd".into(), ..Default::default() };
        let expected = Subject::Path("/etc/passwd".into());
        assert_eq!(Subject::of(&CollectionEvent::Filesystem(file)), expected);

        let component = Some("cpu0".into());
        let metric_name = "cpu.busy".into();
        let figure = PerformanceEvent { metric_name, component, ..Default::default() };
        let expected =
            Subject::Metric { name: "cpu.busy".into(), component: Some("cpu0".into()), pid: None };
        assert_eq!(Subject::of(&CollectionEvent::Performance(figure)), expected);

        let request = CollectionEvent::TriggerRequest(TriggerRequest::default());
        assert_eq!(Subject::of(&request), Subject::Nothing);
    }

    #[test]
    fn a_long_text_is_remembered_as_its_digest_and_differs_from_others() {
        let path = |last: char| format!("{}{last}", "x".repeat(MAX_TEXT_BYTES));
        let (one, other) = (kept(&path('a')), kept(&path('b')));
        assert_ne!(one, other);
        assert_eq!((one.len(), other.len()), (64, 64));
        let longest = "x".repeat(MAX_TEXT_BYTES);
        assert_eq!(*kept(&longest), *longest);
    }
}
