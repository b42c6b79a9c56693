//! The queue's promises: order, room, ends, and no lost wake-up (C10, C11, C13, C14).

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::{DeliveryQueue, PushError};
use crate::contract::{BusEvent, CorrelationMetadata, Delivery, EventId, TryRecvError};
use crate::event::{CollectionEvent, ProcessEvent};

/// Far above what any step needs; turns a hang into a failure.
const WATCHDOG: Duration = Duration::from_secs(20);

fn delivery(position: u64) -> Delivery {
    let id = EventId { publisher: "procmond".into(), incarnation: 1, sequence: position };
    let event = BusEvent {
        correlation: CorrelationMetadata::derived(&id),
        id,
        topic: "events.process.lifecycle".parse().expect("a valid topic"),
        published_monotonic_ns: 0,
        event: CollectionEvent::Process(ProcessEvent::default()),
    };
    Delivery { event: Arc::new(event), position }
}

fn push(queue: &DeliveryQueue, position: u64) {
    queue.try_push(delivery(position)).expect("there is room").wake();
}

/// Counts how often a task was woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn events_come_out_in_the_order_they_went_in() {
    let (queue, mut receiver) = DeliveryQueue::bounded(3);
    for position in 1..=3 {
        push(&queue, position);
    }
    for position in 1..=3 {
        assert_eq!(receiver.try_recv().expect("an event waits").id.sequence, position);
        assert_eq!(receiver.position(), position);
    }
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(queue.taken(), 3);
}

#[test]
fn a_full_queue_gives_the_delivery_back() {
    let (queue, mut receiver) = DeliveryQueue::bounded(1);
    push(&queue, 1);
    assert!(queue.is_full());
    let Err(PushError::Full(back)) = queue.try_push(delivery(2)) else {
        panic!("a second event found room");
    };
    assert_eq!(back.position, 2);
    receiver.try_recv().expect("an event waits");
    assert!(!queue.is_full() && queue.is_empty());
    queue.try_push(back).expect("there is room again").wake();
    assert_eq!(queue.len(), 1);
}

#[test]
fn a_reserve_is_room_for_those_who_name_it() {
    let (queue, mut receiver) = DeliveryQueue::bounded(1);
    push(&queue, 1);
    assert!(queue.is_full() && !queue.is_full_beyond(1));
    queue.try_push_beyond(delivery(2), 1).expect("the reserve is free").wake();
    assert!(queue.is_full_beyond(1));
    assert!(matches!(queue.try_push_beyond(delivery(3), 1), Err(PushError::Full(_))));
    receiver.try_recv().expect("an event waits");
    assert!(queue.is_full(), "what is in reserve counts");
}

#[test]
fn displacing_loses_the_oldest_and_shows_the_gap() {
    let (queue, mut receiver) = DeliveryQueue::bounded(2);
    let displaced: Vec<bool> = (1..=4)
        .map(|position| queue.push_displacing_oldest(delivery(position)).expect("open").displaced)
        .collect();
    assert_eq!(displaced, [false, false, true, true]);
    assert_eq!(receiver.lagged(), 2);
    for position in 3..=4 {
        receiver.try_recv().expect("an event waits");
        assert_eq!(receiver.position(), position);
    }
}

#[test]
fn losses_before_the_queue_count_as_lagged() {
    let (queue, receiver) = DeliveryQueue::bounded(1);
    queue.add_lagged(3);
    queue.add_lagged(4);
    assert_eq!(receiver.lagged(), 7);
}

#[test]
fn an_ended_queue_is_drained_before_it_ends() {
    let (queue, mut receiver) = DeliveryQueue::bounded(2);
    push(&queue, 1);
    queue.end();
    receiver.try_recv().expect("what was queued can still be received");
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Ended));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(receiver.poll_recv(&mut context), Poll::Ready(None));
}

#[test]
fn a_dropped_receiver_closes_the_queue_and_frees_its_events() {
    let (queue, receiver) = DeliveryQueue::bounded(1);
    let only = delivery(1);
    let event = Arc::downgrade(&only.event);
    queue.try_push(only).expect("there is room").wake();
    assert!(!queue.is_closed());
    drop(receiver);
    assert!(queue.is_closed() && !queue.is_full());
    assert!(event.upgrade().is_none(), "a queue nobody reads keeps its events");
    assert!(matches!(queue.try_push(delivery(2)), Err(PushError::Closed(_))));
    assert!(matches!(queue.push_displacing_oldest(delivery(2)), Err(PushError::Closed(_))));
}

#[test]
fn a_waiting_receiver_is_woken_once_by_an_event_and_by_the_end() {
    let (queue, mut receiver) = DeliveryQueue::bounded(4);
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut context = Context::from_waker(&waker);
    assert!(receiver.poll_recv(&mut context).is_pending());
    push(&queue, 1);
    push(&queue, 2);
    assert_eq!(count.0.load(Ordering::SeqCst), 1, "it was awake for the second event");
    for _ in 0..2 {
        assert!(receiver.poll_recv(&mut context).is_ready());
    }
    assert!(receiver.poll_recv(&mut context).is_pending());
    queue.end();
    assert_eq!(count.0.load(Ordering::SeqCst), 2);
}

#[test]
fn a_cancelled_receive_takes_nothing() {
    let (queue, mut receiver) = DeliveryQueue::bounded(1);
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(receiver.recv()).poll(&mut context).is_pending());
    push(&queue, 1);
    assert_eq!(receiver.try_recv().expect("an event waits").id.sequence, 1);
}

#[tokio::test]
async fn waiting_for_room_ends_when_there_is_some_and_when_nobody_reads() {
    let (queue, mut receiver) = DeliveryQueue::bounded(1);
    tokio::time::timeout(WATCHDOG, queue.room()).await.expect("an empty queue has room");
    push(&queue, 1);
    let mut room = Box::pin(queue.room());
    let mut context = Context::from_waker(Waker::noop());
    assert!(room.as_mut().poll(&mut context).is_pending());
    receiver.try_recv().expect("an event waits");
    tokio::time::timeout(WATCHDOG, room).await.expect("there is room");
    push(&queue, 2);
    let room = queue.room();
    drop(receiver);
    tokio::time::timeout(WATCHDOG, room).await.expect("nobody will read");
}

#[test]
fn no_wake_up_is_lost_between_two_threads() {
    const EVENTS: u64 = 20_000;
    let (queue, mut receiver) = DeliveryQueue::bounded(4);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build();
    let receiving = std::thread::spawn(move || {
        runtime().expect("a runtime").block_on(async {
            for position in 1..=EVENTS {
                let next = tokio::time::timeout(WATCHDOG, receiver.recv()).await;
                let event = next.expect("a wake-up was lost").expect("the queue is open");
                assert_eq!(event.id.sequence, position);
            }
        });
    });
    runtime().expect("a runtime").block_on(async {
        for position in 1..=EVENTS {
            tokio::time::timeout(WATCHDOG, queue.room()).await.expect("a wake-up was lost");
            push(&queue, position);
        }
    });
    receiving.join().expect("every event arrives in order");
}
