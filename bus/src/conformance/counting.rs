//! The figures add up, exactly, once nothing is in flight (C12).

use super::stage::{Failure, Stage, ensure, ensure_eq, settled, subscription};
use super::{Case, stage};
use crate::contract::EventBusStatistics;
use crate::{OverflowPolicy, PublishError};

pub(super) const CASES: &[Case] = &[
    Case::new("figures_add_up_at_rest", &["C12"], |stage| Box::pin(figures_add_up(stage))),
    Case::new("figures_never_decrease", &["C12", "C10"], |stage| {
        Box::pin(figures_never_decrease(stage))
    }),
    Case::new("only_accepted_events_count_as_published", &["C12", "C13"], |stage| {
        Box::pin(only_accepted_events_count(stage))
    }),
];

async fn figures_add_up(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut all = stage::listen_on(&*bus, subscription("all", &["events.#"])).await?;
    let mut some = stage::listen_on(&*bus, subscription("some", &["events.network.#"])).await?;
    let lossy = subscription("lossy", &["events.#"])
        .with_capacity(1)
        .with_policy(OverflowPolicy::DropNewest);
    let lossy = stage::listen_on(&*bus, lossy).await?;
    let mut publisher = stage.publisher("mixed").await?;
    for _ in 0..10 {
        let process = publisher.send("events.process.lifecycle").await?;
        let network = publisher.send("events.network.dns").await?;
        all.expect_all(&[process, network.clone()]).await?;
        some.expect(&network).await?;
    }
    let figures =
        settled(&*bus, "50 matches to be accounted for", |all| matched(all) == 50).await?;
    ensure_eq("events published", &figures.events_published, &20)?;
    for (id, matched) in [("all", 20), ("some", 10), ("lossy", 20)] {
        let own = stage::figures(&*bus, id).await?;
        ensure_eq(&format!("matches of {id}"), &own.matched, &matched)?;
        let accounted_for = own.delivered + own.dropped + own.queued;
        ensure_eq(&format!("delivered, dropped and queued of {id}"), &accounted_for, &matched)?;
    }
    let queued: u64 = figures.subscriptions.iter().map(|own| own.queued).sum();
    let total = figures.events_delivered + figures.events_dropped + queued;
    ensure_eq("delivered, dropped and queued in all", &total, &50)?;
    drop(lossy);
    Ok(())
}

fn matched(all: &EventBusStatistics) -> u64 {
    all.subscriptions.iter().map(|own| own.matched).sum()
}

async fn figures_never_decrease(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut witness = stage::listen_on(&*bus, subscription("witness", &["events.#"])).await?;
    let mut publisher = stage.publisher("first").await?;
    let mut before = stage::statistics(&*bus).await?;
    for round in 0..10 {
        // Somebody comes, loses events, and goes: its figures stay in the sums.
        let id = format!("visitor-{round}");
        let visitor = subscription(&id, &["events.#"])
            .with_capacity(1)
            .with_policy(OverflowPolicy::DropNewest);
        let visitor = stage::listen_on(&*bus, visitor).await?;
        let sent = publisher.send_many("events.process.lifecycle", 5).await?;
        witness.expect_all(&sent).await?;
        drop(visitor);
        let now = stage::statistics(&*bus).await?;
        let is_monotonic = now.events_published >= before.events_published
            && now.events_delivered >= before.events_delivered
            && now.events_dropped >= before.events_dropped
            && now.uptime >= before.uptime;
        ensure(is_monotonic, || format!("figures fell from {before:?} to {now:?}"))?;
        before = now;
    }
    settled(&*bus, "50 events to be published", |all| all.events_published == 50).await?;
    Ok(())
}

async fn only_accepted_events_count(stage: Stage) -> Result<(), Failure> {
    let mut publisher = stage.publisher("first").await?;
    publisher.send_many("events.process.lifecycle", 3).await?;
    let ended = stage::within("shutdown", publisher.bus().shutdown(stage::WATCHDOG)).await?;
    ended.map_err(|error| Failure::new(format!("shutdown: {error}")))?;
    let event = super::events::process(1);
    let refused = publisher.try_send("events.process.lifecycle", event, None).await?;
    ensure_eq("publishing afterwards", &refused, &Err(PublishError::Closed))?;
    // A shutdown of a handle returns when everything it accepted has its place in the order.
    let figures = stage::statistics(&*stage.handle("observer").await?).await?;
    ensure_eq("events published", &figures.events_published, &3)
}
