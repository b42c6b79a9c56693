//! The lossy policies against a model: a queue, a capacity, and which end loses (C11, C12).

use std::collections::VecDeque;

use daemoneye_eventbus::{EventSubscription, OverflowPolicy, TryRecvError};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
use proptest::test_runner::TestCaseResult;

use super::{CrossbeamConfig, EventBus, bus, listen, next_pid, publish};

/// What the subscriber should hold, and what it should have lost.
#[derive(Default)]
struct Model {
    queue: VecDeque<(u32, u64)>,
    matched: u64,
    lost: u64,
}

impl Model {
    fn publish(&mut self, pid: u32, capacity: usize, loses_oldest: bool) {
        self.matched += 1;
        if self.queue.len() == capacity {
            self.lost += 1;
            if !loses_oldest {
                return;
            }
            self.queue.pop_front();
        }
        self.queue.push_back((pid, self.matched));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `true` publishes, `false` receives.
    #[test]
    fn lossy_policies_agree_with_a_model(
        capacity in 1_usize..5,
        loses_oldest in any::<bool>(),
        operations in prop::collection::vec(any::<bool>(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(compare(capacity, loses_oldest, &operations))?;
    }
}

async fn compare(capacity: usize, loses_oldest: bool, operations: &[bool]) -> TestCaseResult {
    let bus = bus(&CrossbeamConfig::default());
    let policy = if loses_oldest { OverflowPolicy::DropOldest } else { OverflowPolicy::DropNewest };
    let lossy = EventSubscription::new("lossy")
        .with_pattern("events.#")
        .with_capacity(capacity)
        .with_policy(policy);
    let mut lossy = bus.subscribe(lossy).await.expect("the subscription is valid");
    let mut fence = listen(&bus, "fence", 1).await;
    let mut model = Model::default();
    for (pid, publishes) in (0..).zip(operations) {
        if *publishes {
            publish(&bus, pid).await.expect("there is room");
            // Served after the lossy one, so the lossy one has been served.
            prop_assert_eq!(next_pid(&mut fence).await, pid);
            model.publish(pid, capacity, loses_oldest);
        } else {
            let received = lossy.try_recv().map(|event| (event.event.pid(), lossy.position()));
            let expected = model.queue.pop_front().map(|(pid, position)| (Some(pid), position));
            prop_assert_eq!(received, expected.ok_or(TryRecvError::Empty));
        }
        prop_assert_eq!(lossy.lagged(), model.lost);
    }
    let figures = bus.statistics().await.expect("the bus answers");
    let own = &figures.subscriptions[0];
    prop_assert_eq!((own.matched, own.dropped), (model.matched, model.lost));
    prop_assert_eq!(own.delivered, model.matched - model.lost);
    Ok(())
}
