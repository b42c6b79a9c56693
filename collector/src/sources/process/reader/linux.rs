//! Linux: `/proc`, read through `procfs`.
//!
//! A process is `(pid, start ticks)`. What only an `exec` changes is read once and kept: where the
//! stack begins is another address after each, as far as this user may know it. A zombie has
//! exited: its parent only has not noticed yet.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use daemoneye_eventbus::ByteString;
use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use nix::unistd::{Uid, User};
use procfs::process::{Process, Stat};
use procfs::{ProcError, ProcResult, WithCurrentSystemInfo};

use super::super::observation::{Identity, MAX_ARGUMENTS_BYTES, Observation, Scan};
use super::{ReadError, Reader};

const NS_PER_SECOND: u64 = 1_000_000_000;
/// How long an `exec` may take, of an executable that has to come from a slow disk. When the host
/// was booted is known to a second, and with it the age of a process.
const LONGEST_EXEC_NS: u64 = 3 * NS_PER_SECOND;

/// Reads `/proc`.
pub(super) struct ProcReader {
    boot_unix_ns: u64,
    ns_per_tick: u64,
    before: Learned,
}

/// What one scan has learned, of the processes it saw and of their users; the next need not ask
/// again.
#[derive(Debug, Default)]
struct Learned {
    details: HashMap<Identity, Details>,
    /// `None` for a user without a name.
    user_names: HashMap<u32, Option<ByteString>>,
}

/// What is read again only after an `exec`, or when the name changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    name: String,
    image: Option<u64>,
    executable_path: Option<ByteString>,
    arguments: Vec<ByteString>,
    arguments_cut: bool,
    arguments_readable: bool,
}

/// What became of one process id.
enum Sight {
    Process(Box<Observation>),
    Gone,
    Unreadable,
}

impl ProcReader {
    pub(super) fn new() -> Result<Self, ReadError> {
        let boot_s = procfs::boot_time_secs().map_err(ReadError::new)?;
        Ok(Self {
            boot_unix_ns: boot_s * NS_PER_SECOND,
            ns_per_tick: NS_PER_SECOND / procfs::ticks_per_second(),
            before: Learned::default(),
        })
    }

    fn look_at(&self, pid: u32, now: &mut Learned) -> Sight {
        match self.observe(pid, now) {
            Ok(Some(observation)) => Sight::Process(Box::new(observation)),
            Ok(None) | Err(ProcError::NotFound(_)) => Sight::Gone,
            Err(_) => Sight::Unreadable,
        }
    }

    /// `None` for a process that has exited.
    fn observe(&self, pid: u32, now: &mut Learned) -> ProcResult<Option<Observation>> {
        let process = Process::new(i32::try_from(pid).map_err(|_| ProcError::NotFound(None))?)?;
        let stat = process.stat()?;
        if has_exited(&stat) {
            return Ok(None);
        }
        let identity = Identity { start: stat.starttime, pid };
        let details = self.details(&process, &stat, identity);
        // Everybody may read it: where it is gone, so is the process.
        let user_id = process.status()?.euid;
        let observation = Observation {
            identity,
            ppid: u32::try_from(stat.ppid).ok().filter(|ppid| *ppid != 0),
            name: stat.comm.as_str().into(),
            executable_path: details.executable_path.clone(),
            arguments: details.arguments.clone(),
            arguments_cut: details.arguments_cut,
            image: details.image,
            start_time_unix_ns: Some(self.boot_unix_ns + stat.starttime * self.ns_per_tick),
            cpu_time_ns: (stat.utime + stat.stime) * self.ns_per_tick,
            memory_bytes: stat.rss_bytes().get(),
            user_id: Some(user_id.to_string().into()),
            user_name: self.user_name(user_id, now),
            accessible: details.arguments_readable && is_complete(&details, &stat),
        };
        now.details.insert(identity, details);
        Ok(Some(observation))
    }

    fn details(&self, process: &Process, stat: &Stat, identity: Identity) -> Details {
        let executable_path = process.exe().ok().map(|link| executable_path(&link));
        let image = Some(stat.startstack).filter(|address| *address != 0);
        let known = self.before.details.get(&identity);
        let is_same = |known: &&Details| {
            known.name == stat.comm
                && known.image == image
                && known.executable_path == executable_path
                && !known.arguments.is_empty()
        };
        if let Some(known) = known.filter(is_same) {
            return known.clone();
        }
        let read = read_arguments(process);
        let arguments_readable = read.is_some();
        let (arguments, arguments_cut) = read.unwrap_or_default();
        let name = stat.comm.clone();
        let now =
            Details { name, image, executable_path, arguments, arguments_cut, arguments_readable };
        now.or_before_its_end(known)
    }

    /// Whether a process is still being made: a stranger in the midst of its first `exec`. One that
    /// has no arguments for longer has none.
    fn is_unfinished(&self, process: &Observation, scan: &Scan) -> bool {
        let age_ns = process
            .start_time_unix_ns
            .map_or(u64::MAX, |start_ns| scan.observed_unix_ns.saturating_sub(start_ns));
        let is_stranger = !self.before.details.contains_key(&process.identity);
        is_in_exec(process) && is_stranger && age_ns < LONGEST_EXEC_NS
    }

