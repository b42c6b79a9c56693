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
    /// Its name in configuration.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Child(child) => child.name(),
            Self::Thread(thread) => thread.name(),
        }
    }

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

    /// Asks it to end, waits, and kills a process that does not.
    pub(super) async fn stop(self, limit: Duration) -> Result<(), MemberError> {
        match self {
            Self::Child(child) => child.stop(limit).await,
            Self::Thread(thread) => thread.stop(limit).await,
        }
    }
}
