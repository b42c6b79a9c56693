//! Hashes of executables: told once per process and program, and again when a program is no
//! longer the file at its path.
//!
//! Reading is bounded twice: per file, and per scan for all of them; what is left waits in the
//! order it was met. It is done in pieces, so that a scan that is due need not wait. A hash is
//! never taken for that of another file: what is opened is compared with what was looked at. A
//! process that ends before its turn has none.

mod ledger;

use std::collections::BTreeSet;
use std::io;

use tracing::debug;

use super::digest::{Hashed, Hashing, Sha256Hex};
use super::digest_cache::DigestCache;
use super::executable::{Content, Look, Which};
use super::file_identity::FileIdentity;
use super::observation::{Identity, Observation};
use ledger::{About, Ledger, Task};

/// Read in one piece, bytes: some milliseconds of hashing.
const PIECE_BYTES: u64 = 4 << 20;
/// Hashes that are kept, more than hosts have executables that run; each takes about 300 bytes.
const CACHED_HASHES: usize = 4096;

/// Opens a file of a process.
pub(super) type Open<'a> = dyn Fn(Identity, Which) -> io::Result<Box<dyn Content>> + 'a;

/// Hashes what runs.
pub(super) struct Integrity {
    /// Largest file that is hashed, bytes.
    limit_bytes: u64,
    /// Most that is read from one scan to the next, bytes.
    budget_bytes: u64,
    /// What of it is left, bytes.
    left_bytes: u64,
    ledger: Ledger,
    hashes: DigestCache,
    /// Taken from the ledger and not done yet.
    task: Option<Task>,
    /// The task's file, when it has been begun.
    hashing: Option<Hashing>,
    /// Processes whose executable cannot be read; those that run.
    unreadable: BTreeSet<Identity>,
}

/// What there is to tell of the executable of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) process: Identity,
    /// Hash of what it runs, if there is one.
    pub(super) sha256: Option<Sha256Hex>,
    /// Why it is told, unless it is for the hash.
    pub(super) reason: Option<Reason>,
    /// Hash of the file at its path, if that is another and could be hashed.
    pub(super) path_sha256: Option<Sha256Hex>,
}

/// Why something is told that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It has more bytes than are hashed.
    TooLarge,
    /// Another file is at its path, or it was written to.
    Replaced,
    /// No file is at its path.
    Removed,
}

/// Why there is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoHash {
    TooLarge,
    /// It cannot be opened or read.
    Unreadable,
    /// What is there now is not what was looked at.
    Changed,
    /// There is more to read than may be for now.
    Unfinished,
}

/// What came of a task.
enum Outcome {
    Told(Report),
    Silent,
    Unfinished,
}

impl Integrity {
    /// Knows nothing yet.
    pub(super) fn new(limit_bytes: u64, budget_bytes: u64) -> Self {
        Self {
            limit_bytes,
            budget_bytes,
            left_bytes: budget_bytes,
            ledger: Ledger::default(),
            hashes: DigestCache::new(CACHED_HASHES),
            task: None,
            hashing: None,
            unreadable: BTreeSet::new(),
        }
    }

    /// A scan was made: as much may be read anew, and who ended is forgotten.
    pub(super) fn begin(&mut self, runs: impl Fn(Identity) -> bool) {
        self.left_bytes = self.budget_bytes;
        self.ledger.retain(&runs);
        self.unreadable.retain(|process| runs(*process));
        if self.task.as_ref().is_some_and(|task| !runs(task.process)) {
            self.abandon();
        }
    }

    /// Takes a look at a process in.
    pub(super) fn note(&mut self, process: &Observation, look: Option<Look>) {
        let Some(look) = look else {
            if !is_of_the_kernel(process) {
                self.count_unreadable(process.identity);
            }
            return;
        };
        self.unreadable.remove(&process.identity);
        let is_new = self.ledger.note(process, look);
        let is_at_work = |task: &Task| task.process == process.identity;
        if is_new && self.task.as_ref().is_some_and(is_at_work) {
            self.abandon();
        }
    }

    /// The hash of a file, if it is known.
    pub(super) fn known(&mut self, file: &FileIdentity) -> Option<Sha256Hex> {
        self.hashes.get(file)
    }

