//! From an order of the harness to the role of this process that it is for.
//!
//! The thread that reads orders never waits for a role: it must see the end of its input at once.
//! What a role has no room for is therefore an error that ends the actor, never a dropped order.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;

use super::assignment::{Assignment, Part};
use super::credits::Credits;
use super::link::Link;
use super::protocol::{ControlOrder, Notice, Order};
use super::publisher::PublisherOrder;
use super::subscriber::SubscriberOrder;
use super::tally::Tally;
use crate::plan::Operation;

/// Orders waiting for one role; the harness waits for answers, so that few ever do.
pub(super) const ORDERS: usize = 1024;

/// What concerns the process as a whole.
pub(super) enum HostOrder {
    Statistics,
    Shutdown { id: u64, deadline: Duration },
    Finish,
}

/// Why an order reached nobody.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum DispatchError {
    /// The role has not taken any for long, or the harness sends without waiting.
    #[error("{role} has {ORDERS} orders waiting and no room for another")]
    Full {
        /// Which role.
        role: String,
    },
    /// Its thread has ended.
    #[error("{role} is gone")]
    Gone {
        /// Which role.
        role: String,
    },
    /// This process hosts no such role.
    #[error("{role} is not hosted here")]
    Absent {
        /// Which role.
        role: String,
    },
}

/// The ways to the roles, kept by the thread that reads orders.
pub(super) struct Roles {
    publishers: Vec<PublisherWay>,
    subscribers: Vec<SubscriberWay>,
    control: Vec<ControlWay>,
    host: SyncSender<HostOrder>,
    link: Link,
}

struct PublisherWay {
    index: usize,
    orders: SyncSender<PublisherOrder>,
    credits: Credits,
    tally: Tally,
}

struct SubscriberWay {
    index: usize,
    orders: mpsc::Sender<SubscriberOrder>,
    tally: Tally,
}

struct ControlWay {
    part: Part,
    orders: mpsc::Sender<ControlOrder>,
}

/// The receiving ends, on their way to the roles' threads.
pub(super) struct Ends {
    pub(super) publishers: Vec<PublisherEnd>,
    pub(super) subscribers: Vec<SubscriberEnd>,
    pub(super) control: Vec<ControlEnd>,
}

/// What a thread of the control plane holds of the way to it.
pub(super) struct ControlEnd {
    pub(super) part: Part,
    pub(super) orders: mpsc::Receiver<ControlOrder>,
}

/// What a publisher's thread holds of the way to it.
pub(super) struct PublisherEnd {
    pub(super) index: usize,
    pub(super) orders: Receiver<PublisherOrder>,
    pub(super) credits: Credits,
    pub(super) tally: Tally,
}

/// What a subscriber's thread holds of the way to it.
pub(super) struct SubscriberEnd {
    pub(super) index: usize,
    pub(super) orders: mpsc::Receiver<SubscriberOrder>,
    pub(super) tally: Tally,
}

impl Roles {
    /// One way to each role of the assignment, and the ends the roles' threads get.
    pub(super) fn plan(
        assignment: &Assignment,
        host: SyncSender<HostOrder>,
        link: Link,
    ) -> (Self, Ends) {
        let (publishers, subscribers, control) = (Vec::new(), Vec::new(), Vec::new());
        let mut roles = Self { publishers, subscribers, control, host, link };
        let (publishers, subscribers, control) = (Vec::new(), Vec::new(), Vec::new());
        let mut ends = Ends { publishers, subscribers, control };
        for role in &assignment.roles {
            let tally = Tally::default();
            match *role {
                Part::Bus => {}
                part @ (Part::Desk | Part::Member(_) | Part::Callers(_)) => {
                    let (sender, orders) = mpsc::channel(ORDERS);
                    ends.control.push(ControlEnd { part, orders });
                    roles.control.push(ControlWay { part, orders: sender });
                }
                Part::Publisher(index) => {
                    let (sender, orders) = sync_channel(ORDERS);
                    let credits = Credits::default();
                    let end = PublisherEnd {
                        index,
                        orders,
                        credits: credits.clone(),
                        tally: tally.clone(),
                    };
                    ends.publishers.push(end);
                    roles.publishers.push(PublisherWay { index, orders: sender, credits, tally });
                }
                Part::Subscriber(index) => {
                    let (sender, orders) = mpsc::channel(ORDERS);
                    ends.subscribers.push(SubscriberEnd { index, orders, tally: tally.clone() });
                    roles.subscribers.push(SubscriberWay { index, orders: sender, tally });
                }
            }
        }
        (roles, ends)
    }

