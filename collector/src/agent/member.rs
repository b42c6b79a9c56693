//! One collector of the agent, as a process or as a thread.

use std::time::Duration;

use super::MemberError;
use super::child::ChildMember;
use super::thread::ThreadMember;
use crate::ready::CollectorReady;

/// A started collector.
pub(super) enum Member {
    Child(Box<ChildMember>),
    Thread(ThreadMember),
}

impl Member {
    /// Waits until it is ready; an error when it ends before.
    pub(super) async fn ready(&mut self, limit: Duration) -> Result<CollectorReady, MemberError> {
        let ready = async {
            match self {
                Self::Child(child) => child.ready().await,
                Self::Thread(thread) => thread.ready().await,
            }
        };
        let late = MemberError::NotReady { waited: limit };
        tokio::time::timeout(limit, ready).await.unwrap_or(Err(late))
    }

    /// Waits until it ends unasked, and tells how. Cancel safe.
    pub(super) async fn ended(&mut self) -> MemberError {
        match self {
            Self::Child(child) => child.ended().await,
            Self::Thread(thread) => thread.ended().await,
        }
    }

    /// Asks it to end, waits, and kills a process that does not. A process that `will_end`, as it
    /// says itself, is left alone for `asked_share` of the limit.
    pub(super) async fn stop(
        self,
        limit: Duration,
        asked_share: Duration,
        will_end: impl Future<Output = bool>,
    ) -> Result<(), MemberError> {
        match self {
            Self::Child(child) => child.stop(limit, asked_share, will_end).await,
            Self::Thread(thread) => thread.stop(limit).await,
        }
    }

    /// Ends it at once: a process is killed, a thread is asked to end and no longer known.
    pub(super) async fn kill(&mut self) {
        if let Self::Child(child) = self {
            child.kill().await;
        }
    }
}
