//! Subscribers that stop reading, under each policy (C11, C14).

use std::time::Duration;

use super::stage::{
    Failure, Listener, Origin, Publisher, Stage, ensure, ensure_eq, figures, settled, subscription,
};
use super::{Case, Conditions, Queue, Stall, Traits, events, stage};
use crate::contract::{BreakerConfig, BreakerState, SubscriptionStatistics};
use crate::{EventSubscription, OverflowPolicy, PublishError};

/// Capacity of the subscriber that stops reading.
const CAPACITY: usize = 4;
/// Size of an event where buffers on the way are counted in bytes, bytes.
const LARGE_BYTES: usize = 16 * 1024;
const TOPIC: &str = "events.process.lifecycle";
/// Longer than any test: what must not happen meanwhile does not happen by itself.
const LONG: Duration = Duration::from_hours(1);

pub(super) const CASES: &[Case] = &[
    Case::new("block_makes_publishers_wait_and_loses_nothing", &["C11", "C14"], |stage| {
        Box::pin(block_makes_publishers_wait(stage))
    })
    .under(Conditions::impatient())
    .unless(Traits::why_no_stall),
    Case::new("a_waiting_publisher_continues_when_there_is_room", &["C11"], |stage| {
        Box::pin(a_waiting_publisher_continues(stage))
    })
    .unless(Traits::why_no_stall),
    Case::new("unsubscribing_a_stopped_subscriber_frees_the_publishers", &["C11", "C2"], |stage| {
        Box::pin(unsubscribing_frees_the_publishers(stage))
    })
    .unless(Traits::why_no_stall),
    Case::new("drop_newest_loses_only_its_own_newest", &["C11", "C12"], |stage| {
        Box::pin(drop_newest_loses_its_newest(stage))
    })
    .unless(Traits::why_no_policies),
    Case::new("drop_oldest_loses_only_its_own_oldest", &["C11", "C12"], |stage| {
        Box::pin(drop_oldest_loses_its_oldest(stage))
    })
    .unless(|traits| {
        let has_none = (!traits.drops_oldest).then_some("it has no drop-oldest policy");
        traits.why_no_policies().or(has_none)
    }),
    Case::new("an_open_circuit_refuses_until_its_cool_down", &["C11", "C12"], |stage| {
        Box::pin(an_open_circuit_refuses(stage))
    })
    .unless(Traits::why_no_policies),
    Case::new("a_circuit_half_opens_after_its_cool_down_and_closes", &["C11"], |stage| {
        Box::pin(a_circuit_half_opens(stage))
    })
    .unless(Traits::why_no_policies),
];

async fn block_makes_publishers_wait(stage: Stage) -> Result<(), Failure> {
    let mut stalled = stage.listen(stopped(OverflowPolicy::Block)).await?;
    let mut publisher = stage.publisher("first").await?;
    let accepted = publish_until_refused(&stage, &mut publisher).await?;
    stalled.expect_all(&accepted).await?;
    // What was refused does not arrive: the next one accepted comes next.
    let next = publisher.send(TOPIC).await?;
    stalled.expect(&next).await?;
    ensure_eq("events lost", &stalled.receiver().lagged(), &0)
}

/// Publishes until the publish limit says no; checks how many were accepted.
async fn publish_until_refused(
    stage: &Stage,
    publisher: &mut Publisher,
) -> Result<Vec<Origin>, Failure> {
    let bytes = event_bytes(stage);
    let most = match stage.traits().stall {
        Stall::Exact { beyond_capacity } => CAPACITY + beyond_capacity,
        Stall::Bytes { limit } => limit / bytes,
        Stall::Never => 0,
    };
    let mut accepted = Vec::new();
    while accepted.len() <= most {
        match publisher.try_send(TOPIC, events::process_of_size(bytes), None).await? {
            Ok(()) => accepted.push(publisher.last()),
            Err(PublishError::Timeout { waited }) => {
                ensure(waited > Duration::ZERO, || "timed out without waiting".to_owned())?;
                let is_exact = matches!(stage.traits().stall, Stall::Exact { .. });
                ensure(
                    accepted.len() >= CAPACITY && (!is_exact || accepted.len() == most),
                    || format!("{} events were accepted, expected {most}", accepted.len()),
                )?;
                return Ok(accepted);
            }
            Err(error) => return Err(Failure::new(format!("refused with {error:?}"))),
        }
    }
    Err(Failure::new(format!("{} events were accepted, at most {most} fit", accepted.len())))
}

