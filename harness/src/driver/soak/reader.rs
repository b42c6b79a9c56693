//! The part that reads everything and follows the numbers of each publisher.

use std::sync::Arc;

use daemoneye_eventbus::{BusEvent, EventBus, EventReceiver, EventSubscription};
use tokio::runtime::Builder;

use super::line::{Assignment, Order, Reply};
use super::link::{self, CLOSE_LIMIT, Orders, TOPIC};
use crate::driver::part::tell;
use crate::record::{Reading, SequenceRun};

/// Reads until told to leave.
pub(super) fn run(
    assignment: &Assignment,
    publishers: usize,
    orders: Orders,
) -> Result<(), String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| cause.to_string())?;
    let runs = vec![SequenceRun::default(); publishers];
    let reading = Reading { name: assignment.name.clone(), runs, foreign: 0, lagged: 0 };
    runtime.block_on(read_all(assignment, reading, orders))
}

async fn read_all(
    assignment: &Assignment,
    mut reading: Reading,
    mut orders: Orders,
) -> Result<(), String> {
    let bus = link::connect(assignment).await?;
    let wanted = EventSubscription::new(&assignment.name).with_pattern(TOPIC);
    let subscribed = bus.subscribe(wanted).await;
    let mut receiver = subscribed.map_err(|cause| format!("subscribing: {cause}"))?;
    tell(&Reply::Ready);
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Leave) | None => break,
                Some(_) => report(&mut reading, &receiver),
            },
            event = receiver.recv() => match event {
                Some(event) => take(&mut reading, &event),
                None => return Err("the subscription ended by itself".to_owned()),
            },
        }
    }
    leave(bus, &assignment.name, &mut receiver, &mut reading).await?;
    report(&mut reading, &receiver);
    Ok(())
}

/// Unsubscribes, takes what was on its way, and closes: C2 owes a prefix of the rest.
async fn leave(
    bus: Arc<dyn EventBus>,
    name: &str,
    receiver: &mut EventReceiver,
    reading: &mut Reading,
) -> Result<(), String> {
    bus.unsubscribe(name).await.map_err(|cause| format!("unsubscribing: {cause}"))?;
    while let Some(event) = receiver.recv().await {
        take(reading, &event);
    }
    bus.shutdown(CLOSE_LIMIT).await.map_err(|cause| format!("leaving: {cause}"))
}

fn take(reading: &mut Reading, event: &BusEvent) {
    let header = event.event.header();
    let publisher = header.source.strip_prefix('p').and_then(|index| index.parse::<usize>().ok());
    match publisher.and_then(|index| reading.runs.get_mut(index)) {
        Some(run) => run.take(header.source_sequence),
        None => reading.foreign += 1,
    }
}

fn report(reading: &mut Reading, receiver: &EventReceiver) {
    reading.lagged = receiver.lagged();
    tell(&Reply::Read(reading.clone()));
}