    /// Asked once for as long as one of the user's processes runs.
    fn user_name(&self, id: u32, now: &mut Learned) -> Option<ByteString> {
        let known = self.before.user_names.get(&id);
        let entry = now.user_names.entry(id);
        entry.or_insert_with(|| known.cloned().unwrap_or_else(|| look_up_user(id))).clone()
    }
}

impl Details {
    /// What was known, if nothing can be read any more: a process that is exiting has given its
    /// memory back, and executable and arguments with it, some time before it is a zombie. So has
    /// one whose first thread has ended.
    fn or_before_its_end(self, known: Option<&Self>) -> Self {
        let has_no_memory = self.executable_path.is_none() && self.arguments.is_empty();
        match known {
            Some(known) if has_no_memory => known.clone(),
            _ => self,
        }
    }
}

impl Sight {
    fn add_to(self, scan: &mut Scan, pid: u32) {
        match self {
            Self::Process(observation) => scan.processes.push(*observation),
            Self::Gone => {}
            Self::Unreadable => scan.unreadable.push(pid),
        }
    }
}

impl Reader for ProcReader {
    fn scan(&mut self) -> Result<Scan, ReadError> {
        let mut scan = Scan {
            observed_unix_ns: unix_ns(),
            observed_monotonic_ns: monotonic_ns(),
            processes: Vec::with_capacity(self.before.details.len()),
            unreadable: Vec::new(),
        };
        let mut now = Learned::default();
        // Looked at again in the end, when their arguments have been set up.
        let mut in_exec = Vec::new();
        for entry in fs::read_dir("/proc").map_err(ReadError::new)? {
            let name = entry.map_err(ReadError::new)?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            match self.look_at(pid, &mut now) {
                Sight::Process(process) if is_in_exec(&process) => in_exec.push(pid),
                sight => sight.add_to(&mut scan, pid),
            }
        }
        for pid in in_exec {
            let sight = match self.look_at(pid, &mut now) {
                Sight::Process(process) if self.is_unfinished(&process, &scan) => {
                    // Nothing is told of it before the next scan, which meets it as a stranger.
                    now.details.remove(&process.identity);
                    Sight::Unreadable
                }
                sight => sight,
            };
            sight.add_to(&mut scan, pid);
        }
        self.before = now;
        Ok(scan)
    }
}

/// A zombie with other threads is a process whose first thread ended early: it runs on.
fn has_exited(stat: &Stat) -> bool {
    matches!(stat.state, 'Z' | 'X' | 'x') && stat.num_threads <= 1
}

/// In the midst of an `exec` the executable is already the new one, and there are no arguments
/// yet. A process may also have wiped its own.
fn is_in_exec(process: &Observation) -> bool {
    process.arguments.is_empty() && process.executable_path.is_some()
}

/// Threads of the kernel have no executable; for others it must be readable.
fn is_complete(details: &Details, stat: &Stat) -> bool {
    const KERNEL_THREADS_PARENT: i32 = 2;
    let of_the_kernel = stat.ppid == KERNEL_THREADS_PARENT || stat.pid == KERNEL_THREADS_PARENT;
    details.executable_path.is_some() || of_the_kernel
}

/// Where the executable was when it was started. The system marks one that was removed or replaced
/// since; the process runs it all the same.
fn executable_path(link: &Path) -> ByteString {
    let text = link.to_string_lossy();
    text.strip_suffix(" (deleted)").unwrap_or(&text).into()
}

fn look_up_user(id: u32) -> Option<ByteString> {
    let user = User::from_uid(Uid::from_raw(id)).ok().flatten();
    user.map(|user| user.name.into())
}