    /// Hands an order on; never waits, neither for room nor for what the order does.
    pub(super) fn dispatch(&self, order: Order) -> Result<(), DispatchError> {
        match order {
            Order::Count => {
                self.count();
                Ok(())
            }
            Order::Credit { publisher, allowed } => {
                self.publisher(publisher)?.credits.set(allowed);
                Ok(())
            }
            Order::Run { publisher, phase } => {
                // Credit of the phase before is void; the harness grants anew.
                self.publisher(publisher)?.credits.set(0);
                self.to_publisher(publisher, PublisherOrder::Run { phase })
            }
            Order::Fence { publisher, fence, phase } => {
                self.to_publisher(publisher, PublisherOrder::Fence { fence, phase })
            }
            Order::Grant { subscriber, events } => {
                self.to_subscriber(subscriber, SubscriberOrder::Grant { events })
            }
            Order::Phase { subscriber, phase } => {
                self.to_subscriber(subscriber, SubscriberOrder::Phase { phase })
            }
            Order::Drain { subscriber, by_case } => {
                self.to_subscriber(subscriber, SubscriberOrder::Drain { by_case })
            }
            Order::Operate { id, operation, phase } => self.operate(id, &operation, phase),
            Order::Control { part, order } => self.to_control(part, order),
            Order::Statistics => self.to_host(HostOrder::Statistics),
            Order::Finish => self.finish(),
        }
    }

    /// Answered by this very thread, so that the answer says that the process runs at all.
    fn count(&self) {
        let published = self.publishers.iter().map(|way| way.tally.get()).sum();
        let received = self.subscribers.iter().map(|way| way.tally.get()).sum();
        self.link.tell(&Notice::Counted { published, received });
    }

    fn operate(&self, id: u64, operation: &Operation, phase: u32) -> Result<(), DispatchError> {
        let (subscriber, order) = match *operation {
            Operation::Subscribe(subscriber) => (subscriber, SubscriberOrder::Subscribe { id }),
            Operation::Unsubscribe(subscriber) => (subscriber, SubscriberOrder::Unsubscribe { id }),
            Operation::DropReceiver(subscriber) => {
                (subscriber, SubscriberOrder::DropReceiver { id })
            }
            Operation::StopReading(subscriber) => {
                (subscriber, SubscriberOrder::Read { id, reading: false })
            }
            Operation::ResumeReading(subscriber) => {
                (subscriber, SubscriberOrder::Read { id, reading: true })
            }
            Operation::UnsubscribeUnknown => {
                let anyone = self.subscribers.first().map_or(0, |way| way.index);
                (anyone, SubscriberOrder::UnsubscribeUnknown { id })
            }
            Operation::Shutdown(deadline_ms) => {
                let deadline = Duration::from_millis(deadline_ms);
                return self.to_host(HostOrder::Shutdown { id, deadline });
            }
            Operation::Fault(fault) => {
                // Done to a process from outside; nobody here could do it.
                return Err(DispatchError::Absent { role: format!("{:?}", fault.victim) });
            }
            Operation::PublishOne(publisher) => {
                return self.to_publisher(publisher, PublisherOrder::One { id, phase });
            }
        };
        self.to_subscriber(subscriber, order)
    }

    /// A role that is gone by now is told of by whoever joins its thread.
    fn finish(&self) -> Result<(), DispatchError> {
        let unless_gone = |result| match result {
            Err(DispatchError::Gone { .. }) => Ok(()),
            other => other,
        };
        for way in &self.publishers {
            unless_gone(self.to_publisher(way.index, PublisherOrder::Finish))?;
        }
        for way in &self.subscribers {
            unless_gone(self.to_subscriber(way.index, SubscriberOrder::Finish))?;
        }
        for way in &self.control {
            unless_gone(self.to_control(way.part, ControlOrder::Finish))?;
        }
        self.to_host(HostOrder::Finish)
    }

