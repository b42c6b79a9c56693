//! Budgets, order and what is told, on files that never were.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::super::digest::made_up::{MadeUp, sha256};
use super::super::executable::AtPath;
use super::*;

const PLENTY_BYTES: u64 = 1 << 30;

/// The files that processes run or have at their paths, by process id.
#[derive(Default)]
struct Disk {
    files: BTreeMap<(u32, Which), (FileIdentity, Vec<u8>)>,
    /// What was opened, in order.
    opened: RefCell<Vec<u32>>,
}

impl Disk {
    /// Process ids, each running the file of the number beside it, of so many bytes.
    fn of(rows: &[(u32, u64, usize)]) -> Self {
        let mut disk = Self::default();
        for (pid, number, size) in rows {
            disk.put(*pid, Which::Running, *number, *size);
        }
        disk
    }

    /// A file of a process: its number makes it and its content.
    fn put(&mut self, pid: u32, which: Which, number: u64, size: usize) {
        let file = FileIdentity::made_up(number, size as u64);
        self.files.insert((pid, which), (file, content(number, size)));
    }

    fn file(&self, pid: u32, which: Which) -> FileIdentity {
        self.files[&(pid, which)].0.clone()
    }

    /// A look at a process whose file is still at its path.
    fn intact(&self, pid: u32) -> Look {
        let file = self.file(pid, Which::Running);
        Look { running: Some(file.clone()), at_path: AtPath::File(file) }
    }

    /// A look at one whose file is not.
    fn astray(&self, pid: u32, at_path: AtPath) -> Look {
        Look { running: Some(self.file(pid, Which::Running)), at_path }
    }

    fn open(&self, process: Identity, which: Which) -> io::Result<Box<dyn Content>> {
        self.opened.borrow_mut().push(process.pid);
        let found = self.files.get(&(process.pid, which)).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(MadeUp::new(&found.1, found.0.clone())))
    }

    /// Everything that is told before the next scan, once it has begun.
    fn told(&self, integrity: &mut Integrity) -> Vec<Report> {
        let open = |process: Identity, which: Which| self.open(process, which);
        let pieces = std::iter::from_fn(|| integrity.piece(&open));
        pieces.flatten().collect()
    }
}

fn content(number: u64, size: usize) -> Vec<u8> {
    number.to_le_bytes().into_iter().cycle().take(size).collect()
}

fn process(pid: u32) -> Observation {
    Observation::made_up(pid, "/bin/one")
}

fn everybody(_process: Identity) -> bool {
    true
}

/// That a process runs a file of this number and size.
fn hashed(pid: u32, number: u64, size: usize) -> Report {
    let sha256 = Some(sha256(&content(number, size)));
    Report { process: process(pid).identity, sha256, reason: None, path_sha256: None }
}

/// Integrity that has met these processes of a disk, in this order.
fn met(disk: &Disk, pids: &[u32], limit_bytes: u64, budget_bytes: u64) -> Integrity {
    let mut integrity = Integrity::new(limit_bytes, budget_bytes);
    integrity.begin(everybody);
    for pid in pids {
        integrity.note(&process(*pid), Some(disk.intact(*pid)));
    }
    integrity
}

#[test]
fn a_hash_is_told_once() {
    let disk = Disk::of(&[(7, 1, 10)]);
    let mut integrity = met(&disk, &[7], PLENTY_BYTES, PLENTY_BYTES);
    assert_eq!(disk.told(&mut integrity), [hashed(7, 1, 10)]);
    for _ in 0..3 {
        integrity.begin(everybody);
        integrity.note(&process(7), Some(disk.intact(7)));
        assert_eq!(disk.told(&mut integrity), []);
    }
    assert_eq!(*disk.opened.borrow(), [7]);
}

#[test]
fn a_file_that_many_run_is_read_once() {
    let disk = Disk::of(&[(7, 1, 10), (8, 1, 10), (9, 1, 10)]);
    let mut integrity = met(&disk, &[7, 8, 9], PLENTY_BYTES, PLENTY_BYTES);
    let expected = [7, 8, 9].map(|pid| hashed(pid, 1, 10));
    assert_eq!(disk.told(&mut integrity), expected);
    assert_eq!(*disk.opened.borrow(), [7]);
    let known = integrity.known(&disk.file(8, Which::Running));
    assert_eq!(known, Some(sha256(&content(1, 10))));
}

