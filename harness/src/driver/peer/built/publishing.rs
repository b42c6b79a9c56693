//! A publisher's handle: events are encoded as for our own broker, and said to another one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::{
    ByteString, CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventId,
    EventReceiver, EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError,
    Topic, UnsubscribeError, wire,
};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::line::{Line, Reading};
use super::socket::Stream;
use super::speech::{Heard, Speech};
use super::spoken;
use crate::plan::Bus;

/// A server answers a question within this time, whatever waits before it.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A handle that publishes alone.
struct Publishing {
    name: ByteString,
    speech: Arc<dyn Speech>,
    line: Arc<Line>,
    sequence: AtomicU64,
    /// Questions the server has answered; its other end goes with the reader.
    answers: watch::Receiver<u64>,
    /// Writer and reader; a lock, as handles are shared, wanted by `shutdown` alone.
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Connects a publisher. Call within a runtime that lives as long as the handle.
pub(in crate::driver) async fn publishing(
    bus: Bus,
    socket: &Path,
    name: &str,
) -> Result<Arc<dyn EventBus>, String> {
    let speech: Arc<dyn Speech> = Arc::from(spoken::by(bus)?);
    let stream =
        Stream::connect(bus, socket).map_err(|cause| format!("{}: {cause}", bus.as_str()))?;
    let line = Arc::new(Line::new(stream));
    let (answered, answers) = watch::channel(0);
    let (writer, reader) = (Arc::clone(&line), Arc::clone(&line));
    let reading = read(reader, Arc::clone(&speech), answered);
    let tasks = vec![tokio::spawn(async move { writer.write_all().await }), tokio::spawn(reading)];
    line.say(|out| speech.hello(out, name)).await?;
    let (name, sequence, tasks) = (name.into(), AtomicU64::new(0), Mutex::new(tasks));
    let handle = Publishing { name, speech, line, sequence, answers, tasks };
    handle.ask(ANSWER_LIMIT).await?;
    Ok(Arc::new(handle))
}

impl Publishing {
    /// Returns once the server has dealt with everything that was said before.
    async fn ask(&self, limit: Duration) -> Result<(), String> {
        let mut answers = self.answers.clone();
        let before = *answers.borrow_and_update();
        let asked = async {
            self.line.say(|out| self.speech.question(out)).await?;
            let answered = answers.wait_for(|answers| *answers > before).await;
            answered.map(|_| ()).map_err(|_| "the connection ended".to_owned())
        };
        timeout(limit, asked).await.unwrap_or_else(|_| Err(format!("no answer for {limit:?}")))
    }
}

/// Reads whatever a server says to a publisher, until the connection ends or it complains.
async fn read(line: Arc<Line>, speech: Arc<dyn Speech>, answered: watch::Sender<u64>) {
    let mut reading = Reading::new();
    let why = loop {
        let filled = std::future::poll_fn(|cx| reading.poll_fill(&line.stream, cx)).await;
        match filled {
            Ok(true) => {}
            Ok(false) => break "the server closed the connection".to_owned(),
            Err(cause) => break cause.to_string(),
        }
        if let Err(why) = take(&mut reading, &line, &*speech, &answered).await {
            break why;
        }
    };
    line.end(&why);
}

async fn take(
    reading: &mut Reading,
    line: &Line,
    speech: &dyn Speech,
    answered: &watch::Sender<u64>,
) -> Result<(), String> {
    while let Some((heard, used)) = speech.next(reading.filled())? {
        match heard {
            Heard::Answer => answered.send_modify(|answers| *answers += 1),
            Heard::Question => line.say(|out| speech.answer(out)).await?,
            Heard::Event(_) | Heard::Courtesy => {}
        }
        reading.consume(used);
    }
    Ok(())
}

#[async_trait]
impl EventBus for Publishing {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let id = EventId { publisher: self.name.clone(), incarnation: 0, sequence };
        let correlation = correlation.as_ref();
        let said = self.line.say(|out| {
            let head = |out: &mut Vec<u8>, bytes| self.speech.publish_head(out, &topic, bytes);
            wire::encode_payload(out, head, &id, &topic, monotonic_ns(), &event, correlation);
            self.speech.publish_tail(out);
        });
        let lost = |reason| PublishError::Disconnected { reason, undelivered: 0 };
        said.await.map_err(lost)
    }

    async fn subscribe(&self, _: EventSubscription) -> Result<EventReceiver, SubscribeError> {
        Err(SubscribeError::Closed)
    }

    async fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        Err(UnsubscribeError::Unknown { id: id.to_owned() })
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        let reason = "a broker of others has no counters of ours".to_owned();
        Err(StatisticsError::Disconnected { reason })
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        if self.tasks.lock().is_empty() {
            return Ok(());
        }
        let asked = self.ask(deadline).await;
        self.line.end("it was shut down");
        for task in std::mem::take(&mut *self.tasks.lock()) {
            task.abort();
        }
        asked.map_err(|reason| ShutdownError::Disconnected { reason, undelivered: 0 })
    }
}