/// The arguments one by one, empty ones included, and whether there are more than are kept; bytes
/// that are no UTF-8 become U+FFFD.
fn read_arguments(process: &Process) -> Option<(Vec<ByteString>, bool)> {
    let mut bytes = Vec::new();
    let file = process.open_relative("cmdline").ok()?;
    file.take(MAX_ARGUMENTS_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
    let is_cut = bytes.len() > MAX_ARGUMENTS_BYTES;
    bytes.truncate(MAX_ARGUMENTS_BYTES);
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if bytes.is_empty() {
        return Some((Vec::new(), false));
    }
    let texts = bytes.split(|byte| *byte == 0);
    let texts = texts.map(|text| ByteString::from(&*String::from_utf8_lossy(text)));
    Some((texts.collect(), is_cut))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Child, Command, Stdio};

    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    use nix::unistd::Pid;

    use super::*;

    fn seen<'s>(scan: &'s Scan, child: &Child) -> Option<&'s Observation> {
        scan.processes.iter().find(|process| process.identity.pid == child.id())
    }

    /// A shell that has spoken, hence its `exec` is over, and waits for a line.
    fn shell(arguments: &[&str]) -> Child {
        let mut command = Command::new("sh");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        hear(&mut child);
        child
    }

    fn hear(child: &mut Child) {
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    }

    fn arguments(child: &Child) -> (Vec<ByteString>, bool) {
        let pid = i32::try_from(child.id()).unwrap();
        read_arguments(&Process::new(pid).unwrap()).unwrap()
    }

    fn end(mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_zombie_has_exited() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let mut reader = ProcReader::new().unwrap();
        assert!(seen(&reader.scan().unwrap(), &child).is_some());
        child.kill().unwrap();
        // Waits until it has exited, and leaves it unreaped.
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
        let scan = reader.scan().unwrap();
        assert_eq!(seen(&scan, &child), None);
        assert!(!scan.unreadable.contains(&child.id()));
        child.wait().unwrap();
    }

    #[test]
    fn a_stranger_in_its_first_exec_is_not_told_of_before_it_is_what_it_will_be() {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let mut reader = ProcReader::new().unwrap();
        let scan = reader.scan().unwrap();
        let whole = seen(&scan, &child).expect("it runs").clone();
        let in_exec = Observation { arguments: Vec::new(), ..whole.clone() };
        assert!(!reader.is_unfinished(&in_exec, &scan), "it is known by now");
        let reader = ProcReader { before: Learned::default(), ..reader };
        assert!(reader.is_unfinished(&in_exec, &scan));
        assert!(!reader.is_unfinished(&whole, &scan), "it has its arguments");
        let later = scan.observed_unix_ns + 10 * LONGEST_EXEC_NS;
        let later = Scan { observed_unix_ns: later, ..scan };
        assert!(!reader.is_unfinished(&in_exec, &later), "it has wiped them, or never had any");
        end(child);
    }

    #[test]
    fn an_exec_of_the_same_program_is_another_image_with_its_own_arguments() {
        let mut child = shell(&["-c", "echo; read x; exec sh -c 'echo; read y' again"]);
        let mut reader = ProcReader::new().unwrap();
        let before = seen(&reader.scan().unwrap(), &child).unwrap().clone();
        assert_eq!(seen(&reader.scan().unwrap(), &child).unwrap().image, before.image);

        child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        hear(&mut child);
        let after = seen(&reader.scan().unwrap(), &child).unwrap().clone();
        assert_eq!(after.identity, before.identity);
        assert_eq!(after.executable_path, before.executable_path);
        assert_eq!(after.arguments, ["sh", "-c", "echo; read y", "again"]);
        assert!(after.image.is_some() && after.image != before.image);
        end(child);
    }

    #[test]
    fn a_process_that_is_exiting_is_still_what_it_was() {
        let details = |path: Option<&'static str>, arguments: &[&'static str]| Details {
            name: "sleep".to_owned(),
            image: None,
            executable_path: path.map(ByteString::from_static),
            arguments: arguments.iter().copied().map(ByteString::from_static).collect(),
            arguments_cut: false,
            arguments_readable: true,
        };
        let known = details(Some("/bin/sleep"), &["sleep", "600"]);
        assert_eq!(details(None, &[]).or_before_its_end(Some(&known)), known);
        // Threads of the kernel never had any; and an executable may only be hidden.
        assert_eq!(details(None, &[]).or_before_its_end(None), details(None, &[]));
        let hidden = details(None, &["sudo"]);
        assert_eq!(hidden.clone().or_before_its_end(Some(&known)), hidden);
    }

    #[test]
    fn an_executable_that_was_removed_keeps_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sleep");
        // By another process: a thread of this one that forks meanwhile would keep the file open
        // for writing, and what is written cannot be executed.
        assert!(Command::new("cp").arg("/bin/sleep").arg(&path).status().unwrap().success());
        let child = Command::new(&path).arg("600").spawn().unwrap();
        fs::remove_file(&path).unwrap();
        let scan = ProcReader::new().unwrap().scan().unwrap();
        assert_eq!(seen(&scan, &child).unwrap().executable_path.as_deref(), path.to_str());
        end(child);
    }

    #[test]
    fn arguments_are_read_one_by_one_empty_ones_included() {
        let child = shell(&["-c", "echo; read x", "", "a b", ""]);
        let expected = ["sh", "-c", "echo; read x", "", "a b", ""];
        assert_eq!(arguments(&child), (expected.map(ByteString::from_static).to_vec(), false));
        end(child);
    }

    #[test]
    fn of_very_many_arguments_the_first_are_kept() {
        let long = "x".repeat(MAX_ARGUMENTS_BYTES);
        let child = shell(&["-c", "echo; read x", "first", &long, "last"]);
        let (kept, is_cut) = arguments(&child);
        assert!(is_cut);
        assert_eq!(kept[..4], ["sh", "-c", "echo; read x", "first"]);
        assert_eq!(kept.len(), 5);
        assert!(!kept[4].is_empty() && kept[4].len() < long.len());
        end(child);
    }
}
