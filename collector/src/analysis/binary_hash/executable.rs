//! Which file a process runs: one signature, one implementation per kind of system.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;

use std::path::PathBuf;

#[cfg(target_os = "linux")]
pub(super) use linux::executable;
#[cfg(not(target_os = "linux"))]
pub(super) use portable::executable;

/// What a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Executable {
    /// By which path it is opened.
    pub(super) opened_by: PathBuf,
    /// What it is, or was, called.
    pub(super) path: String,
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    #[test]
    fn every_way_finds_what_this_process_runs() {
        let pid = std::process::id();
        let own = env::current_exe().unwrap();
        for found in [executable(pid).unwrap(), portable::executable(pid).unwrap()] {
            assert_eq!(Some(found.path.as_str()), own.to_str());
            assert_eq!(fs::read(found.opened_by).unwrap(), fs::read(&own).unwrap());
        }
    }

    #[test]
    fn a_process_that_is_not_there_is_told() {
        assert!(executable(u32::MAX).is_err());
        assert!(portable::executable(u32::MAX).is_err());
    }
}
