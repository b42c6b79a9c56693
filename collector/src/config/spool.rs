//! `[spool]`: whether and where a collector keeps events on disk while the bus does not take them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::bounds::{OutOfBounds, outside};

/// Smallest limit: one event of the largest size must fit beside what is about to be deleted.
const MIN_LIMIT_BYTES: u64 = 4 << 20;
/// Largest limit: one tebibyte; more is a slip of the keyboard.
const MAX_LIMIT_BYTES: u64 = 1 << 40;

/// Where events wait for a bus that is away, and how much of the disk they may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpoolConfig {
    /// Whether there is a spool. Default false: what processes were started with may hold secrets,
    /// and a spool writes it to disk.
    pub enabled: bool,
    /// The folder; each collector has one of its own in it, named like itself, for its user alone
    /// (0700). By default `spool` in the private state folder of this user.
    pub folder: Option<PathBuf>,
    /// Most that one collector's spool may take, bytes, 4 MiB to 1 TiB. What does not fit is
    /// refused, and nothing is given up for it. Default 64 MiB.
    pub limit_bytes: u64,
    /// What has reached the disk itself once an event is kept. Default `batch`.
    pub sync: SpoolSync,
}

/// What a spool waits for when it keeps events.
///
/// A process that is killed loses nothing either way: what it has written is in the system's
/// hands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpoolSync {
    /// `batch`: for the disk, once for all events that are kept together; they survive a loss of
    /// power. The spool is written while the bus is away alone, so that this costs nothing in quiet
    /// times.
    #[default]
    Batch,
    /// `never`: for the system alone. A loss of power takes what it had not written out by itself.
    Never,
}

impl Default for SpoolConfig {
    fn default() -> Self {
        Self { enabled: false, folder: None, limit_bytes: 64 << 20, sync: SpoolSync::default() }
    }
}

impl SpoolConfig {
    /// Sets whether there is a spool.
    #[must_use]
    pub fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Sets the folder.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets the most it may take, bytes.
    #[must_use]
    pub fn with_limit_bytes(mut self, bytes: u64) -> Self {
        self.limit_bytes = bytes;
        self
    }

    /// Sets what it waits for.
    #[must_use]
    pub fn with_sync(mut self, sync: SpoolSync) -> Self {
        self.sync = sync;
        self
    }

    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let limits = MIN_LIMIT_BYTES..=MAX_LIMIT_BYTES;
        outside("limit_bytes", &self.limit_bytes, &limits).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_has_bounds_and_the_default_is_within_them() {
        assert_eq!(SpoolConfig::default().problems(), []);
        for bytes in [0, MIN_LIMIT_BYTES - 1, MAX_LIMIT_BYTES + 1] {
            let problems = SpoolConfig::default().with_limit_bytes(bytes).problems();
            assert_eq!(problems.len(), 1, "{bytes}");
            assert_eq!(problems[0].0, "limit_bytes");
        }
    }

    #[test]
    fn what_it_waits_for_has_a_word() {
        let read = |text: &str| toml::from_str::<SpoolConfig>(text).map(|config| config.sync);
        assert_eq!(read("sync = \"batch\""), Ok(SpoolSync::Batch));
        assert_eq!(read("sync = \"never\""), Ok(SpoolSync::Never));
        assert!(read("sync = \"sometimes\"").is_err());
    }
}
