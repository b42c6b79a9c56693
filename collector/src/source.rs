//! What a collection implementation offers the framework: the [`EventSource`] trait.
//!
//! This room knows no bus, no configuration and no runtime. Which events a source may send follows
//! from the capabilities it declares: see [`covers`]. What is lost of them is a [`Loss`].

mod loss;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::mpsc;

pub use daemoneye_eventbus::{CollectionEvent, EventKind, SourceCaps};
pub use loss::Loss;

/// One way of observing this host: a collector is made of sources.
///
/// The runtime calls [`start`](Self::start) once, in a task of its own, and
/// [`health_check`](Self::health_check) at intervals while it runs. At the end it raises the
/// shutdown signal, calls [`stop`](Self::stop), and waits for `start` to return; a source that
/// does not return within the limit is aborted.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::AtomicBool;
///
/// use async_trait::async_trait;
/// use collector_core::{CollectionEvent, EventSource, SourceCaps};
/// use tokio::sync::mpsc;
///
/// struct LoadSource;
///
/// #[async_trait]
/// impl EventSource for LoadSource {
///     fn name(&self) -> &'static str {
///         "load"
///     }
///
///     fn capabilities(&self) -> SourceCaps {
///         SourceCaps::PERFORMANCE | SourceCaps::SYSTEM_WIDE
///     }
///
///     async fn start(
///         &self,
///         tx: mpsc::Sender<CollectionEvent>,
///         shutdown_signal: Arc<AtomicBool>,
///     ) -> anyhow::Result<()> {
///         Ok(())
///     }
///
///     async fn stop(&self) -> anyhow::Result<()> {
///         Ok(())
///     }
///
///     async fn health_check(&self) -> anyhow::Result<()> {
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait EventSource: Send + Sync {
    /// Name of the source, unique within its collector.
    fn name(&self) -> &'static str;

    /// What the source can do, and hence which events it may send; constant over its life.
    fn capabilities(&self) -> SourceCaps;

    /// Collects until `shutdown_signal` is true, the channel closes, or there is nothing more.
    ///
    /// The channel is bounded: sending waits while the bus does not keep up. An error ends this
    /// source alone and is reported as its state.
    async fn start(
        &self,
        tx: mpsc::Sender<CollectionEvent>,
        shutdown_signal: Arc<AtomicBool>,
    ) -> anyhow::Result<()>;

    /// Asks the source to end; called once, after the shutdown signal was raised.
    async fn stop(&self) -> anyhow::Result<()>;

    /// An error when the source does not work as it should; its text is shown to people. With
    /// [`Limited`] it works all the same: it is degraded, and nothing has failed.
    async fn health_check(&self) -> anyhow::Result<()>;

    /// What it had to tell and could not send: it was held back until nobody received any more, or
    /// until it was aborted. Asked once it has ended; a source that does not say so has lost
    /// nothing.
    fn unsent(&self) -> Loss {
        Loss::default()
    }

    /// Earlier runs have lost so much, and nobody has been told. Called before `start`, if at all.
    ///
    /// The first event of the run says so in its metadata, whatever the source does; one that may
    /// have nothing to tell for long can tell this.
    fn follows_loss(&self, _lost: Loss) {}
}

/// What a source that works cannot do, however often it is checked: a folder it may not read, say.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct Limited {
    /// In words for people.
    pub what: String,
}

/// Whether a source with these capabilities may send events of this kind.
///
/// The mapping is that of subscriptions by capability (M1): trigger requests need
/// [`SourceCaps::REALTIME`]. No capability covers audit records and control messages; they are the
/// agent's own and the control plane's.
///
/// ```
/// use collector_core::source::{EventKind, SourceCaps, covers};
///
/// let watches_processes = SourceCaps::PROCESS | SourceCaps::SYSTEM_WIDE;
/// assert!(covers(watches_processes, EventKind::Process));
/// assert!(!covers(watches_processes, EventKind::TriggerRequest));
/// assert!(covers(watches_processes | SourceCaps::REALTIME, EventKind::TriggerRequest));
/// ```
pub fn covers(capabilities: SourceCaps, kind: EventKind) -> bool {
    let needed = match kind {
        EventKind::Process => SourceCaps::PROCESS,
        EventKind::Network => SourceCaps::NETWORK,
        EventKind::Filesystem => SourceCaps::FILESYSTEM,
        EventKind::Performance => SourceCaps::PERFORMANCE,
        EventKind::TriggerRequest => SourceCaps::REALTIME,
        EventKind::Audit | EventKind::Control => return false,
    };
    capabilities.contains(needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_needs_its_own_capability() {
        let pairs = [
            (EventKind::Process, SourceCaps::PROCESS),
            (EventKind::Network, SourceCaps::NETWORK),
            (EventKind::Filesystem, SourceCaps::FILESYSTEM),
            (EventKind::Performance, SourceCaps::PERFORMANCE),
            (EventKind::TriggerRequest, SourceCaps::REALTIME),
        ];
        for (kind, needed) in pairs {
            assert!(covers(needed, kind), "{kind:?}");
            assert!(!covers(SourceCaps::all() - needed, kind), "{kind:?}");
        }
    }

    #[test]
    fn no_capability_covers_what_is_no_observation() {
        assert!(!covers(SourceCaps::all(), EventKind::Audit));
        assert!(!covers(SourceCaps::all(), EventKind::Control));
    }
}
