//! Reading the figures of this process, in the way of each system.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;

use std::time::Duration;

#[cfg(target_os = "linux")]
use linux::ProcReader as SystemReader;
#[cfg(not(target_os = "linux"))]
use portable::PortableReader as SystemReader;

/// What the system tells of this process; what it does not is `None`, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// CPU time of all its threads since it began.
    pub(crate) cpu_time: Option<Duration>,
    /// Resident memory.
    pub(crate) memory_bytes: Option<u64>,
    /// Files, sockets and whatever else it has open.
    pub(crate) open_descriptors: Option<u64>,
    /// Its threads.
    pub(crate) threads: Option<u64>,
}

/// Reads this process, again and again.
pub(crate) struct Reader {
    system: SystemReader,
}

impl Reader {
    /// A reader for this system. It cannot fail: what cannot be read is left out of each reading.
    pub(crate) fn open() -> Self {
        Self { system: SystemReader::open() }
    }

    /// Reads. Blocks, for a millisecond at most unless there are very many descriptors.
    pub(crate) fn read(&mut self) -> Reading {
        self.system.read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mut read: impl FnMut() -> Reading) {
        let first = read();
        assert!(first.memory_bytes.expect("every system tells it") > 1 << 16, "{first:?}");
        // Until CPU time has passed, in whatever steps the system counts it.
        let began = first.cpu_time.expect("every system tells it");
        while read().cpu_time.expect("as before") <= began {
            std::hint::black_box((0..10_000_u64).sum::<u64>());
        }
    }

    #[test]
    fn the_systems_reader_sees_this_process_at_work() {
        let mut reader = Reader::open();
        check(|| reader.read());
    }

    #[test]
    fn the_portable_reader_sees_this_process_at_work() {
        let mut reader = portable::PortableReader::open();
        check(|| reader.read());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_is_opened_and_a_thread_that_is_started_are_counted() {
        let mut reader = Reader::open();
        // Other tests open and close theirs meanwhile: far more than they do.
        let more = 200;
        let files: Vec<_> =
            (0..more).map(|_| std::fs::File::open("/proc/self/stat").unwrap()).collect();
        let read = reader.read();
        assert!(read.open_descriptors.unwrap() >= more, "{read:?}");
        assert!(read.threads.unwrap() >= 2, "this one and the one that started it: {read:?}");
        drop(files);
    }
}
