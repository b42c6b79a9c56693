//! What arrives, how often and in which order (C1–C5, C7), and the end of a
//! subscription by unsubscribing, which the old bus did not have (V6).

use super::stage::{Failure, Origin, Publisher, Stage, ensure, ensure_eq, settled, subscription};
use super::{Case, events, stage};

pub(super) const CASES: &[Case] = &[
    Case::new("every_matching_event_arrives_at_every_subscriber", &["C1"], |stage| {
        Box::pin(every_matching_event_arrives(stage))
    }),
    Case::new("foreign_events_do_not_arrive", &["C2"], |stage| {
        Box::pin(foreign_events_do_not_arrive(stage))
    }),
    Case::new("events_before_the_subscription_do_not_arrive", &["C2"], |stage| {
        Box::pin(events_before_the_subscription_do_not_arrive(stage))
    }),
    Case::new("nothing_arrives_after_unsubscribing", &["C2"], |stage| {
        Box::pin(nothing_arrives_after_unsubscribing(stage))
    }),
    Case::new("what_was_queued_when_unsubscribing_can_still_be_received", &["C2"], |stage| {
        Box::pin(what_was_queued_can_still_be_received(stage))
    }),
    Case::new("churn_leaves_a_suffix_and_a_prefix", &["C1", "C2", "C4"], |stage| {
        Box::pin(churn_leaves_one_run(stage))
    }),
    Case::new("overlapping_patterns_deliver_once", &["C3"], |stage| {
        Box::pin(overlapping_patterns_deliver_once(stage))
    }),
    Case::new("each_publishers_order_is_kept", &["C4"], |stage| {
        Box::pin(each_publishers_order_is_kept(stage))
    }),
    Case::new("each_lane_keeps_its_order", &["C4"], |stage| {
        Box::pin(each_lane_keeps_its_order(stage))
    }),
    Case::new("two_subscribers_agree_on_the_order", &["C5"], |stage| {
        Box::pin(two_subscribers_agree_on_the_order(stage))
    }),
    Case::new("publishing_to_nobody_succeeds_and_counts", &["C7"], |stage| {
        Box::pin(publishing_to_nobody_succeeds(stage))
    }),
];

/// Events of each of two publishers that run at the same time: enough to interleave on any bus,
/// and both together below the usual capacity, so that nobody waits.
const CONCURRENT_EVENTS: usize = 300;
/// Events a publisher sends before it lets the other one have its turn.
const BURST: usize = 3;

async fn every_matching_event_arrives(stage: Stage) -> Result<(), Failure> {
    let mut all = stage.listen_to("all", &["events.#"]).await?;
    let mut network = stage.listen_to("network", &["events.network.+"]).await?;
    let mut exact = stage.listen_to("exact", &["events.process.lifecycle"]).await?;
    let mut publisher = stage.publisher("mixed").await?;
    let mut sent: Vec<(&str, Origin)> = Vec::new();
    for _ in 0..20 {
        for topic in
            ["events.process.lifecycle", "events.network.dns", "events.filesystem.operations"]
        {
            sent.push((topic, publisher.send(topic).await?));
        }
    }
    let on = |wanted: &str| -> Vec<Origin> {
        sent.iter().filter(|(topic, _)| topic.starts_with(wanted)).map(|(_, o)| o.clone()).collect()
    };
    all.expect_all(&on("events")).await?;
    network.expect_all(&on("events.network")).await?;
    exact.expect_all(&on("events.process.lifecycle")).await
}

async fn foreign_events_do_not_arrive(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("picky", &["events.process.+"]).await?;
    let mut publisher = stage.publisher("mixed").await?;
    for foreign in ["events.process", "events.process.tree.update", "events.network.dns"] {
        publisher.send(foreign).await?;
        let wanted = publisher.send("events.process.tree").await?;
        listener.expect(&wanted).await?;
    }
    listener.expect_nothing()
}