#[test]
fn what_exceeds_the_budget_waits_for_the_next_scan_in_order() {
    let disk = Disk::of(&[(7, 1, 10), (8, 2, 10), (9, 3, 10)]);
    let mut integrity = met(&disk, &[9, 7, 8], PLENTY_BYTES, 15);
    assert_eq!(disk.told(&mut integrity), [hashed(9, 3, 10)]);
    assert_eq!(disk.told(&mut integrity), [], "the budget is used up");
    integrity.begin(everybody);
    assert_eq!(disk.told(&mut integrity), [hashed(7, 1, 10), hashed(8, 2, 10)]);
    assert_eq!(*disk.opened.borrow(), [9, 7, 8], "what was begun was gone on with");
}

#[test]
fn a_file_larger_than_the_budget_takes_several_scans() {
    let disk = Disk::of(&[(7, 1, 10)]);
    let mut integrity = met(&disk, &[7], PLENTY_BYTES, 4);
    for expected in [vec![], vec![], vec![hashed(7, 1, 10)]] {
        assert_eq!(disk.told(&mut integrity), expected);
        integrity.begin(everybody);
    }
}

#[test]
fn what_is_known_needs_no_budget() {
    let disk = Disk::of(&[(7, 1, 10), (8, 1, 10)]);
    let mut integrity = met(&disk, &[7, 8], PLENTY_BYTES, 10);
    assert_eq!(disk.told(&mut integrity), [hashed(7, 1, 10), hashed(8, 1, 10)]);
}

#[test]
fn a_large_file_is_read_in_pieces() {
    let pieces = 2;
    let size = usize::try_from(pieces * PIECE_BYTES).unwrap();
    let disk = Disk::of(&[(7, 1, size)]);
    let mut integrity = met(&disk, &[7], PLENTY_BYTES, PLENTY_BYTES);
    let open = |process: Identity, which: Which| disk.open(process, which);
    for _ in 1..pieces {
        assert_eq!(integrity.piece(&open), Some(vec![]));
    }
    assert_eq!(integrity.piece(&open), Some(vec![hashed(7, 1, size)]));
    assert_eq!(integrity.piece(&open), None);
}

#[test]
fn a_file_above_the_limit_is_told_without_a_hash_and_not_opened() {
    let disk = Disk::of(&[(7, 1, 11), (8, 2, 10)]);
    let mut integrity = met(&disk, &[7, 8], 10, PLENTY_BYTES);
    let too_large = Report { sha256: None, reason: Some(Reason::TooLarge), ..hashed(7, 1, 11) };
    assert_eq!(disk.told(&mut integrity), [too_large, hashed(8, 2, 10)]);
    assert_eq!(*disk.opened.borrow(), [8]);
}

#[test]
fn what_cannot_be_read_is_counted_once_and_keeps_nobody_waiting() {
    let mut disk = Disk::of(&[(7, 1, 10), (8, 2, 10)]);
    let mut integrity = met(&disk, &[7, 8], PLENTY_BYTES, PLENTY_BYTES);
    disk.files.remove(&(7, Which::Running));
    assert_eq!(disk.told(&mut integrity), [hashed(8, 2, 10)]);
    let hidden = Observation { executable_path: None, accessible: false, ..process(9) };
    integrity.note(&hidden, None);
    integrity.note(&hidden, None);
    let counted: Vec<_> = integrity.unreadable.iter().map(|process| process.pid).collect();
    assert_eq!(counted, [7, 9]);
    integrity.begin(|process| process.pid == 7);
    assert_eq!(integrity.unreadable.len(), 1);
}

#[test]
fn threads_of_the_kernel_have_nothing_to_hash() {
    let mut integrity = Integrity::new(PLENTY_BYTES, PLENTY_BYTES);
    let thread = Observation { executable_path: None, ..process(2) };
    integrity.note(&thread, None);
    assert_eq!(Disk::default().told(&mut integrity), []);
    assert!(integrity.unreadable.is_empty());
}

