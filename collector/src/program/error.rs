//! Why a collector's program ended otherwise than it should.

use thiserror::Error;

use super::orphan::OrphanEnd;
use crate::ipc::StartError;
use crate::runtime::RunError;
use crate::source::Loss;

/// Why a collector did not begin, or did not end in order.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// The collector itself.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It shall answer others, its socket is not named, and there is no broker's beside which it
    /// could be.
    #[error("no path for the socket of `[ipc]` is configured, and this user has no home for one")]
    NoSocketPath,
    /// Others could not ask it.
    #[error("cannot answer programs that are not on the bus")]
    Ipc(#[from] StartError),
    /// Its agent died, and did not come back (R5).
    #[error("orphaned: the agent died, and {end}; events that may be lost: {lost}")]
    Orphaned {
        /// What it ended at.
        end: OrphanEnd,
        /// Events its source had, neither kept on disk nor known to the agent that died.
        lost: Loss,
    },
}

impl ProgramError {
    /// Whether the configuration must be changed; otherwise the system or another process must.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Run(error) => error.is_configuration(),
            Self::NoSocketPath => true,
            Self::Ipc(error) => error.is_configuration(),
            Self::Orphaned { .. } => false,
        }
    }
}
