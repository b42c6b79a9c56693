//! Reading the processes of this host: one trait, one implementation per kind of system.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;

use thiserror::Error;

use super::observation::Scan;

/// Makes scans. Blocks for some milliseconds each.
pub(super) trait Reader: Send {
    /// Reads every process there is.
    fn scan(&mut self) -> Result<Scan, ReadError>;
}

/// Why there is no scan.
#[derive(Debug, Error)]
#[error("cannot list processes: {reason}")]
pub(super) struct ReadError {
    /// What the system said.
    pub(super) reason: String,
}

/// The reader for this system.
pub(super) fn system_reader() -> Result<Box<dyn Reader>, ReadError> {
    #[cfg(target_os = "linux")]
    return Ok(Box::new(linux::ProcReader::new()?));
    #[cfg(not(target_os = "linux"))]
    return Ok(Box::new(portable::PortableReader::new()?));
}

impl ReadError {
    fn new(reason: impl std::fmt::Display) -> Self {
        Self { reason: reason.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::observation::Observation;
    use super::*;

    fn own(reader: &mut dyn Reader) -> Observation {
        let scan = reader.scan().unwrap();
        let pid = std::process::id();
        let mut found = scan.processes.into_iter().filter(|process| process.identity.pid == pid);
        let own = found.next().expect("this process runs");
        assert_eq!(found.next(), None, "each id once");
        own
    }

    fn check_own(own: &Observation) {
        let expected = std::env::current_exe().unwrap();
        assert_eq!(own.executable_path.as_deref(), expected.to_str());
        let arguments: Vec<_> = std::env::args().collect();
        assert_eq!(own.arguments, arguments);
        assert!(own.memory_bytes > 0);
        assert!(own.accessible);
        #[cfg(unix)]
        {
            let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap();
            assert_eq!(own.user_id.as_deref(), Some(user.uid.to_string().as_str()));
            assert_eq!(own.user_name.as_deref(), Some(user.name.as_str()));
            let parent = u32::try_from(nix::unistd::getppid().as_raw()).ok();
            assert_eq!(own.ppid, parent);
        }
    }

    #[test]
    fn the_systems_reader_sees_this_process_as_it_is() {
        check_own(&own(&mut *system_reader().unwrap()));
    }

    #[test]
    fn the_portable_reader_sees_this_process_as_it_is() {
        check_own(&own(&mut portable::PortableReader::new().unwrap()));
    }

    /// What is seen of a shell before and after it has become another program; and that it began
    /// when it did, to the few seconds to which systems know it.
    #[cfg(unix)]
    fn check_exec(reader: &mut dyn Reader) {
        use std::io::{Read, Write};
        use std::process::{Command, Stdio};

        use daemoneye_eventbus::clock::unix_ns;

        const FEW_SECONDS_NS: u64 = 5_000_000_000;
        let mut command = Command::new("sh");
        command.args(["-c", "echo; read x; exec cat"]);
        let earliest_ns = unix_ns() - FEW_SECONDS_NS;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut seen = |expected: &[&str]| {
            let scan = reader.scan().unwrap();
            let mut found = scan.processes.iter().filter(|one| one.identity.pid == child.id());
            let seen = found.next().expect("it runs");
            assert_eq!(seen.arguments, expected);
            let start_ns = seen.start_time_unix_ns.unwrap();
            assert!((earliest_ns..unix_ns() + FEW_SECONDS_NS).contains(&start_ns), "{seen:?}");
        };
        output.read_exact(&mut [0]).unwrap();
        seen(&["sh", "-c", "echo; read x; exec cat"]);
        // The shell takes the line, and `cat` says the rest.
        input.write_all(b"\nx").unwrap();
        output.read_exact(&mut [0]).unwrap();
        seen(&["cat"]);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// CPU time is what this process's own clock says, but for the steps in which it is counted.
    #[cfg(unix)]
    fn check_cpu_time(reader: &mut dyn Reader) {
        use std::time::Duration;

        use nix::time::{ClockId, clock_gettime};

        const BURNED: Duration = Duration::from_millis(400);
        const STEPS: Duration = Duration::from_millis(100);
        let clock = || Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap());
        let end = clock() + BURNED;
        while clock() < end {}
        let before = clock();
        let counted = Duration::from_nanos(own(reader).cpu_time_ns);
        assert!(counted + STEPS >= before, "{counted:?} is too little");
        assert!(counted <= clock() + STEPS, "{counted:?} is too much");
    }

    #[cfg(unix)]
    #[test]
    fn the_systems_reader_counts_cpu_time() {
        check_cpu_time(&mut *system_reader().unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn the_portable_reader_counts_cpu_time() {
        check_cpu_time(&mut portable::PortableReader::new().unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn the_systems_reader_sees_what_a_process_becomes() {
        check_exec(&mut *system_reader().unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn the_portable_reader_sees_what_a_process_becomes() {
        check_exec(&mut portable::PortableReader::new().unwrap());
    }

    #[test]
    fn a_process_keeps_its_identity_from_scan_to_scan() {
        let mut reader = system_reader().unwrap();
        assert_eq!(own(&mut *reader).identity, own(&mut *reader).identity);
    }
}
