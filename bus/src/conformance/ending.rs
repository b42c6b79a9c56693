//! Shutdown and cancellation (C13, C14).

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::stage::{Failure, Publisher, Stage, ensure, ensure_eq, refusal, subscription};
use super::{Case, Stall, Traits, events, stage};
use crate::{EventBus, PublishError, ShutdownError, SubscribeError};

const TOPIC: &str = "events.process.lifecycle";
/// Size of an event where buffers on the way are counted in bytes, bytes.
const LARGE_BYTES: usize = 16 * 1024;
/// A deadline that is waited for.
const DEADLINE: Duration = Duration::from_millis(50);

pub(super) const CASES: &[Case] = &[
    Case::new("after_shutdown_everything_new_is_refused", &["C13"], |stage| {
        Box::pin(after_shutdown_everything_new_is_refused(stage))
    }),
    Case::new("receivers_drain_and_then_end_at_shutdown", &["C13"], |stage| {
        Box::pin(receivers_drain_and_then_end(stage))
    }),
    Case::new("everything_accepted_arrives_before_the_end", &["C13", "C7"], |stage| {
        Box::pin(everything_accepted_arrives(stage))
    }),
    Case::new(
        "what_a_publisher_had_accepted_arrives_although_it_leaves",
        &["C13", "C7"],
        |stage| Box::pin(what_a_publisher_had_accepted_arrives(stage)),
    )
    .unless(|traits| {
        (!traits.several_connections).then_some("its publishers do not leave one by one")
    }),
    Case::new("what_the_deadline_cuts_off_is_counted_as_dropped", &["C13", "C12"], |stage| {
        Box::pin(what_the_deadline_cuts_off_is_counted(stage))
    })
    .unless(|traits| match traits.stall {
        Stall::Exact { beyond_capacity: 0 } => {
            Some("it accepts nothing that is not in a subscriber's queue at once")
        }
        Stall::Never => Some("it hands over what it accepted without waiting for anybody"),
        Stall::Exact { .. } | Stall::Bytes { .. } => None,
    }),
    Case::new("a_receiver_that_waits_is_woken_by_shutdown", &["C13", "C14"], |stage| {
        Box::pin(a_waiting_receiver_is_woken(stage))
    }),
    Case::new("cancelling_a_receive_loses_nothing", &["C14"], |stage| {
        Box::pin(cancelling_a_receive_loses_nothing(stage))
    }),
    Case::new("a_cancelled_publish_happens_whole_or_not_at_all", &["C14"], |stage| {
        Box::pin(a_cancelled_publish_is_whole_or_nothing(stage))
    })
    .unless(Traits::why_no_stall),
    Case::new("a_cancelled_subscribe_leaves_nothing_behind", &["C14", "C10"], |stage| {
        Box::pin(a_cancelled_subscribe_leaves_nothing(stage))
    }),
];

async fn shut_down(bus: &dyn EventBus) -> Result<(), Failure> {
    let ended = stage::within("shutdown", bus.shutdown(stage::WATCHDOG)).await?;
    ended.map_err(|error| Failure::new(format!("shutdown: {error}")))
}

async fn after_shutdown_everything_new_is_refused(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("only").await?;
    let mut publisher = Publisher::new(Arc::clone(&bus), "first");
    publisher.send(TOPIC).await?;
    shut_down(&*bus).await?;
    let outcome = publisher.try_send(TOPIC, events::process(1), None).await?;
    ensure_eq("publishing after shutdown", &outcome, &Err(PublishError::Closed))?;
    let error = refusal(&*bus, subscription("late", &["events.#"])).await?;
    ensure_eq("subscribing after shutdown", &error, &SubscribeError::Closed)?;
    shut_down(&*bus).await
}

async fn receivers_drain_and_then_end(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut slow = stage::listen_on(&*bus, subscription("slow", &["events.#"])).await?;
    let mut fence = stage::listen_on(&*bus, subscription("fence", &["events.#"])).await?;
    let mut publisher = stage.publisher("first").await?;
    let sent = publisher.send_many(TOPIC, 20).await?;
    fence.expect_all(&sent).await?;
    let last = publisher.send(TOPIC).await?;
    fence.expect(&last).await?;
    shut_down(&*bus).await?;
    fence.expect_end().await?;
    slow.expect_all(&sent).await?;
    // Between connections the fence proves only what came before it.
    if !stage.traits().several_connections {
        slow.expect(&last).await?;
        slow.expect_end().await?;
    }
    Ok(())
}

/// Without any fence: what `publish` accepted is delivered before the receiver ends.
async fn everything_accepted_arrives(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("listener", &["events.#"]).await?;
    let mut publisher = stage.publisher("first").await?;
    let sent = publisher.send_many(TOPIC, 100).await?;
    let receiving = async {
        listener.expect_all(&sent).await?;
        listener.expect_end().await
    };
    let (ended, received) = tokio::join!(stage.end(stage::WATCHDOG), receiving);
    let ended = ended?;
    received?;
    ensure_eq("shutdown", &ended.outcome, &Ok(()))?;
    ensure_eq("events published", &ended.figures.events_published, &100)?;
    ensure_eq("events delivered", &ended.figures.events_delivered, &100)?;
    ensure_eq("events dropped", &ended.figures.events_dropped, &0)?;
    ensure_eq("active subscribers", &ended.figures.active_subscribers, &0)
}

