//! Where sockets are files, a way is a proxy.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::proxy::{Proxy, Treatment};
use crate::plan::Deed;

/// One role's way.
pub(super) struct Way(Proxy);

impl Way {
    pub(super) fn open(path: PathBuf, broker: PathBuf) -> io::Result<Self> {
        Proxy::open(path, broker).map(Self)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn connections(&self) -> usize {
        self.0.connections()
    }

    /// Does it; returns how many bytes what it ends had in its hands, `None` when it is not done.
    pub(super) async fn inflict(&self, deed: Deed) -> Option<u64> {
        match deed {
            Deed::Delay(ms) => self.0.treat(Treatment::Delay(Duration::from_millis(ms))).await,
            Deed::Split(bytes) => {
                let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                self.0.treat(Treatment::Split(bytes)).await
            }
            Deed::Stall => self.0.treat(Treatment::Stall).await,
            Deed::Heal => self.0.treat(Treatment::Plain).await,
            Deed::HalfClose(direction) => self.0.half_close(direction).await.then_some(0),
            Deed::Reset | Deed::Break => self.0.reset().await.then_some(0),
            Deed::Kill | Deed::Freeze | Deed::Thaw | Deed::Restart(_) | Deed::Vanish => None,
        }
    }
}
