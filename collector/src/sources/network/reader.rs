//! Reading the sockets of this host: one trait, one implementation per kind of system.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use thiserror::Error;

use super::observation::Scan;
use super::wanted::Wanted;

/// Makes scans. Blocks for some milliseconds each.
pub(super) trait Reader: Send {
    /// Reads every socket that is wanted, and whose it is.
    fn scan(&mut self) -> Result<Scan, ReadError>;
}

/// Why there is no scan.
#[derive(Debug, Error)]
#[error("cannot list connections: {reason}")]
pub(super) struct ReadError {
    /// What the system said.
    pub(super) reason: String,
}

/// The reader for this system.
pub(super) fn system_reader(wanted: Wanted) -> Result<Box<dyn Reader>, ReadError> {
    #[cfg(target_os = "linux")]
    return Ok(Box::new(linux::ProcNetReader::new(wanted)?));
    #[cfg(windows)]
    return Ok(Box::new(windows::SocketTableReader::new(wanted)?));
    #[cfg(not(any(target_os = "linux", windows)))]
    drop(wanted);
    #[cfg(not(any(target_os = "linux", windows)))]
    return Err(ReadError::new(format!("there is no way to on {} yet", std::env::consts::OS)));
}

impl ReadError {
    fn new(reason: impl std::fmt::Display) -> Self {
        Self { reason: reason.to_string() }
    }
}

#[cfg(all(test, any(target_os = "linux", windows)))]
mod tests;

#[cfg(all(test, not(any(target_os = "linux", windows))))]
mod tests {
    use super::*;
    use crate::config::NetmondConfig;

    #[test]
    fn a_system_without_a_reader_is_named() {
        let Err(error) = system_reader(Wanted::new(&NetmondConfig::default())) else {
            panic!("there is no reader");
        };
        assert!(error.to_string().contains(std::env::consts::OS), "{error}");
    }
}
