//! What a source can do, and what a subscriber asks for by it (M1).

use bitflags::bitflags;
use serde::{Deserialize, Serialize};

bitflags! {
    /// Capabilities of an event source; a subscriber without patterns subscribes by them.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct SourceCaps: u32 {
        /// Process monitoring.
        const PROCESS = 1 << 0;
        /// Network monitoring.
        const NETWORK = 1 << 1;
        /// Filesystem monitoring.
        const FILESYSTEM = 1 << 2;
        /// Performance monitoring.
        const PERFORMANCE = 1 << 3;
        /// Events as they happen.
        const REALTIME = 1 << 4;
        /// Access at kernel level.
        const KERNEL_LEVEL = 1 << 5;
        /// The whole system, not one user.
        const SYSTEM_WIDE = 1 << 6;
    }
}
