//! What is known of the executables of the processes that run, and what is to be told of them, in
//! order. No clock, no system.

use std::collections::{BTreeMap, VecDeque};

use daemoneye_eventbus::ByteString;

use super::super::digest::Sha256Hex;
use super::super::executable::{AtPath, Look, Which};
use super::super::file_identity::FileIdentity;
use super::super::observation::{Identity, Observation};

/// One entry for each process that has an executable.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    known: BTreeMap<Identity, Entry>,
    /// What is to be told, the first first; of each process at most one for each file. A process
    /// that ends leaves, so the processes that run bound it.
    waiting: VecDeque<(Identity, Which)>,
}

#[derive(Debug)]
struct Entry {
    path: Option<ByteString>,
    /// The file as it was when the process was first seen to run it.
    running: Option<FileIdentity>,
    /// Its hash, once it is known.
    sha256: Option<Sha256Hex>,
    standing: Standing,
    /// Whether the standing is to be told and waits for it.
    standing_waits: bool,
}

/// Whether the file that runs is still the one at its path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    /// It is.
    Intact,
    /// Another one is there, or the same was written to.
    Replaced(FileIdentity),
    /// None is there.
    Removed,
}

/// What is to be told next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) process: Identity,
    pub(super) about: About,
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// The file that runs.
    Running(FileIdentity),
    /// This file is at its path instead.
    Replaced(FileIdentity),
    /// No file is.
    Removed,
}

impl Ledger {
    /// Takes a look at a process in; whether it runs a program that is new.
    pub(super) fn note(&mut self, process: &Observation, look: Look) -> bool {
        let known = self.known.get(&process.identity);
        let is_new = known.is_none_or(|entry| !entry.still_runs(process, &look));
        if is_new {
            self.begin(process, &look);
        }
        if let Some(entry) = self.known.get_mut(&process.identity)
            && entry.stands(look.at_path)
        {
            self.waiting.push_back((process.identity, Which::AtPath));
        }
        is_new
    }

    /// A process runs another program than before, or is new itself.
    fn begin(&mut self, process: &Observation, look: &Look) {
        self.forget(process.identity);
        let running = look.file().cloned();
        if running.is_some() {
            self.waiting.push_back((process.identity, Which::Running));
        }
        let entry = Entry {
            path: process.executable_path.clone(),
            running,
            sha256: None,
            standing: Standing::Intact,
            standing_waits: false,
        };
        self.known.insert(process.identity, entry);
    }

    /// What is to be told next; it waits no longer.
    pub(super) fn take_next(&mut self) -> Option<Task> {
        while let Some((process, which)) = self.waiting.pop_front() {
            let about = self.known.get_mut(&process).and_then(|entry| entry.take(which));
            if let Some(about) = about {
                return Some(Task { process, about });
            }
        }
        None
    }

    /// The file that a process runs has this hash.
    pub(super) fn hashed(&mut self, process: Identity, sha256: &Sha256Hex) {
        if let Some(entry) = self.known.get_mut(&process) {
            entry.sha256 = Some(sha256.clone());
        }
    }

    /// The hash of what a process runs, if it is known.
    pub(super) fn sha256(&self, process: Identity) -> Option<Sha256Hex> {
        self.known.get(&process)?.sha256.clone()
    }

    /// Knows nothing of a process any more: the next look begins anew.
    pub(super) fn forget(&mut self, process: Identity) {
        if self.known.remove(&process).is_some() {
            self.waiting.retain(|(waiting, _)| *waiting != process);
        }
    }

    /// Forgets every process that does not run.
    pub(super) fn retain(&mut self, runs: impl Fn(Identity) -> bool) {
        self.known.retain(|process, _| runs(*process));
        self.waiting.retain(|(process, _)| runs(*process));
    }
}

impl Entry {
    /// Whether the program is the one that is known. A file that was written to is still itself.
    fn still_runs(&self, process: &Observation, look: &Look) -> bool {
        match (&self.running, &look.running) {
            (Some(known), Some(now)) => known.is_same_file_as(now),
            _ => self.path == process.executable_path,
        }
    }

