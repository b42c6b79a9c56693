//! One event on its way through the hub: as a value, as bytes, or as both once somebody needs
//! the other. A publication is decoded at most once and encoded at most once.

use std::cell::OnceCell;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use tracing::{Level, Span};

use crate::contract::{Attributes, BusEvent, Confirmation, Matcher};
use crate::event::CollectionEvent;
use crate::topic::Lane;
use crate::wire::{self, EventDecoder, EventEnvelope};

/// An event to route.
pub(super) enum Publication<'a> {
    /// It came over a socket.
    Encoded {
        envelope: EventEnvelope<'a>,
        bytes: &'a [u8],
        /// The connection it came over.
        connection: u32,
        /// Where whoever is sent it may answer.
        reply_to: Option<ByteString>,
        event: OnceCell<Option<Arc<BusEvent>>>,
    },
    /// It was published in this process.
    Local { event: Arc<BusEvent>, fresh: bool, bytes: OnceCell<Vec<u8>> },
}

impl<'a> Publication<'a> {
    /// An encoded event, its envelope as read from the same bytes, who sent it, and where that may be
    /// answered.
    pub(super) fn encoded(
        envelope: EventEnvelope<'a>,
        bytes: &'a [u8],
        connection: u32,
        reply_to: Option<ByteString>,
    ) -> Self {
        Self::Encoded { envelope, bytes, connection, reply_to, event: OnceCell::new() }
    }

    /// `fresh`: the publisher gave no correlation, so none travels.
    pub(super) fn local(event: Arc<BusEvent>, fresh: bool) -> Self {
        Self::Local { event, fresh, bytes: OnceCell::new() }
    }

    /// A span around its way through the hub; nothing is read for it unless somebody listens.
    pub(super) fn span(&self) -> Span {
        if !tracing::enabled!(Level::TRACE) {
            return Span::none();
        }
        let (publisher, sequence, correlation) = match self {
            Self::Encoded { envelope, .. } => {
                let publisher = String::from_utf8_lossy(envelope.publisher).into_owned();
                (publisher, envelope.sequence, envelope.correlation())
            }
            Self::Local { event, .. } => {
                (event.id.publisher.to_string(), event.id.sequence, event.correlation.clone())
            }
        };
        let topic = String::from_utf8_lossy(self.topic());
        tracing::trace_span!(
            "route",
            topic = %topic,
            publisher,
            sequence,
            correlation = %correlation.id,
            root = %correlation.root,
        )
    }

    /// The life of its publisher, and its number in it.
    pub(super) fn number(&self) -> (u64, u64) {
        match self {
            Self::Encoded { envelope, .. } => (envelope.incarnation, envelope.sequence),
            Self::Local { event, .. } => (event.id.incarnation, event.id.sequence),
        }
    }

    /// Whether it was published in this process.
    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Local { .. })
    }

    /// Its envelope and who sent it, if its publisher waits to be told what became of it.
    pub(super) fn to_be_confirmed(&self) -> Option<(EventEnvelope<'a>, u32)> {
        match self {
            Self::Encoded { envelope, connection, .. }
                if envelope.confirmation != Confirmation::Fire =>
            {
                Some((*envelope, *connection))
            }
            _ => None,
        }
    }

    /// Whether its publisher waits until it is taken by everybody who must.
    pub(super) fn is_delivered_when_taken(&self) -> bool {
        self.to_be_confirmed()
            .is_some_and(|(envelope, _)| envelope.confirmation == Confirmation::Delivered)
    }

    /// The topic's text, not yet known to be valid when it came over a socket.
    pub(super) fn topic(&self) -> &[u8] {
        match self {
            Self::Encoded { envelope, .. } => envelope.topic,
            Self::Local { event, .. } => event.topic.as_str().as_bytes(),
        }
    }

    /// The stream it belongs to.
    pub(super) fn lane(&self) -> Lane {
        Lane::of(self.topic())
    }

    /// Where a reply to it goes, if it is a request that wants one and may have it.
    pub(super) fn reply_address(&self) -> Option<ByteString> {
        match self {
            Self::Encoded { reply_to, .. } => reply_to.clone(),
            Self::Local { event, .. } => match &event.event {
                CollectionEvent::Control(message) => {
                    message.reply_to.as_ref().map(|address| address.as_str().to_owned().into())
                }
                _ => None,
            },
        }
    }

    /// M3 and M5.
    pub(super) fn passes(&self, matcher: &Matcher) -> bool {
        fn ask(matcher: &Matcher, event: &impl Attributes) -> bool {
            matcher.is_topic_only() || matcher.matches_attributes(event)
        }
        match self {
            Self::Encoded { envelope, .. } => ask(matcher, envelope),
            Self::Local { event, .. } => ask(matcher, &**event),
        }
    }

    /// The event as a value; `None` if its bytes cannot be decoded.
    pub(super) fn event(&self, decoder: &mut EventDecoder) -> Option<Arc<BusEvent>> {
        match self {
            Self::Encoded { bytes, event, .. } => event
                .get_or_init(|| {
                    let bytes = Bytes::copy_from_slice(bytes);
                    let (event, _) = decoder.decode(&bytes, &bytes).ok()?;
                    Some(Arc::new(event))
                })
                .clone(),
            Self::Local { event, .. } => Some(Arc::clone(event)),
        }
    }

    /// The event's envelope as bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Encoded { bytes, .. } => bytes,
            Self::Local { event, fresh, bytes } => bytes.get_or_init(|| {
                let correlation = (!fresh).then_some(&event.correlation);
                wire::encode_envelope(event, correlation)
            }),
        }
    }
}