    /// Reads on for some milliseconds; what there is to tell by now. `None` when nothing more is to
    /// be done before the next scan.
    pub(super) fn piece(&mut self, open: &Open<'_>) -> Option<Vec<Report>> {
        let before_bytes = self.left_bytes;
        let floor_bytes = before_bytes.saturating_sub(PIECE_BYTES);
        let mut reports = Vec::new();
        while let Some(task) = self.task.take().or_else(|| self.ledger.take_next()) {
            match self.work(&task, floor_bytes, open) {
                Outcome::Told(report) => reports.push(report),
                Outcome::Silent => {}
                Outcome::Unfinished => {
                    self.task = Some(task);
                    break;
                }
            }
        }
        let has_worked = self.left_bytes < before_bytes || !reports.is_empty();
        has_worked.then_some(reports)
    }

    fn work(&mut self, task: &Task, floor_bytes: u64, open: &Open<'_>) -> Outcome {
        match &task.about {
            About::Running(file) => {
                let hashed = self.hash(task.process, Which::Running, file, floor_bytes, open);
                self.tell_running(task.process, hashed)
            }
            About::Replaced(file) => {
                match self.hash(task.process, Which::AtPath, file, floor_bytes, open) {
                    Err(NoHash::Unfinished) => Outcome::Unfinished,
                    hashed => self.tell(task.process, Reason::Replaced, hashed.ok()),
                }
            }
            About::Removed => self.tell(task.process, Reason::Removed, None),
        }
    }

    fn tell_running(&mut self, process: Identity, hashed: Result<Sha256Hex, NoHash>) -> Outcome {
        match hashed {
            Ok(sha256) => {
                self.ledger.hashed(process, &sha256);
                let sha256 = Some(sha256);
                Outcome::Told(Report { process, sha256, reason: None, path_sha256: None })
            }
            Err(NoHash::TooLarge) => self.tell(process, Reason::TooLarge, None),
            Err(NoHash::Unreadable) => {
                self.count_unreadable(process);
                Outcome::Silent
            }
            Err(NoHash::Changed) => {
                self.ledger.forget(process);
                Outcome::Silent
            }
            Err(NoHash::Unfinished) => Outcome::Unfinished,
        }
    }

    fn tell(&self, process: Identity, reason: Reason, path_sha256: Option<Sha256Hex>) -> Outcome {
        let sha256 = self.ledger.sha256(process);
        Outcome::Told(Report { process, sha256, reason: Some(reason), path_sha256 })
    }

    /// Hashes one of the files of a process, or goes on with it, down to so much of the budget.
    fn hash(
        &mut self,
        process: Identity,
        which: Which,
        file: &FileIdentity,
        floor_bytes: u64,
        open: &Open<'_>,
    ) -> Result<Sha256Hex, NoHash> {
        let begun = self.hashing.take();
        if let Some(known) = self.hashes.get(file) {
            return Ok(known);
        }
        if file.size_bytes() > self.limit_bytes {
            return Err(NoHash::TooLarge);
        }
        let granted_bytes = self.left_bytes.saturating_sub(floor_bytes);
        if granted_bytes == 0 {
            self.hashing = begun;
            return Err(NoHash::Unfinished);
        }
        let mut hashing = match begun {
            Some(begun) => begun,
            None => begin(file, open(process, which))?,
        };
        let advanced = hashing.advance(granted_bytes).map_err(|_| NoHash::Unreadable);
        let (read_bytes, progress) = advanced?;
        self.left_bytes = self.left_bytes.saturating_sub(read_bytes);
        match progress {
            Hashed::Unfinished => {
                self.hashing = Some(hashing);
                Err(NoHash::Unfinished)
            }
            Hashed::Changed => Err(NoHash::Changed),
            Hashed::Done(sha256) => {
                self.hashes.insert(hashing.identity().clone(), sha256.clone());
                Ok(sha256)
            }
        }
    }

    /// Gives up what was begun.
    fn abandon(&mut self) {
        self.task = None;
        self.hashing = None;
    }

    fn count_unreadable(&mut self, process: Identity) {
        if self.unreadable.insert(process) {
            let unreadable = self.unreadable.len();
            debug!(pid = process.pid, unreadable, "an executable cannot be read");
        }
    }
}

impl Reason {
    /// As events name it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too large",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
        }
    }
}

/// Begins with what was opened, if it is what was looked at.
fn begin(file: &FileIdentity, opened: io::Result<Box<dyn Content>>) -> Result<Hashing, NoHash> {
    let content = opened.map_err(|_| NoHash::Unreadable)?;
    let identity = content.identity().map_err(|_| NoHash::Unreadable)?;
    if !identity.is_same_version_as(file) {
        return Err(NoHash::Changed);
    }
    Ok(Hashing::new(content, identity))
}

/// Threads of the kernel have no executable, and nothing of them is hidden.
fn is_of_the_kernel(process: &Observation) -> bool {
    process.executable_path.is_none() && process.accessible
}

#[cfg(test)]
mod tests;