async fn a_waiting_publisher_continues(stage: Stage) -> Result<(), Failure> {
    let mut stalled = stage.listen(stopped(OverflowPolicy::Block)).await?;
    let mut publisher = stage.publisher("first").await?;
    let bytes = event_bytes(&stage);
    let events = match stage.traits().stall {
        Stall::Exact { beyond_capacity } => 3 * (CAPACITY + beyond_capacity),
        Stall::Bytes { limit } => 2 * limit / bytes,
        Stall::Never => 0,
    };
    let publishing = tokio::spawn(async move {
        for _ in 0..events {
            publisher.send_with(TOPIC, events::process_of_size(bytes), None).await?;
        }
        Ok(())
    });
    for number in (1..).take(events) {
        stalled.expect(&("first".to_owned(), number)).await?;
    }
    publishing.await.map_err(|error| Failure::new(format!("the publisher's task: {error}")))?
}

async fn unsubscribing_frees_the_publishers(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let _stalled = stage::listen_on(&*bus, stopped(OverflowPolicy::Block)).await?;
    let mut publisher = stage.publisher("first").await?;
    let extra = match stage.traits().stall {
        Stall::Exact { beyond_capacity } => beyond_capacity,
        Stall::Bytes { .. } | Stall::Never => 4,
    };
    publisher.send_many(TOPIC, CAPACITY + extra).await?;
    stage::unsubscribe(&*bus, "stopped").await?;
    let mut witness = stage.listen_to("witness", &["events.#"]).await?;
    let after = publisher.send_many(TOPIC, 2 * (CAPACITY + extra)).await?;
    witness.expect_all(&after).await
}

async fn drop_newest_loses_its_newest(stage: Stage) -> Result<(), Failure> {
    let mut scene = Scene::open(&stage, OverflowPolicy::DropNewest).await?;
    let sent = scene.publish_until(&stage, |own| own.dropped >= 3).await?;
    let own = scene.figures().await?;
    let kept = receivable(&own)?;
    if stage.traits().queue == Queue::Exact {
        ensure_eq("events kept", &kept, &CAPACITY)?;
    }
    scene.stopped.expect_all(&sent[..CAPACITY]).await?;
    let rest = scene.stopped.take(kept - CAPACITY).await?;
    ensure(is_subsequence(&rest, &sent[CAPACITY..]), || format!("{rest:?} is out of order"))?;
    scene.check_gap(sent.len(), own.dropped).await
}

async fn drop_oldest_loses_its_oldest(stage: Stage) -> Result<(), Failure> {
    let mut scene = Scene::open(&stage, OverflowPolicy::DropOldest).await?;
    let sent = scene.publish_until(&stage, |own| own.dropped >= 3).await?;
    let own = scene.figures().await?;
    let kept = receivable(&own)?;
    let received = scene.stopped.take(kept).await?;
    ensure_eq("last event kept", &received.last(), &sent.last())?;
    if stage.traits().queue == Queue::Exact {
        ensure_eq("events kept", &received, &sent[sent.len() - CAPACITY..].to_vec())?;
    }
    ensure(is_subsequence(&received, &sent), || format!("{received:?} is out of order"))?;
    scene.check_gap(sent.len(), own.dropped).await
}

async fn an_open_circuit_refuses(stage: Stage) -> Result<(), Failure> {
    let breaker = BreakerConfig { losses: 3, window: LONG, cool_down: LONG };
    let mut scene = Scene::open(&stage, OverflowPolicy::CircuitBreak(breaker)).await?;
    scene.publish_until(&stage, |own| own.breaker == BreakerState::Open).await?;
    let own = scene.figures().await?;
    ensure_eq("losses that opened the circuit", &own.dropped, &u64::from(breaker.losses))?;
    scene.stopped.take(receivable(&own)?).await?;
    // There is room again, and still the circuit refuses.
    for _ in 0..5 {
        scene.publish(16).await?;
    }
    let own = scene.figures().await?;
    ensure_eq("events lost", &own.dropped, &(u64::from(breaker.losses) + 5))?;
    ensure_eq("state of the circuit", &own.breaker, &BreakerState::Open)?;
    // In another process the losses since the last delivery may show with the next one.
    let lagged = scene.stopped.receiver().lagged();
    let is_told = lagged == own.dropped;
    ensure(is_told || (stage.traits().several_connections && lagged <= own.dropped), || {
        format!("lagged: found {lagged}, expected {}", own.dropped)
    })?;
    scene.stopped.expect_nothing()
}