async fn events_before_the_subscription_do_not_arrive(stage: Stage) -> Result<(), Failure> {
    let mut early = stage.listen_to("early", &["events.process.#"]).await?;
    let mut publisher = stage.publisher("first").await?;
    let before = publisher.send_many("events.process.lifecycle", 10).await?;
    early.expect_all(&before).await?;
    let mut late = stage.listen_to("late", &["events.process.#"]).await?;
    let after = publisher.send_many("events.process.lifecycle", 3).await?;
    late.expect_all(&after).await?;
    early.expect_all(&after).await
}

async fn nothing_arrives_after_unsubscribing(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut leaving = stage::listen_on(&*bus, subscription("leaving", &["events.#"])).await?;
    let mut staying = stage::listen_on(&*bus, subscription("staying", &["events.#"])).await?;
    let mut publisher = stage.publisher("first").await?;
    let before = publisher.send_many("events.process.lifecycle", 5).await?;
    leaving.expect_all(&before).await?;
    stage::unsubscribe(&*bus, "leaving").await?;
    let after = publisher.send_many("events.process.lifecycle", 5).await?;
    staying.expect_all(&before).await?;
    staying.expect_all(&after).await?;
    leaving.expect_end().await
}

async fn what_was_queued_can_still_be_received(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut leaving = stage::listen_on(&*bus, subscription("leaving", &["events.#"])).await?;
    let mut staying = stage::listen_on(&*bus, subscription("staying", &["events.#"])).await?;
    let mut publisher = stage.publisher("first").await?;
    let sent = publisher.send_many("events.process.lifecycle", 5).await?;
    // The one subscribed last on the same connection has them, so the first has them too.
    let fence = publisher.send("events.process.tree").await?;
    staying.expect_all(&sent).await?;
    staying.expect(&fence).await?;
    stage::unsubscribe(&*bus, "leaving").await?;
    leaving.expect_all(&sent).await?;
    leaving.expect(&fence).await?;
    leaving.expect_end().await
}

/// Subscribes and unsubscribes while events are in flight: what arrives is one unbroken run.
async fn churn_leaves_one_run(stage: Stage) -> Result<(), Failure> {
    let mut publisher = stage.publisher("first").await?;
    let mut witness = stage.listen_to("witness", &["events.#"]).await?;
    let bus = stage.handle("churn").await?;
    for round in 0..5 {
        let id = format!("visitor-{round}");
        publisher.send_many("events.process.lifecycle", 20).await?;
        let mut visitor = stage::listen_on(&*bus, subscription(&id, &["events.#"])).await?;
        let certain = publisher.send_many("events.process.lifecycle", 20).await?;
        let received = run_up_to(&mut visitor, &certain[certain.len() - 1]).await?;
        let unbroken = received.windows(2).all(|pair| pair[1] == pair[0] + 1);
        ensure(unbroken, || format!("{id} received {received:?}: a gap or a change of order"))?;
        ensure(received.first().is_some_and(|first| *first <= certain[0].1), || {
            format!("{id} began with {received:?}, later than {:?}", certain[0])
        })?;
        publisher.send_many("events.process.lifecycle", 10).await?;
        stage::unsubscribe(&*bus, &id).await?;
    }
    let last = publisher.last();
    let seen = run_up_to(&mut witness, &last).await?;
    ensure_eq("events of the witness", &seen, &(1..=last.1).collect())
}

/// Numbers received, up to and with this event.
async fn run_up_to(listener: &mut stage::Listener, last: &Origin) -> Result<Vec<u64>, Failure> {
    let mut numbers = Vec::new();
    loop {
        let (_, number) = stage::origin(&*listener.next().await?);
        numbers.push(number);
        if number == last.1 {
            return Ok(numbers);
        }
    }
}

async fn overlapping_patterns_deliver_once(stage: Stage) -> Result<(), Failure> {
    let patterns =
        ["events.#", "events.process.#", "events.process.lifecycle", "events.+.lifecycle", "#"];
    let mut listener = stage.listen_to("greedy", &patterns).await?;
    let mut publisher = stage.publisher("first").await?;
    let sent = publisher.send_many("events.process.lifecycle", 10).await?;
    let fence = publisher.send("events.network.dns").await?;
    listener.expect_all(&sent).await?;
    listener.expect(&fence).await.map(drop)
}

