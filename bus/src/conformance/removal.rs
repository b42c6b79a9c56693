//! Receivers that go away (C10).

use super::stage::{Failure, Stage, ensure_eq, settled, subscription};
use super::{Case, stage};

pub(super) const CASES: &[Case] = &[
    Case::new("a_dropped_receiver_is_removed_and_disturbs_nobody", &["C10"], |stage| {
        Box::pin(a_dropped_receiver_is_removed(stage))
    }),
    Case::new("the_id_of_a_dropped_receiver_can_be_used_again", &["C10", "C9"], |stage| {
        Box::pin(the_id_can_be_used_again(stage))
    }),
    Case::new("a_dropped_receiver_that_blocked_frees_the_others", &["C10", "C11"], |stage| {
        Box::pin(a_dropped_receiver_that_blocked_frees_the_others(stage))
    }),
];

async fn a_dropped_receiver_is_removed(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let leaving = stage::listen_on(&*bus, subscription("leaving", &["events.#"])).await?;
    let mut staying = stage::listen_on(&*bus, subscription("staying", &["events.#"])).await?;
    let mut publisher = stage.publisher("first").await?;
    settled(&*bus, "two active subscribers", |all| all.active_subscribers == 2).await?;
    drop(leaving);
    let sent = publisher.send_many("events.process.lifecycle", 5).await?;
    staying.expect_all(&sent).await?;
    settled(&*bus, "one active subscriber", |all| all.active_subscribers == 1).await?;
    let more = publisher.send_many("events.process.lifecycle", 5).await?;
    staying.expect_all(&more).await?;
    let figures = stage::statistics(&*bus).await?;
    ensure_eq("active subscribers later", &figures.active_subscribers, &1)?;
    let listed: Vec<_> = figures.subscriptions.iter().map(|own| &*own.subscriber_id).collect();
    ensure_eq("subscriptions listed", &listed, &vec!["staying"])
}

async fn the_id_can_be_used_again(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut witness = stage::listen_on(&*bus, subscription("witness", &["events.#"])).await?;
    let mut publisher = stage.publisher("first").await?;
    for _ in 0..3 {
        let visitor = stage::listen_on(&*bus, subscription("visitor", &["events.#"])).await?;
        drop(visitor);
        let sent = publisher.send("events.process.lifecycle").await?;
        witness.expect(&sent).await?;
        settled(&*bus, "the visitor's removal", |all| all.active_subscribers == 1).await?;
    }
    let mut visitor = stage::listen_on(&*bus, subscription("visitor", &["events.#"])).await?;
    let sent = publisher.send("events.process.lifecycle").await?;
    visitor.expect(&sent).await.map(drop)
}

/// A full `block` subscriber holds everybody up; when it goes, everything accepted arrives.
async fn a_dropped_receiver_that_blocked_frees_the_others(stage: Stage) -> Result<(), Failure> {
    let stalled = subscription("stalled", &["events.process.#"]).with_capacity(2);
    let stalled = stage.listen(stalled).await?;
    let mut witness = stage.listen_to("witness", &["events.#"]).await?;
    let mut publisher = stage.publisher("first").await?;
    let first = publisher.send_many("events.process.lifecycle", 2).await?;
    // The publisher waits, wherever waiting begins on this bus, before the receiver goes.
    let publishing = publisher.send_many("events.process.lifecycle", 40);
    let (rest, ()) = tokio::join!(publishing, async move { drop(stalled) });
    witness.expect_all(&first).await?;
    witness.expect_all(&rest?).await
}
