//! The ring against a model: the last events, and per subscriber which of them it has seen (C12).

use daemoneye_eventbus::{CollectionEvent, EventBus, TryRecvError};
use proptest::prelude::{ProptestConfig, prop, prop_assert_eq, proptest};
use proptest::test_runner::TestCaseResult;

use super::{bus, events, listen, network};

/// The subscriber wants the events about processes.
#[derive(Default)]
struct Model {
    /// Whether each event so far is about a process.
    sent: Vec<bool>,
    /// Events the subscriber has got behind it, wanted or not.
    looked_at: usize,
    lost: u64,
}

impl Model {
    fn send(&mut self, is_wanted: bool, capacity: usize) {
        self.sent.push(is_wanted);
        // The one pushed out, unless it was looked at.
        if let Some(oldest) = self.sent.len().checked_sub(capacity + 1)
            && self.looked_at <= oldest
        {
            self.lost += u64::from(self.sent[oldest]);
            self.looked_at = oldest + 1;
        }
    }

    /// The position of the next wanted event.
    fn receive(&mut self) -> Option<u64> {
        let ahead = self.sent[self.looked_at..].iter().position(|is_wanted| *is_wanted)?;
        self.looked_at += ahead + 1;
        Some(self.matched_of(self.looked_at))
    }

    fn matched_of(&self, events: usize) -> u64 {
        self.sent[..events].iter().filter(|is_wanted| **is_wanted).count() as u64
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// 0 sends a wanted event, 1 another, 2 receives.
    #[test]
    fn what_is_received_and_lost_agrees_with_a_model(
        capacity in 1_usize..6,
        operations in prop::collection::vec(0_u8..3, 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(compare(capacity, &operations))?;
    }
}

async fn compare(capacity: usize, operations: &[u8]) -> TestCaseResult {
    let bus = bus(capacity);
    let mut receiver = listen(&bus, "subject", "events.process.#").await;
    let mut model = Model::default();
    for operation in operations {
        let event: Option<CollectionEvent> = match *operation {
            0 => Some(events::process(0)),
            1 => Some(network()),
            _ => None,
        };
        if let Some(event) = event {
            bus.send(event);
            model.send(*operation == 0, capacity);
        } else {
            let received = receiver.try_recv().map(|_| receiver.position());
            prop_assert_eq!(received, model.receive().ok_or(TryRecvError::Empty));
        }
        prop_assert_eq!(receiver.lagged(), model.lost);
    }
    let figures = bus.statistics().await.expect("this bus always answers");
    let own = &figures.subscriptions[0];
    prop_assert_eq!(own.matched, model.matched_of(model.sent.len()));
    prop_assert_eq!(own.dropped, model.lost);
    prop_assert_eq!(own.delivered, model.matched_of(model.looked_at) - model.lost);
    prop_assert_eq!(own.delivered + own.dropped + own.queued, own.matched);
    Ok(())
}