async fn each_publishers_order_is_kept(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("all", &["events.#"]).await?;
    publish_at_the_same_time(&stage).await?;
    let received = listener.take(2 * CONCURRENT_EVENTS).await?;
    for name in ["first", "second"] {
        let own = received.iter().filter(|(source, _)| source == name);
        let numbers: Vec<u64> = own.map(|(_, number)| *number).collect();
        let expected: Vec<u64> = (1..).take(CONCURRENT_EVENTS).collect();
        ensure_eq(&format!("events of publisher {name}"), &numbers, &expected)?;
    }
    Ok(())
}

/// Control may overtake events and the other way round; within each, order holds.
async fn each_lane_keeps_its_order(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("all", &["#"]).await?;
    let mut publisher = stage.publisher("mixed").await?;
    let mut lanes: [Vec<Origin>; 2] = Default::default();
    for number in 0..150 {
        let (lane, topic) = match number % 3 {
            0 => (0, "control.health.heartbeat"),
            1 => (0, "admin.broker"),
            _ => (1, "events.process.lifecycle"),
        };
        lanes[lane].push(publisher.send(topic).await?);
    }
    let received = listener.take(150).await?;
    for (lane, sent) in ["control and admin", "events"].iter().zip(&lanes) {
        let own: Vec<_> = received.iter().filter(|one| sent.contains(one)).cloned().collect();
        ensure_eq(&format!("events of lane {lane}"), &own, sent)?;
    }
    Ok(())
}

async fn two_subscribers_agree_on_the_order(stage: Stage) -> Result<(), Failure> {
    let mut whole = stage.listen_to("whole", &["events.#"]).await?;
    let mut twin = stage.listen_to("twin", &["events.process.#", "events.network.#"]).await?;
    publish_at_the_same_time(&stage).await?;
    let one = whole.take(2 * CONCURRENT_EVENTS).await?;
    let other = twin.take(2 * CONCURRENT_EVENTS).await?;
    match one.iter().zip(&other).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(Failure::new(format!(
            "event {at} is {:?} for one subscriber and {:?} for the other",
            one[at], other[at]
        ))),
    }
}

/// Two publishers of [`CONCURRENT_EVENTS`] each, in tasks of their own.
async fn publish_at_the_same_time(stage: &Stage) -> Result<(), Failure> {
    let mut first = stage.publisher("first").await?;
    let mut second = stage.publisher("second").await?;
    let (one, other) = tokio::join!(
        tokio::spawn(async move { alternate(&mut first).await }),
        tokio::spawn(async move { alternate(&mut second).await }),
    );
    for outcome in [one, other] {
        outcome.map_err(|error| Failure::new(format!("a publisher's task: {error}")))??;
    }
    Ok(())
}

async fn alternate(publisher: &mut Publisher) -> Result<(), Failure> {
    for number in 0..CONCURRENT_EVENTS {
        let topic = if number % 2 == 0 { "events.process.lifecycle" } else { "events.network.dns" };
        publisher.send(topic).await?;
        // A few at a time, so that neighbours are of one publisher here and of both there, whoever
        // schedules the tasks.
        if number % BURST == BURST - 1 {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

async fn publishing_to_nobody_succeeds(stage: Stage) -> Result<(), Failure> {
    let mut publisher = stage.publisher("lonely").await?;
    for _ in 0..7 {
        publisher.send_with("events.process.lifecycle", events::process(1), None).await?;
    }
    let figures =
        settled(publisher.bus(), "7 published events", |all| all.events_published >= 7).await?;
    ensure_eq("events published", &figures.events_published, &7)?;
    ensure_eq("events delivered", &figures.events_delivered, &0)?;
    ensure_eq("events dropped", &figures.events_dropped, &0)
}
