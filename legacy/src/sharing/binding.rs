//! Late binding: which of the agent's sessions a connector's own session belongs to.
//!
//! A registration that names a connector and its session binds them to a session of the agent: the
//! one it names, else the root of its correlation. What names the same two without a session is
//! completed from then on, the registration itself first. A deregistration is completed and ends
//! the binding.

use std::collections::VecDeque;

use bytestring::ByteString;
use daemoneye_eventbus::event::ControlSubject;
use daemoneye_eventbus::{BusEvent, CollectionEvent, Routing};
use rustc_hash::FxHashMap;

use super::session::SessionId;

/// Sessions a bus knows at the same time; one more, and the one bound first is forgotten.
pub const MAX_BINDINGS: usize = 10_000;
/// The operation of the control plane with which a collector leaves.
const DEREGISTER: &str = "deregister";

/// What is bound.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    sessions: FxHashMap<Native, SessionId>,
    /// The keys, bound first to last.
    order: VecDeque<Native>,
    /// Whether it was told that sessions are forgotten.
    has_warned: bool,
}

/// A session as its connector knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Native {
    connector_id: ByteString,
    session_id: ByteString,
}

/// What an event does to a binding.
enum Deed {
    Bind,
    Unbind,
    Nothing,
}

impl Bindings {
    /// Fills in an event's session, if it is known, and learns from registrations.
    pub(super) fn complete(&mut self, event: &mut BusEvent) {
        let Some(native) = Native::of(&event.event.header().routing) else { return };
        let deed = Deed::of(&event.event);
        if matches!(deed, Deed::Bind) {
            self.learn(&native, event);
        }
        let routing = &mut event.event.header_mut().routing;
        if routing.session_id.is_none() {
            routing.session_id = self.sessions.get(&native).map(SessionId::to_byte_string);
        }
        if matches!(deed, Deed::Unbind) {
            self.forget(&native);
        }
    }

    fn learn(&mut self, native: &Native, event: &BusEvent) {
        let named = event.event.header().routing.session_id.clone();
        let text = named.unwrap_or_else(|| event.correlation.root.to_byte_string());
        match SessionId::new(text) {
            Ok(session) => self.bind(native.clone(), session),
            Err(cause) => {
                let connector = &*native.connector_id;
                tracing::warn!(connector, %cause, "a session is not bound");
            }
        }
    }

    fn bind(&mut self, native: Native, session: SessionId) {
        if self.sessions.insert(native.clone(), session).is_some() {
            return;
        }
        self.order.push_back(native);
        if self.order.len() > MAX_BINDINGS
            && let Some(oldest) = self.order.pop_front()
        {
            self.sessions.remove(&oldest);
            if !std::mem::replace(&mut self.has_warned, true) {
                tracing::warn!(limit = MAX_BINDINGS, "the sessions bound first are forgotten");
            }
        }
    }

    fn forget(&mut self, native: &Native) {
        if self.sessions.remove(native).is_some() {
            self.order.retain(|bound| bound != native);
        }
    }
}

impl Native {
    fn of(routing: &Routing) -> Option<Self> {
        let connector_id = routing.connector_id.clone()?;
        let session_id = routing.native_session_id.clone()?;
        Some(Self { connector_id, session_id })
    }
}