#[test]
fn a_replaced_file_is_told_once_with_both_hashes() {
    let mut disk = Disk::of(&[(7, 1, 10)]);
    let mut integrity = met(&disk, &[7], PLENTY_BYTES, PLENTY_BYTES);
    disk.told(&mut integrity);
    disk.put(7, Which::AtPath, 2, 20);
    let replaced = Report {
        reason: Some(Reason::Replaced),
        path_sha256: Some(sha256(&content(2, 20))),
        ..hashed(7, 1, 10)
    };
    for expected in [vec![replaced], vec![]] {
        integrity.begin(everybody);
        let at_path = AtPath::File(disk.file(7, Which::AtPath));
        integrity.note(&process(7), Some(disk.astray(7, at_path)));
        assert_eq!(disk.told(&mut integrity), expected);
    }
}

#[test]
fn what_took_its_place_is_told_without_a_hash_where_there_is_none() {
    let mut disk = Disk::of(&[(7, 1, 10), (8, 1, 10)]);
    let mut integrity = met(&disk, &[7, 8], 10, PLENTY_BYTES);
    disk.told(&mut integrity);
    disk.put(7, Which::AtPath, 2, 11);
    let too_large = AtPath::File(disk.file(7, Which::AtPath));
    integrity.note(&process(7), Some(disk.astray(7, too_large)));
    let nowhere = AtPath::File(FileIdentity::made_up(3, 10));
    integrity.note(&process(8), Some(disk.astray(8, nowhere)));
    let reason = Some(Reason::Replaced);
    let expected = [7, 8].map(|pid| Report { reason, ..hashed(pid, 1, 10) });
    assert_eq!(disk.told(&mut integrity), expected);
}

#[test]
fn a_removed_file_is_told_once_after_its_hash() {
    let disk = Disk::of(&[(7, 1, 10)]);
    let mut integrity = Integrity::new(PLENTY_BYTES, PLENTY_BYTES);
    let removed = Report { reason: Some(Reason::Removed), ..hashed(7, 1, 10) };
    for expected in [vec![hashed(7, 1, 10), removed], vec![]] {
        integrity.begin(everybody);
        integrity.note(&process(7), Some(disk.astray(7, AtPath::Missing)));
        assert_eq!(disk.told(&mut integrity), expected);
    }
}

#[test]
fn one_that_ended_is_not_gone_on_with() {
    let disk = Disk::of(&[(7, 1, 10), (8, 2, 10), (9, 3, 10)]);
    let mut integrity = met(&disk, &[7, 8, 9], PLENTY_BYTES, 5);
    assert_eq!(disk.told(&mut integrity), []);
    integrity.begin(|process| process.pid == 9);
    assert_eq!(disk.told(&mut integrity), []);
    integrity.begin(everybody);
    assert_eq!(disk.told(&mut integrity), [hashed(9, 3, 10)]);
    assert_eq!(*disk.opened.borrow(), [7, 9]);
}

#[test]
fn another_program_takes_the_place_of_one_that_was_begun() {
    let mut disk = Disk::of(&[(7, 1, 10)]);
    let mut integrity = met(&disk, &[7], PLENTY_BYTES, 5);
    assert_eq!(disk.told(&mut integrity), []);
    disk.put(7, Which::Running, 2, 5);
    integrity.begin(everybody);
    integrity.note(&process(7), Some(disk.intact(7)));
    assert_eq!(disk.told(&mut integrity), [hashed(7, 2, 5)]);
}

#[test]
fn a_hash_is_never_taken_for_that_of_another_file() {
    let mut disk = Disk::of(&[(7, 1, 10)]);
    let mut integrity = met(&disk, &[7], PLENTY_BYTES, PLENTY_BYTES);
    let looked_at = disk.file(7, Which::Running);
    // The process executes another program before its turn comes.
    disk.put(7, Which::Running, 2, 10);
    assert_eq!(disk.told(&mut integrity), []);
    assert_eq!(integrity.known(&looked_at), None);
    integrity.begin(everybody);
    integrity.note(&process(7), Some(disk.intact(7)));
    assert_eq!(disk.told(&mut integrity), [hashed(7, 2, 10)]);
}
