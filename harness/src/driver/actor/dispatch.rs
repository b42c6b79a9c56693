//! From an order of the harness to the role of this process that it is for.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::mpsc;

use super::assignment::{Assignment, Part};
use super::credits::Credits;
use super::protocol::Order;
use super::publisher::PublisherOrder;
use super::subscriber::SubscriberOrder;
use crate::plan::Operation;

/// Orders waiting for one role; the harness waits for answers, so that few ever do.
pub(super) const ORDERS: usize = 1024;

/// What concerns the process as a whole.
pub(super) enum HostOrder {
    Statistics,
    Shutdown { id: u64, deadline: Duration },
    Finish,
}

/// The ways to the roles, kept by the thread that reads orders.
pub(super) struct Roles {
    publishers: Vec<(usize, SyncSender<PublisherOrder>, Credits)>,
    subscribers: Vec<(usize, mpsc::Sender<SubscriberOrder>)>,
    host: SyncSender<HostOrder>,
}

/// The receiving ends, on their way to the roles' threads.
pub(super) struct Plans {
    pub(super) publishers: Vec<(usize, Receiver<PublisherOrder>, Credits)>,
    pub(super) subscribers: Vec<(usize, mpsc::Receiver<SubscriberOrder>)>,
}

impl Roles {
    /// One way to each role of the assignment, and the ends the roles' threads get.
    pub(super) fn plan(assignment: &Assignment, host: SyncSender<HostOrder>) -> (Self, Plans) {
        let mut roles = Self { publishers: Vec::new(), subscribers: Vec::new(), host };
        let mut plans = Plans { publishers: Vec::new(), subscribers: Vec::new() };
        for role in &assignment.roles {
            match *role {
                Part::Bus => {}
                Part::Publisher(index) => {
                    let (sender, receiver) = sync_channel(ORDERS);
                    let credits = Credits::default();
                    roles.publishers.push((index, sender, credits.clone()));
                    plans.publishers.push((index, receiver, credits));
                }
                Part::Subscriber(index) => {
                    let (sender, receiver) = mpsc::channel(ORDERS);
                    roles.subscribers.push((index, sender));
                    plans.subscribers.push((index, receiver));
                }
            }
        }
        (roles, plans)
    }

    /// Hands an order on; never waits for what it does.
    pub(super) fn dispatch(&self, order: Order) {
        match order {
            Order::Credit { publisher, allowed } => {
                if let Some((_, _, credits)) = self.find_publisher(publisher) {
                    credits.set(allowed);
                }
            }
            Order::Run { publisher, phase } => {
                if let Some((_, _, credits)) = self.find_publisher(publisher) {
                    // Credit of the phase before is void; the harness grants anew.
                    credits.set(0);
                }
                self.to_publisher(publisher, PublisherOrder::Run { phase });
            }
            Order::Fence { publisher, subscriber, number, phase } => {
                self.to_publisher(publisher, PublisherOrder::Fence { subscriber, number, phase });
            }
            Order::Grant { subscriber, events } => {
                self.to_subscriber(subscriber, SubscriberOrder::Grant { events });
            }
            Order::Phase { subscriber, phase } => {
                self.to_subscriber(subscriber, SubscriberOrder::Phase { phase });
            }
            Order::Drain { subscriber, by_case } => {
                self.to_subscriber(subscriber, SubscriberOrder::Drain { by_case });
            }
            Order::Operate { id, operation, phase } => self.operate(id, &operation, phase),
            Order::Statistics => self.to_host(HostOrder::Statistics),
            Order::Finish => {
                for (index, _, _) in &self.publishers {
                    self.to_publisher(*index, PublisherOrder::Finish);
                }
                for (index, _) in &self.subscribers {
                    self.to_subscriber(*index, SubscriberOrder::Finish);
                }
                self.to_host(HostOrder::Finish);
            }
        }
    }

    fn operate(&self, id: u64, operation: &Operation, phase: u32) {
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
            Operation::UnsubscribeUnknown => match self.subscribers.first() {
                Some((index, _)) => (*index, SubscriberOrder::UnsubscribeUnknown { id }),
                None => return,
            },
            Operation::Shutdown(deadline_ms) => {
                let deadline = Duration::from_millis(deadline_ms);
                return self.to_host(HostOrder::Shutdown { id, deadline });
            }
            Operation::PublishOne(publisher) => {
                return self.to_publisher(publisher, PublisherOrder::One { id, phase });
            }
        };
        self.to_subscriber(subscriber, order);
    }

    fn find_publisher(
        &self,
        index: usize,
    ) -> Option<&(usize, SyncSender<PublisherOrder>, Credits)> {
        self.publishers.iter().find(|(own, _, _)| *own == index)
    }

    /// A role that is gone has said why; the harness then hears it from its thread.
    fn to_publisher(&self, index: usize, order: PublisherOrder) {
        if let Some((_, sender, _)) = self.find_publisher(index) {
            let _ = sender.try_send(order);
        }
    }

    fn to_subscriber(&self, index: usize, order: SubscriberOrder) {
        if let Some((_, sender)) = self.subscribers.iter().find(|(own, _)| *own == index) {
            // Waiting here is safe: a subscriber takes orders before events.
            let _ = sender.blocking_send(order);
        }
    }

    fn to_host(&self, order: HostOrder) {
        let _ = self.host.send(order);
    }
}