impl Deed {
    fn of(event: &CollectionEvent) -> Self {
        match event {
            CollectionEvent::Control(message)
                if message.subject == ControlSubject::Registration =>
            {
                if message.operation == DEREGISTER { Self::Unbind } else { Self::Bind }
            }
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{ControlMessage, CorrelationMetadata, EventHeader, EventId};

    use super::*;

    /// An event of one connector's session.
    fn event(operation: Option<&str>, native: &str, root: &str) -> BusEvent {
        let routing = Routing {
            connector_id: Some("connector".into()),
            native_session_id: Some(native.into()),
            ..Routing::default()
        };
        let header = EventHeader { routing, ..EventHeader::default() };
        let event = CollectionEvent::Control(match operation {
            Some(operation) => ControlMessage {
                header,
                subject: ControlSubject::Registration,
                operation: operation.into(),
                ..ControlMessage::default()
            },
            None => ControlMessage { header, ..ControlMessage::default() },
        });
        BusEvent {
            id: EventId { publisher: "test".into(), incarnation: 1, sequence: 1 },
            topic: "control.collector.registration".parse().expect("a topic"),
            published_monotonic_ns: 0,
            correlation: CorrelationMetadata::root(root),
            event,
        }
    }

    fn completed(bindings: &mut Bindings, mut event: BusEvent) -> Option<String> {
        bindings.complete(&mut event);
        event.event.header().routing.session_id.as_ref().map(ToString::to_string)
    }

    fn registered(bindings: &mut Bindings, native: &str, root: &str) -> Option<String> {
        completed(bindings, event(Some("register"), native, root))
    }

    fn asked(bindings: &mut Bindings, native: &str) -> Option<String> {
        completed(bindings, event(None, native, "another-root"))
    }

    #[test]
    fn a_registration_binds_and_later_events_are_completed() {
        let mut bindings = Bindings::default();
        assert_eq!(asked(&mut bindings, "n"), None, "nothing is known yet");
        assert_eq!(registered(&mut bindings, "n", "s-1").as_deref(), Some("s-1"));
        assert_eq!(asked(&mut bindings, "n").as_deref(), Some("s-1"));
        assert_eq!(asked(&mut bindings, "other"), None);
        assert_eq!(registered(&mut bindings, "n", "s-2").as_deref(), Some("s-2"), "bound anew");
        assert_eq!(asked(&mut bindings, "n").as_deref(), Some("s-2"));
    }

    #[test]
    fn a_session_that_is_named_is_kept_and_bound() {
        let mut bindings = Bindings::default();
        let mut named = event(Some("register"), "n", "root");
        named.event.header_mut().routing.session_id = Some("named".into());
        assert_eq!(completed(&mut bindings, named).as_deref(), Some("named"));
        assert_eq!(asked(&mut bindings, "n").as_deref(), Some("named"));
        let mut foreign = event(None, "n", "root");
        foreign.event.header_mut().routing.session_id = Some("foreign".into());
        assert_eq!(completed(&mut bindings, foreign).as_deref(), Some("foreign"));
        assert_eq!(asked(&mut bindings, "n").as_deref(), Some("named"));
    }

    #[test]
    fn an_id_that_cannot_be_one_is_skipped() {
        let mut bindings = Bindings::default();
        assert_eq!(registered(&mut bindings, "n", "not an id"), None);
        assert_eq!(asked(&mut bindings, "n"), None);
        registered(&mut bindings, "n", "s-1");
        assert_eq!(registered(&mut bindings, "n", "not an id").as_deref(), Some("s-1"));
    }

    #[test]
    fn what_names_no_connector_or_no_session_of_its_own_binds_nothing() {
        let mut bindings = Bindings::default();
        for (connector, native) in [(None, Some("n")), (Some("connector"), None)] {
            let mut part = event(Some("register"), "n", "s-1");
            let routing = &mut part.event.header_mut().routing;
            routing.connector_id = connector.map(ByteString::from_static);
            routing.native_session_id = native.map(ByteString::from_static);
            assert_eq!(completed(&mut bindings, part), None);
        }
        assert_eq!(asked(&mut bindings, "n"), None);
    }

    #[test]
    fn a_deregistration_is_completed_and_ends_the_binding() {
        let mut bindings = Bindings::default();
        registered(&mut bindings, "n", "s-1");
        let leaving = event(Some(DEREGISTER), "n", "another-root");
        assert_eq!(completed(&mut bindings, leaving).as_deref(), Some("s-1"));
        assert_eq!(asked(&mut bindings, "n"), None);
        assert!(bindings.order.is_empty());
    }

    #[test]
    fn beyond_the_limit_the_session_bound_first_is_forgotten() {
        let mut bindings = Bindings::default();
        for number in 0..=MAX_BINDINGS {
            registered(&mut bindings, &format!("n-{number}"), "s");
        }
        assert_eq!(asked(&mut bindings, "n-0"), None);
        assert_eq!(asked(&mut bindings, "n-1").as_deref(), Some("s"));
        assert_eq!((bindings.sessions.len(), bindings.order.len()), (MAX_BINDINGS, MAX_BINDINGS));
    }
}
