//! One event or several from a handle to another: published, then received.

use std::hint::black_box;

use daemoneye_eventbus::{CollectionEvent, DaemoneyeEventBus, EventBus as _, EventReceiver};

/// Publishes an event so many times, and takes as many from the receiver.
pub async fn hop(
    publisher: &DaemoneyeEventBus,
    receiver: &mut EventReceiver,
    event: &CollectionEvent,
    times: u64,
) {
    for _ in 0..times {
        publisher.publish(event.clone(), None).await.expect("room for it");
    }
    for _ in 0..times {
        black_box(receiver.recv().await.expect("a subscription"));
    }
}
