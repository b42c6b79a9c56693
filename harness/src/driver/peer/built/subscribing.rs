//! A subscriber's handle: each subscription is a connection of its own, read and decoded by whoever takes
//! the events, with no queue between.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use daemoneye_eventbus::contract::{Delivery, Inbox};
use daemoneye_eventbus::wire::EventDecoder;
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    TopicPattern, TryRecvError, UnsubscribeError,
};
use tokio::time::timeout;

use super::line::Reading;
use super::socket::Stream;
use super::speech::{Heard, Speech};
use super::spoken;
use crate::plan::Bus;

/// A server confirms a subscription within this time.
const SUBSCRIBE_LIMIT: Duration = Duration::from_secs(10);
/// Events are copied in pieces of so many bytes, which their text then shares; as in our own client.
const PIECE_BYTES: usize = 4 << 10;

/// A handle that subscribes alone.
struct Subscribing {
    bus: Bus,
    socket: PathBuf,
}

/// A subscriber; it connects when it subscribes.
pub(in crate::driver) fn subscribing(bus: Bus, socket: &Path) -> Result<Arc<dyn EventBus>, String> {
    spoken::by(bus)?;
    Ok(Arc::new(Subscribing { bus, socket: socket.to_owned() }))
}

impl Subscribing {
    async fn open(&self, asked: &EventSubscription) -> Result<PeerInbox, String> {
        let speech = spoken::by(self.bus)?;
        let mut said = Vec::new();
        speech.hello(&mut said, &asked.subscriber_id);
        for text in &asked.topic_patterns {
            let pattern = TopicPattern::new(text).map_err(|cause| cause.to_string())?;
            speech.subscribe(&mut said, &pattern)?;
        }
        speech.question(&mut said);
        let failed = |cause: std::io::Error| cause.to_string();
        let stream = Stream::connect(self.bus, &self.socket).map_err(failed)?;
        let mut written = 0;
        while written < said.len() {
            written += stream.write_some(&said[written..]).await.map_err(failed)?;
        }
        let mut inbox = PeerInbox::new(stream, speech);
        std::future::poll_fn(|cx| inbox.poll_answer(cx)).await?;
        Ok(inbox)
    }
}

#[async_trait]
impl EventBus for Subscribing {
    async fn publish_to(
        &self,
        _: Topic,
        _: CollectionEvent,
        _: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        Err(PublishError::Closed)
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        let waited = SUBSCRIBE_LIMIT;
        let opened = timeout(waited, self.open(&subscription)).await;
        let opened = opened.map_err(|_| SubscribeError::Timeout { waited })?;
        let inbox = opened.map_err(|reason| SubscribeError::Disconnected { reason })?;
        Ok(EventReceiver::new(inbox))
    }

    async fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        Err(UnsubscribeError::Unknown { id: id.to_owned() })
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        let reason = "a broker of others has no counters of ours".to_owned();
        Err(StatisticsError::Disconnected { reason })
    }

    /// Subscriptions end with their receivers.
    async fn shutdown(&self, _: Duration) -> Result<(), ShutdownError> {
        Ok(())
    }
}

/// The events of one subscription; ends with its connection.
struct PeerInbox {
    stream: Stream,
    speech: Box<dyn Speech>,
    reading: Reading,
    decoder: EventDecoder,
    /// Of the last piece.
    decoded: VecDeque<Delivery>,
    /// Where in a piece its payloads are; kept for its allocation.
    payloads: Vec<std::ops::Range<usize>>,
    position: u64,
    answered: bool,
    /// Why nothing more will come.
    ended: Option<String>,
}

impl PeerInbox {
    fn new(stream: Stream, speech: Box<dyn Speech>) -> Self {
        Self {
            stream,
            speech,
            reading: Reading::new(),
            decoder: EventDecoder::default(),
            decoded: VecDeque::new(),
            payloads: Vec::new(),
            position: 0,
            answered: false,
            ended: None,
        }
    }

    /// Waits for the answer to the question that stands behind the subscription.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        loop {
            while self.ended.is_none() && !self.answered && self.takes_in() {}
            if self.answered {
                return Poll::Ready(Ok(()));
            }
            if let Some(why) = &self.ended {
                return Poll::Ready(Err(why.clone()));
            }
            ready!(self.poll_fill(cx));
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ended = match ready!(self.reading.poll_fill(&self.stream, cx)) {
            Ok(true) => None,
            Ok(false) => Some("the server closed the connection".to_owned()),
            Err(cause) => Some(cause.to_string()),
        };
        self.ended = ended;
        Poll::Ready(())
    }

    /// Takes a piece of what was read; whether there was one. What cannot be read ends the
    /// subscription, and is told.
    fn takes_in(&mut self) -> bool {
        let before = self.reading.filled().len();
        if let Err(why) = self.piece() {
            tracing::warn!(why, "a subscription ends");
            self.ended = Some(why);
            return false;
        }
        self.reading.filled().len() < before
    }

    fn piece(&mut self) -> Result<(), String> {
        let filled = self.reading.filled();
        let mut length = 0;
        self.payloads.clear();
        while length < PIECE_BYTES
            && let Some((heard, used)) = self.speech.next(&filled[length..])?
        {
            match heard {
                Heard::Event(payload) => {
                    self.payloads.push(length + payload.start..length + payload.end);
                }
                Heard::Answer => self.answered = true,
                Heard::Question => answer(&self.stream, &*self.speech)?,
                Heard::Courtesy => {}
            }
            length += used;
        }
        if !self.payloads.is_empty() {
            let piece = Bytes::copy_from_slice(&filled[..length]);
            for payload in &self.payloads {
                let event = self.decoder.decode_payload(&piece, &piece[payload.clone()]);
                let event = Arc::new(event.map_err(|cause| cause.to_string())?);
                self.position += 1;
                self.decoded.push_back(Delivery { event, position: self.position });
            }
        }
        self.reading.consume(length);
        Ok(())
    }

    fn next(&mut self) -> Option<Delivery> {
        while self.decoded.is_empty() && self.ended.is_none() && self.takes_in() {}
        self.decoded.pop_front()
    }
}

/// Nothing else is ever written by a subscriber that stands, so that there is room.
fn answer(stream: &Stream, speech: &dyn Speech) -> Result<(), String> {
    let mut said = Vec::new();
    speech.answer(&mut said);
    match stream.try_write(&said) {
        Ok(written) if written == said.len() => Ok(()),
        Ok(_) => Err("a sign of life was not taken whole".to_owned()),
        Err(cause) => Err(cause.to_string()),
    }
}

impl Inbox for PeerInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        loop {
            if let Some(delivery) = self.next() {
                return Poll::Ready(Some(delivery));
            }
            if self.ended.is_some() {
                return Poll::Ready(None);
            }
            ready!(self.poll_fill(cx));
        }
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        match self.next() {
            Some(delivery) => Ok(delivery),
            None if self.ended.is_some() => Err(TryRecvError::Ended),
            None => Err(TryRecvError::Empty),
        }
    }

    fn lagged(&self) -> u64 {
        0
    }
}