async fn a_circuit_half_opens(stage: Stage) -> Result<(), Failure> {
    let cool_down = Duration::from_millis(5);
    let breaker = BreakerConfig { losses: 1, window: LONG, cool_down };
    let mut scene = Scene::open(&stage, OverflowPolicy::CircuitBreak(breaker)).await?;
    scene.publish_until(&stage, |own| own.dropped >= 1).await?;
    let before = scene.figures().await?;
    scene.stopped.take(receivable(&before)?).await?;
    let probing = async {
        loop {
            let probe = scene.publish(16).await?;
            let own = scene.figures().await?;
            if own.matched - own.dropped > before.matched - before.dropped {
                ensure_eq("state of the circuit", &own.breaker, &BreakerState::Closed)?;
                scene.stopped.expect(&probe).await?;
                let lagged = scene.stopped.receiver().lagged();
                return ensure_eq("lagged after a delivery", &lagged, &own.dropped);
            }
        }
    };
    stage::within("the circuit to let an event pass", probing).await?
}

/// One subscriber that reads nothing, one that reads everything, on one handle.
struct Scene {
    stopped: Listener,
    reading: Listener,
    publisher: Publisher,
    sent: u64,
}

impl Scene {
    async fn open(stage: &Stage, policy: OverflowPolicy) -> Result<Self, Failure> {
        let bus = stage.handle("subscribers").await?;
        Ok(Self {
            stopped: stage::listen_on(&*bus, stopped(policy)).await?,
            reading: stage::listen_on(&*bus, subscription("reading", &["events.#"])).await?,
            publisher: stage.publisher("first").await?,
            sent: 0,
        })
    }

    /// Publishes one event that the reading subscriber must get.
    async fn publish(&mut self, bytes: usize) -> Result<Origin, Failure> {
        let event = events::process_of_size(bytes);
        let origin = self.publisher.send_with(TOPIC, event, None).await?;
        self.reading.expect(&origin).await?;
        self.sent += 1;
        Ok(origin)
    }

    /// Publishes until the stopped subscriber's figures are as wanted.
    async fn publish_until(
        &mut self,
        stage: &Stage,
        is_enough: impl Fn(&SubscriptionStatistics) -> bool,
    ) -> Result<Vec<Origin>, Failure> {
        let bytes = event_bytes(stage);
        let most = match stage.traits().queue {
            Queue::Exact | Queue::Shared => CAPACITY + 10,
            Queue::Bytes { limit } => CAPACITY + 10 + limit / bytes,
        };
        let mut sent = Vec::new();
        while sent.len() < most {
            sent.push(self.publish(bytes).await?);
            if is_enough(&self.figures().await?) {
                return Ok(sent);
            }
        }
        Err(Failure::new(format!("{most} events behind a stopped subscriber lost none")))
    }

    /// The stopped subscriber's figures once every event so far is accounted for.
    async fn figures(&mut self) -> Result<SubscriptionStatistics, Failure> {
        let sent = self.sent;
        settled(self.publisher.bus(), "every event to be counted", |all| {
            all.subscriptions
                .iter()
                .any(|own| own.subscriber_id == "stopped" && own.matched >= sent)
        })
        .await?;
        figures(self.publisher.bus(), "stopped").await
    }

    /// The loss is visible as `lagged` and as a gap before the next event.
    async fn check_gap(&mut self, sent: usize, dropped: u64) -> Result<(), Failure> {
        ensure_eq("lagged", &self.stopped.receiver().lagged(), &dropped)?;
        ensure_eq("lagged of the other", &self.reading.receiver().lagged(), &0)?;
        let next = self.publish(16).await?;
        self.stopped.expect(&next).await?;
        let position = self.stopped.receiver().position();
        ensure_eq("position after the gap", &position, &(sent as u64 + 1))
    }
}

fn stopped(policy: OverflowPolicy) -> EventSubscription {
    subscription("stopped", &["events.#"]).with_capacity(CAPACITY).with_policy(policy)
}

/// Events the subscriber can still receive.
fn receivable(own: &SubscriptionStatistics) -> Result<usize, Failure> {
    let kept = own.matched.checked_sub(own.dropped).and_then(|kept| usize::try_from(kept).ok());
    kept.ok_or_else(|| Failure::new(format!("more dropped than matched: {own:?}")))
}

fn event_bytes(stage: &Stage) -> usize {
    match (stage.traits().stall, stage.traits().queue) {
        (Stall::Exact { .. } | Stall::Never, Queue::Exact) => 16,
        _ => LARGE_BYTES,
    }
}

fn is_subsequence(part: &[Origin], whole: &[Origin]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|one| whole.any(|other| other == one))
}
