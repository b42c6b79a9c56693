//! Looking at one process: one trait, one implementation per kind of system.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;

use std::io;

/// What is to be known of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) pid: u32,
    /// `None` for one without a parent.
    pub(super) ppid: Option<u32>,
    /// Short name.
    pub(super) name: String,
    /// When it began, in the reader's unit: comparable with those of the same reader.
    pub(super) start: u64,
}

/// Shows processes.
pub(super) trait Look: Send {
    /// A process; `None` when it is not there, or not shown to this user.
    fn at(&mut self, pid: u32) -> Option<Seen>;
}

/// The reader for this system.
pub(super) fn system_reader() -> io::Result<Box<dyn Look>> {
    #[cfg(target_os = "linux")]
    return Ok(Box::new(linux::ProcReader::new()?));
    #[cfg(not(target_os = "linux"))]
    return Ok(Box::new(portable::PortableReader::new()?));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(look: &mut dyn Look) {
        let pid = std::process::id();
        let own = look.at(pid).unwrap();
        assert_eq!(own.pid, pid);
        assert!(!own.name.is_empty());
        let parent = look.at(own.ppid.expect("a test has a parent")).unwrap();
        assert!(parent.start <= own.start, "{parent:?} {own:?}");
        assert_eq!(look.at(pid).unwrap(), own);
        assert_eq!(look.at(u32::MAX), None);
    }

    #[test]
    fn the_systems_reader_sees_this_process_and_its_parent() {
        check(&mut *system_reader().unwrap());
    }

    #[test]
    fn the_portable_reader_sees_this_process_and_its_parent() {
        check(&mut portable::PortableReader::new().unwrap());
    }
}
