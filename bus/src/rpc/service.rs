//! The answering side: requests to a handler, what came of them to whoever asked (W9).
//!
//! One task reads requests in order and refuses at once what cannot be done; the others run beside
//! each other, up to a limit. Whoever asked gets one reply, whatever happens to the handler.

mod asked;
mod config;
mod handler;
mod running;

pub use asked::Asked;
pub use config::RpcServiceConfig;
pub use handler::RpcHandler;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::task::JoinHandle;

use crate::contract::{EventBus, EventReceiver, EventSubscription, OverflowPolicy, SubscribeError};
use running::Running;

/// Answers requests over a bus.
///
/// Dropping it ends its subscription and cuts off what is running; [`end`](Self::end) does neither
/// in a hurry.
pub struct RpcService {
    bus: Arc<dyn EventBus>,
    subscriber_id: String,
    serving: JoinHandle<()>,
}

/// Why a service did not end in order.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndError {
    /// The deadline came first; what was still running was cut off, unanswered.
    #[error("requests were still running after {waited:?}")]
    Deadline {
        /// The deadline.
        waited: Duration,
    },
}

impl RpcService {
    /// Subscribes to the requests of its subjects and answers them. Must be called inside a tokio
    /// runtime, on which handlers then run.
    ///
    /// Cancelling it leaves nothing behind.
    pub async fn start(
        bus: Arc<dyn EventBus>,
        config: RpcServiceConfig,
        handler: Arc<dyn RpcHandler>,
    ) -> Result<Self, SubscribeError> {
        let subscriber_id = Self::subscriber_id(&config.member);
        let topics = config.topics();
        // A member that does not read loses what it is asked, which its askers' deadlines tell; it
        // must not hold up what is asked of others on the same topics.
        let wanted = EventSubscription::new(&subscriber_id).with_policy(OverflowPolicy::DropNewest);
        let wanted = topics.into_iter().fold(wanted, EventSubscription::with_pattern);
        let receiver = bus.subscribe(wanted.with_capacity(config.queue_events)).await?;
        let running = Running::new(Arc::clone(&bus), config, handler);
        let serving = tokio::spawn(serve(receiver, running));
        Ok(Self { bus, subscriber_id, serving })
    }

    /// The subscription a member's requests arrive by, as an inspection of the broker names it.
    pub fn subscriber_id(member: &str) -> String {
        format!("rpc.service.{member}")
    }

    /// Takes no further request, lets those that run finish and be answered, and ends.
    ///
    /// At the deadline what still runs is cut off. Cancelling it cuts everything off.
    pub async fn end(mut self, deadline: Duration) -> Result<(), EndError> {
        // A bus that is gone has ended the subscription by itself.
        let _ = self.bus.unsubscribe(&self.subscriber_id).await;
        let ended = tokio::time::timeout(deadline, &mut self.serving).await;
        ended.map(drop).map_err(|_| EndError::Deadline { waited: deadline })
    }
}

impl Drop for RpcService {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut receiver: EventReceiver, mut running: Running) {
    loop {
        tokio::select! {
            event = receiver.recv() => match event {
                Some(event) => running.take(&event).await,
                None => break,
            },
            Some(finished) = running.next_finished() => running.account(finished).await,
        }
    }
    while let Some(finished) = running.next_finished().await {
        running.account(finished).await;
    }
}
