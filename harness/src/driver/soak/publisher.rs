//! The part that publishes at its rate, to absolute deadlines, and now and then leaves and comes
//! back: its numbers go on where they were.

use std::sync::Arc;

use bytestring::ByteString;
use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use daemoneye_eventbus::{CollectionEvent, EventBus, EventHeader, ProcessEvent, Topic};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::error::TryRecvError;

use super::line::{Assignment, Order, Reply};
use super::link::{self, CLOSE_LIMIT, Orders, TOPIC};
use crate::driver::actor::pacing::sleep_until;
use crate::driver::part::tell;

const NS_PER_S: f64 = 1e9;

struct Publisher<'a> {
    assignment: &'a Assignment,
    /// Runs the connection; this thread sleeps and publishes.
    runtime: Runtime,
    bus: Arc<dyn EventBus>,
    topic: Topic,
    /// One event, sent again and again under another number.
    event: ProcessEvent,
    published: u64,
    refused: u64,
}

/// Publishes until told to leave.
pub(super) fn run(
    assignment: &Assignment,
    index: usize,
    rate: f64,
    mut orders: Orders,
) -> Result<(), String> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|cause| cause.to_string())?;
    let bus = runtime.block_on(link::connect(assignment))?;
    let topic = Topic::new(TOPIC).expect("a topic of the registry");
    let event = event(index);
    let mut publisher =
        Publisher { assignment, runtime, bus, topic, event, published: 0, refused: 0 };
    tell(&Reply::Ready);
    if orders.blocking_recv() != Some(Order::Begin) {
        return Err("the first order is to begin".to_owned());
    }
    tell(&Reply::Ready);
    publisher.publish_all(rate, &mut orders)?;
    publisher.leave()?;
    publisher.report();
    Ok(())
}

impl Publisher<'_> {
    fn publish_all(&mut self, rate: f64, orders: &mut Orders) -> Result<(), String> {
        let began_ns = monotonic_ns();
        loop {
            match orders.try_recv() {
                Ok(Order::Leave) | Err(TryRecvError::Disconnected) => return Ok(()),
                Ok(order) => self.obey(order)?,
                Err(TryRecvError::Empty) => {}
            }
            let planned_ns = (self.published + self.refused) as f64 * NS_PER_S / rate;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and 2^53 ns is 104 days"
            )]
            sleep_until(began_ns + planned_ns as u64);
            self.publish();
        }
    }

    fn publish(&mut self) {
        self.event.header.source_sequence = self.published + 1;
        self.event.header.observed_monotonic_ns = monotonic_ns();
        self.event.header.observed_unix_ns = unix_ns();
        let event = CollectionEvent::Process(self.event.clone());
        match self.runtime.block_on(self.bus.publish_to(self.topic.clone(), event, None)) {
            Ok(()) => self.published += 1,
            Err(_) => self.refused += 1,
        }
    }

    fn obey(&mut self, order: Order) -> Result<(), String> {
        if order == Order::Reconnect {
            self.leave()?;
            self.bus = self.runtime.block_on(link::connect(self.assignment))?;
        }
        self.report();
        Ok(())
    }

    /// Hands over what is still here, and closes.
    fn leave(&self) -> Result<(), String> {
        let left = self.runtime.block_on(self.bus.shutdown(CLOSE_LIMIT));
        left.map_err(|cause| format!("leaving: {cause}"))
    }

    fn report(&self) {
        let (count, refused) = (self.published, self.refused);
        tell(&Reply::Published { count, refused });
    }
}

/// An event as procmond makes them, with a path and some arguments.
fn event(index: usize) -> ProcessEvent {
    let arguments = ["--interval", "30", "--database", "/var/lib/daemoneye/processes.db"];
    ProcessEvent {
        header: EventHeader { source: format!("p{index}").into(), ..EventHeader::default() },
        pid: 4242,
        ppid: Some(1),
        name: "daemoneye-agent".into(),
        executable_path: Some("/usr/lib/daemoneye/daemoneye-agent".into()),
        arguments: arguments.map(ByteString::from_static).to_vec(),
        accessible: true,
        ..ProcessEvent::default()
    }
}