    /// Takes in what is at the path; whether that is to be told and did not wait for it yet.
    fn stands(&mut self, at_path: AtPath) -> bool {
        let standing = match at_path {
            AtPath::Unknown => return false,
            AtPath::Missing => Standing::Removed,
            AtPath::File(file) if self.is_running(&file) => Standing::Intact,
            AtPath::File(file) => Standing::Replaced(file),
        };
        if standing.is_same_as(&self.standing) {
            return false;
        }
        self.standing = standing;
        let is_to_be_told = self.standing != Standing::Intact && !self.standing_waits;
        self.standing_waits |= is_to_be_told;
        is_to_be_told
    }

    fn is_running(&self, file: &FileIdentity) -> bool {
        self.running.as_ref().is_some_and(|running| running.is_same_version_as(file))
    }

    /// What there is to tell of one of its files by now.
    fn take(&mut self, which: Which) -> Option<About> {
        if which == Which::Running {
            return self.running.clone().map(About::Running);
        }
        self.standing_waits = false;
        match &self.standing {
            Standing::Intact => None,
            Standing::Replaced(file) => Some(About::Replaced(file.clone())),
            Standing::Removed => Some(About::Removed),
        }
    }
}

impl Standing {
    fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Replaced(one), Self::Replaced(other)) => one.is_same_version_as(other),
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/bin/one";

    fn process(pid: u32) -> Observation {
        Observation::made_up(pid, PATH)
    }

    fn file(number: u64) -> FileIdentity {
        FileIdentity::made_up(number, 10)
    }

    /// A look at a process that runs a file which lies at its path.
    fn intact(number: u64) -> Look {
        Look { running: Some(file(number)), at_path: AtPath::File(file(number)) }
    }

    /// A look at a process that runs the first file, where something else is at its path.
    fn astray(at_path: AtPath) -> Look {
        Look { running: Some(file(1)), at_path }
    }

    /// Everything there is to tell, by process id.
    fn told(ledger: &mut Ledger) -> Vec<(u32, About)> {
        std::iter::from_fn(|| ledger.take_next())
            .map(|task| (task.process.pid, task.about))
            .collect()
    }

    /// A ledger that has told of process 7, which runs the first file.
    fn knowing() -> Ledger {
        let mut ledger = Ledger::default();
        assert!(ledger.note(&process(7), intact(1)));
        assert_eq!(told(&mut ledger), [(7, About::Running(file(1)))]);
        ledger
    }

    #[test]
    fn processes_are_told_in_the_order_they_were_met() {
        let met: [(u32, u64); 3] = [(9, 1), (7, 2), (8, 1)];
        let mut ledger = Ledger::default();
        for (pid, number) in met {
            ledger.note(&process(pid), intact(number));
        }
        let expected = met.map(|(pid, number)| (pid, About::Running(file(number))));
        assert_eq!(told(&mut ledger), expected);
    }

    #[test]
    fn what_stays_as_it_was_is_told_once() {
        let mut ledger = knowing();
        for _ in 0..3 {
            assert!(!ledger.note(&process(7), intact(1)));
            assert_eq!(told(&mut ledger), []);
        }
    }

    #[test]
    fn another_program_is_told() {
        let mut ledger = knowing();
        assert!(ledger.note(&process(7), intact(2)));
        assert_eq!(told(&mut ledger), [(7, About::Running(file(2)))]);
    }

    #[test]
    fn another_program_takes_the_place_of_one_that_waited() {
        let mut ledger = Ledger::default();
        ledger.note(&process(7), astray(AtPath::Missing));
        assert!(ledger.note(&process(7), intact(2)));
        assert_eq!(told(&mut ledger), [(7, About::Running(file(2)))]);
    }

    #[test]
    fn a_program_that_was_renamed_is_the_same() {
        let mut ledger = knowing();
        assert!(!ledger.note(&Observation::made_up(7, "/bin/renamed"), intact(1)));
        assert_eq!(told(&mut ledger), []);
    }

    #[test]
    fn each_change_of_what_is_at_the_path_is_told_once() {
        let mut ledger = knowing();
        let rows = [
            (AtPath::File(file(2)), Some(About::Replaced(file(2)))),
            (AtPath::File(file(2)), None),
            (AtPath::Unknown, None),
            (AtPath::File(file(2)), None),
            (AtPath::File(file(2).rewritten(11)), Some(About::Replaced(file(2).rewritten(11)))),
            (AtPath::Missing, Some(About::Removed)),
            (AtPath::Missing, None),
            (AtPath::File(file(1)), None),
            (AtPath::Missing, Some(About::Removed)),
        ];
        for (number, (at_path, expected)) in rows.into_iter().enumerate() {
            assert!(!ledger.note(&process(7), astray(at_path)));
            let about: Vec<_> = told(&mut ledger).into_iter().map(|(_, about)| about).collect();
            assert_eq!(about, expected.into_iter().collect::<Vec<_>>(), "row {number}");
        }
    }

    #[test]
    fn a_program_that_was_written_to_is_told_as_replaced() {
        let mut ledger = knowing();
        let written = file(1).rewritten(10);
        let look = Look { running: Some(written.clone()), at_path: AtPath::File(written.clone()) };
        assert!(!ledger.note(&process(7), look));
        assert_eq!(told(&mut ledger), [(7, About::Replaced(written))]);
    }

    #[test]
    fn one_that_has_lost_its_path_before_it_was_met_is_told_after_its_hash() {
        let mut ledger = Ledger::default();
        ledger.note(&process(7), astray(AtPath::Missing));
        let expected = [(7, About::Running(file(1))), (7, About::Removed)];
        assert_eq!(told(&mut ledger), expected);
    }

    #[test]
    fn what_changes_while_it_waits_is_told_as_it_is_at_last() {
        let mut ledger = knowing();
        for at_path in [AtPath::Missing, AtPath::File(file(2)), AtPath::File(file(3))] {
            ledger.note(&process(7), astray(at_path));
        }
        assert_eq!(ledger.waiting.len(), 1);
        assert_eq!(told(&mut ledger), [(7, About::Replaced(file(3)))]);
        ledger.note(&process(7), astray(AtPath::Missing));
        ledger.note(&process(7), intact(1));
        assert_eq!(told(&mut ledger), []);
    }

    #[test]
    fn where_the_system_does_not_tell_what_runs_the_path_stands_for_it() {
        let look = |number| Look { running: None, at_path: AtPath::File(file(number)) };
        let mut ledger = Ledger::default();
        assert!(ledger.note(&process(7), look(1)));
        assert!(!ledger.note(&process(7), look(1)));
        assert!(!ledger.note(&process(7), look(2)));
        let expected = [(7, About::Running(file(1))), (7, About::Replaced(file(2)))];
        assert_eq!(told(&mut ledger), expected);
        assert!(ledger.note(&Observation::made_up(7, "/bin/two"), look(2)));
        assert_eq!(told(&mut ledger), [(7, About::Running(file(2)))]);
    }

    #[test]
    fn a_process_that_ended_is_told_no_more() {
        let mut ledger = Ledger::default();
        ledger.note(&process(7), astray(AtPath::Missing));
        ledger.note(&process(8), intact(2));
        ledger.retain(|process| process.pid == 8);
        assert_eq!(told(&mut ledger), [(8, About::Running(file(2)))]);
        assert_eq!((ledger.known.len(), ledger.waiting.len()), (1, 0));
    }

    #[test]
    fn a_process_that_was_forgotten_is_new() {
        let mut ledger = knowing();
        ledger.hashed(process(7).identity, &"hash".into());
        assert_eq!(ledger.sha256(process(7).identity), Some("hash".into()));
        ledger.forget(process(7).identity);
        assert_eq!(ledger.sha256(process(7).identity), None);
        assert!(ledger.note(&process(7), intact(1)));
    }

    #[test]
    fn no_more_wait_than_two_of_each_process() {
        let mut ledger = Ledger::default();
        for round in 0..10 {
            for pid in 0..5 {
                ledger.note(&process(pid), astray(AtPath::File(file(2 + round))));
                ledger.note(&process(pid), astray(AtPath::Missing));
            }
        }
        assert_eq!(ledger.waiting.len(), 10);
    }
}