/// The same for a publisher that ends its own session while the bus lives on.
async fn what_a_publisher_had_accepted_arrives(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("listener", &["events.#"]).await?;
    let mut publisher = stage.publisher("first").await?;
    let sent = publisher.send_many(TOPIC, 100).await?;
    shut_down(publisher.bus()).await?;
    let mut later = stage.publisher("second").await?;
    let fence = later.send(TOPIC).await?;
    listener.expect_all(&sent).await?;
    listener.expect(&fence).await?;
    listener.expect_nothing()
}

async fn what_the_deadline_cuts_off_is_counted(stage: Stage) -> Result<(), Failure> {
    let stalled = subscription("stalled", &["events.#"]).with_capacity(2);
    let mut stalled = stage.listen(stalled).await?;
    let mut publisher = stage.publisher("first").await?;
    let beyond_capacity = match stage.traits().stall {
        Stall::Exact { beyond_capacity } => beyond_capacity,
        Stall::Bytes { .. } => 50,
        Stall::Never => 0,
    };
    let sent = publisher.send_many(TOPIC, 2 + beyond_capacity).await?;
    stage::reached(publisher.bus()).await?;
    let ended = stage.end(DEADLINE).await?;
    let lost = beyond_capacity as u64;
    let is_told = matches!(
        ended.outcome,
        Err(ShutdownError::Deadline { undelivered, .. }) if undelivered == lost
    );
    ensure(is_told, || format!("found {ended:?}, expected {lost} undelivered"))?;
    ensure_eq("events delivered", &ended.figures.events_delivered, &2)?;
    ensure_eq("events dropped", &ended.figures.events_dropped, &lost)?;
    stalled.expect_all(&sent[..2]).await?;
    stalled.expect_end().await
}

async fn a_waiting_receiver_is_woken(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut listener = stage::listen_on(&*bus, subscription("listener", &["events.#"])).await?;
    let mut receiving = pin!(listener.receiver().recv());
    let first_poll = poll_once(receiving.as_mut());
    ensure(first_poll.is_pending(), || "an event arrived that nobody sent".to_owned())?;
    let (received, ended) =
        tokio::join!(stage::within("the end of the receiver", receiving), shut_down(&*bus));
    ended?;
    ensure(received?.is_none(), || "an event arrived that nobody sent".to_owned())
}

async fn cancelling_a_receive_loses_nothing(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("listener", &["events.#"]).await?;
    let mut publisher = stage.publisher("first").await?;
    for _ in 0..50 {
        // Cancelled while waiting, with its waker registered.
        let was_pending = poll_once(pin!(listener.receiver().recv())).is_pending();
        ensure(was_pending, || "an event arrived that nobody sent".to_owned())?;
        let sent = publisher.send_many(TOPIC, 2).await?;
        listener.expect_all(&sent).await?;
    }
    Ok(())
}

/// Every call is polled once and dropped: it has either accepted its event by then, or never does.
async fn a_cancelled_publish_is_whole_or_nothing(stage: Stage) -> Result<(), Failure> {
    let stalled = subscription("stalled", &["events.#"]).with_capacity(2);
    let mut stalled = stage.listen(stalled).await?;
    let mut publisher = stage.publisher("first").await?;
    let (bytes, most) = match stage.traits().stall {
        Stall::Exact { beyond_capacity } => (16, 2 + beyond_capacity),
        Stall::Bytes { limit } => (LARGE_BYTES, limit / LARGE_BYTES),
        Stall::Never => (16, 0),
    };
    let mut accepted = Vec::new();
    let mut cancelled = 0;
    while cancelled < 10 {
        let event = events::process_of_size(bytes);
        let polled = poll_once(pin!(publisher.try_send(TOPIC, event, None)));
        match polled {
            Poll::Ready(outcome) => {
                outcome?.map_err(|error| Failure::new(format!("publishing: {error}")))?;
                accepted.push(publisher.last());
            }
            Poll::Pending => cancelled += 1,
        }
        let fit = accepted.len() <= most;
        ensure(fit, || format!("{} events were accepted, at most {most} fit", accepted.len()))?;
    }
    stalled.expect_all(&accepted).await?;
    let after = publisher.send_many(TOPIC, 2).await?;
    stalled.expect_all(&after).await?;
    stalled.expect_nothing()
}

async fn a_cancelled_subscribe_leaves_nothing(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut witness = stage::listen_on(&*bus, subscription("witness", &["events.#"])).await?;
    let mut publisher = stage.publisher("first").await?;
    for round in 0..10 {
        let id = format!("hasty-{round}");
        // Its outcome does not matter; that it leaves no subscription does.
        drop(poll_once(pin!(bus.subscribe(subscription(&id, &["events.#"])))));
        let sent = publisher.send(TOPIC).await?;
        witness.expect(&sent).await?;
    }
    let publishing = async {
        loop {
            let sent = publisher.send(TOPIC).await?;
            witness.expect(&sent).await?;
            if stage::statistics(&*bus).await?.active_subscribers == 1 {
                return Ok(());
            }
        }
    };
    stage::within("the removal of cancelled subscriptions", publishing).await?
}

/// Polls a future once with a waker that does nothing.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