    fn publisher(&self, index: usize) -> Result<&PublisherWay, DispatchError> {
        let found = self.publishers.iter().find(|way| way.index == index);
        found.ok_or_else(|| DispatchError::Absent { role: publisher_name(index) })
    }

    fn to_publisher(&self, index: usize, order: PublisherOrder) -> Result<(), DispatchError> {
        let sent = self.publisher(index)?.orders.try_send(order);
        sent.map_err(|cause| undelivered(&cause, publisher_name(index)))
    }

    fn to_subscriber(&self, index: usize, order: SubscriberOrder) -> Result<(), DispatchError> {
        let role = format!("subscriber {index}");
        let Some(way) = self.subscribers.iter().find(|way| way.index == index) else {
            return Err(DispatchError::Absent { role });
        };
        way.orders.try_send(order).map_err(|cause| not_sent(&cause, role))
    }

    fn to_control(&self, part: Part, order: ControlOrder) -> Result<(), DispatchError> {
        let role = format!("{part:?}");
        let Some(way) = self.control.iter().find(|way| way.part == part) else {
            return Err(DispatchError::Absent { role });
        };
        way.orders.try_send(order).map_err(|cause| not_sent(&cause, role))
    }

    fn to_host(&self, order: HostOrder) -> Result<(), DispatchError> {
        let sent = self.host.try_send(order);
        sent.map_err(|cause| undelivered(&cause, "the host of the bus".to_owned()))
    }
}

fn publisher_name(index: usize) -> String {
    format!("publisher {index}")
}

fn not_sent<T>(cause: &mpsc::error::TrySendError<T>, role: String) -> DispatchError {
    match cause {
        mpsc::error::TrySendError::Full(_) => DispatchError::Full { role },
        mpsc::error::TrySendError::Closed(_) => DispatchError::Gone { role },
    }
}

fn undelivered<T>(cause: &TrySendError<T>, role: String) -> DispatchError {
    match cause {
        TrySendError::Full(_) => DispatchError::Full { role },
        TrySendError::Disconnected(_) => DispatchError::Gone { role },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ways to one publisher, whose end is kept, and to a host.
    fn roles() -> (Roles, Receiver<PublisherOrder>, Receiver<HostOrder>) {
        let (orders, publisher) = sync_channel(ORDERS);
        let (host, hosted) = sync_channel(ORDERS);
        let (credits, tally) = (Credits::default(), Tally::default());
        let way = PublisherWay { index: 3, orders, credits, tally };
        let link = Link::open();
        let (subscribers, control) = (Vec::new(), Vec::new());
        let roles = Roles { publishers: vec![way], subscribers, control, host, link };
        (roles, publisher, hosted)
    }

    #[test]
    fn an_order_there_is_no_room_for_is_an_error_and_none_before_it_is_lost() {
        let (roles, publisher, _host) = roles();
        let run = || roles.dispatch(Order::Run { publisher: 3, phase: 0 });
        for _ in 0..ORDERS {
            assert_eq!(run(), Ok(()));
        }
        assert_eq!(run(), Err(DispatchError::Full { role: "publisher 3".to_owned() }));
        assert_eq!(publisher.try_iter().count(), ORDERS);
    }

    #[test]
    fn an_order_for_nobody_is_an_error_by_name() {
        let (roles, publisher, _host) = roles();
        let absent = roles.dispatch(Order::Phase { subscriber: 0, phase: 0 });
        assert_eq!(absent, Err(DispatchError::Absent { role: "subscriber 0".to_owned() }));
        drop(publisher);
        let gone = roles.dispatch(Order::Run { publisher: 3, phase: 0 });
        assert_eq!(gone, Err(DispatchError::Gone { role: "publisher 3".to_owned() }));
    }

    #[test]
    fn everybody_left_is_told_to_finish_when_somebody_is_gone() {
        let (roles, publisher, host) = roles();
        drop(publisher);
        assert_eq!(roles.dispatch(Order::Finish), Ok(()));
        assert!(matches!(host.try_recv(), Ok(HostOrder::Finish)));
    }
}
