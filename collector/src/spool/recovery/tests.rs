//! Files as a killed process, a full disk or a bad one leaves them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::super::record::{self, HEAD_BYTES};
use super::*;
use crate::config::SpoolSync;

const INCARNATION: u64 = 77;

struct Bench {
    folder: SpoolFolder,
    _base: TempDir,
}

impl Bench {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        let folder = SpoolFolder::open(&base.path().join("spool")).unwrap();
        Self { folder, _base: base }
    }

    /// A segment of records with these numbers, which begins with `first`.
    fn segment(&self, first: u64, numbers: std::ops::Range<u64>) {
        let header = SegmentHeader { incarnation: INCARNATION, first };
        self.folder.begin(header, SpoolSync::Never).unwrap();
        for number in numbers {
            let mut record = vec![0; HEAD_BYTES];
            record.extend_from_slice(format!("event {number}").as_bytes());
            record::seal(&mut record, number);
            self.append(first, &record);
        }
    }

    fn append(&self, first: u64, bytes: &[u8]) {
        let mut whole = self.folder.read(first).unwrap();
        whole.extend_from_slice(bytes);
        fs::write(self.folder.segment(first), whole).unwrap();
    }

    /// Changes the byte at a place counted from the end.
    fn damage(&self, first: u64, from_end: usize) {
        let mut bytes = self.folder.read(first).unwrap();
        let at = bytes.len() - from_end;
        bytes[at] ^= 0xff;
        fs::write(self.folder.segment(first), bytes).unwrap();
    }

    fn recover(&self, cursor: u64) -> Found {
        recover(&self.folder, cursor).unwrap()
    }

    fn length(&self, first: u64) -> u64 {
        fs::metadata(self.folder.segment(first)).unwrap().len()
    }

    fn damaged_files(&self) -> usize {
        let files = fs::read_dir(self.folder.path()).unwrap().flatten();
        files.filter(|file| file.path().extension().is_some_and(|word| word == "damaged")).count()
    }
}

/// First and next number of each segment.
fn extents(found: &Found) -> Vec<(u64, u64)> {
    found.segments.iter().map(|segment| (segment.first, segment.next)).collect()
}

#[test]
fn an_empty_folder_begins_with_number_1() {
    let found = Bench::new().recover(0);
    assert_eq!((found.next, found.acknowledged), (1, 0));
    assert_eq!(found.recovered, Recovered::default());
}

#[test]
fn whole_segments_are_taken_as_they_are() {
    let bench = Bench::new();
    bench.segment(1, 1..4);
    bench.segment(4, 4..9);
    let found = bench.recover(2);
    assert_eq!(extents(&found), [(1, 4), (4, 9)]);
    assert_eq!((found.next, found.acknowledged), (9, 2));
    assert_eq!(found.recovered, Recovered { events: 6, ..Recovered::default() });
    assert_eq!(found.segments[1].bytes, bench.length(4));
}

#[test]
fn a_torn_end_is_cut_off_and_everything_before_it_is_there() {
    let bench = Bench::new();
    bench.segment(1, 1..4);
    let whole = bench.length(1);
    let mut record = vec![0; HEAD_BYTES + 5];
    record::seal(&mut record, 4);
    bench.append(1, &record[..HEAD_BYTES + 2]);
    let found = bench.recover(0);
    assert_eq!((extents(&found), found.next), (vec![(1, 4)], 4));
    let torn_bytes = HEAD_BYTES as u64 + 2;
    assert_eq!(found.recovered, Recovered { events: 3, torn_bytes, ..Recovered::default() });
    assert_eq!((bench.length(1), bench.damaged_files()), (whole, 0));
    assert_eq!(bench.recover(0).recovered.torn_bytes, 0, "it is whole now");
}

#[test]
fn damage_costs_the_rest_of_its_segment_which_is_counted_and_kept_for_people() {
    let bench = Bench::new();
    bench.segment(1, 1..4);
    bench.segment(4, 4..9);
    let record_bytes = HEAD_BYTES + "event 3".len();
    // In the second of the three records of the first segment.
    bench.damage(1, record_bytes + 1);
    let found = bench.recover(0);
    assert_eq!(extents(&found), [(1, 2), (4, 9)]);
    let expected = Recovered {
        events: 6,
        damaged_bytes: 2 * record_bytes as u64,
        lost_events: 2,
        ..Recovered::default()
    };
    assert_eq!((found.recovered, bench.damaged_files()), (expected, 1));
    let again = bench.recover(0).recovered;
    assert_eq!((again.lost_events, again.damaged_bytes), (0, 0), "told once");
}

#[test]
fn what_was_acknowledged_is_not_lost_with_what_was_not() {
    for (cursor, lost_events) in [(0, 2), (2, 1), (3, 0), (6, 0)] {
        let bench = Bench::new();
        bench.segment(1, 1..4);
        bench.segment(4, 4..9);
        bench.damage(1, HEAD_BYTES + "event 3".len() + 1);
        assert_eq!(bench.recover(cursor).recovered.lost_events, lost_events, "{cursor}");
    }
}

#[test]
fn the_end_of_a_segment_that_is_missing_before_another_is_damage_and_not_torn() {
    let bench = Bench::new();
    bench.segment(1, 1..4);
    bench.segment(4, 4..9);
    let left_bytes = bench.length(1) - 1;
    bench.folder.cut(1, left_bytes).unwrap();
    let Recovered { events, torn_bytes, damaged_bytes, lost_events, .. } =
        bench.recover(0).recovered;
    let record_bytes = (HEAD_BYTES + "event 3".len()) as u64;
    assert_eq!((events, lost_events), (7, 1));
    assert_eq!((torn_bytes, damaged_bytes), (0, record_bytes - 1));
    assert_eq!(bench.damaged_files(), 1);
}

#[test]
fn a_segment_that_was_being_begun_is_removed_and_its_number_is_given() {
    let bench = Bench::new();
    bench.segment(1, 1..4);
    fs::write(bench.folder.segment(4), b"deyspo").unwrap();
    let found = bench.recover(0);
    assert_eq!((extents(&found), found.next), (vec![(1, 4)], 4));
    assert!(!bench.folder.segment(4).exists());
}

#[test]
fn a_segment_without_a_header_is_moved_away_and_its_events_are_counted() {
    let bench = Bench::new();
    bench.segment(1, 1..4);
    bench.segment(4, 4..9);
    let length = usize::try_from(bench.length(1)).unwrap();
    bench.damage(1, length);
    let found = bench.recover(0);
    assert_eq!((extents(&found), found.recovered.lost_events), (vec![(4, 9)], 3));
    assert_eq!(bench.damaged_files(), 1);
}

#[test]
fn what_was_left_of_a_write_that_was_taken_back_is_not_read() {
    let bench = Bench::new();
    // Its records 3 and 4 could not be taken back, and were written again to the next segment.
    bench.segment(1, 1..5);
    bench.segment(3, 3..6);
    let found = bench.recover(0);
    assert_eq!(extents(&found), [(1, 3), (3, 6)]);
    assert_eq!((found.recovered.events, found.recovered.lost_events), (5, 0));
}

#[test]
fn a_segment_of_another_version_is_left_as_it_is() {
    let bench = Bench::new();
    let mut bytes = SegmentHeader { incarnation: 1, first: 1 }.encode();
    bytes[8] = 9;
    let checksum = crc32fast::hash(&bytes[..28]);
    bytes[28..].copy_from_slice(&checksum.to_le_bytes());
    fs::write(bench.folder.segment(1), bytes).unwrap();
    let error = recover(&bench.folder, 0).unwrap_err();
    assert!(matches!(error, OpenError::Format { format: 9, .. }), "{error}");
    assert_eq!(bench.folder.read(1).unwrap(), bytes);
}

#[test]
fn without_a_cursor_everything_that_is_there_comes_again() {
    let bench = Bench::new();
    bench.segment(4, 4..9);
    let found = bench.recover(0);
    assert_eq!((found.acknowledged, found.recovered.events), (3, 5));
}

#[test]
fn a_cursor_beyond_the_records_keeps_its_number_from_being_given_again() {
    let bench = Bench::new();
    bench.segment(1, 1..4);
    let found = bench.recover(9);
    assert_eq!((found.next, found.recovered.events), (10, 0));
}

#[test]
fn other_files_in_the_folder_are_nobodys_business() {
    let bench = Bench::new();
    bench.segment(1, 1..4);
    let stray: &Path = &bench.folder.path().join("notes.txt");
    fs::write(stray, "of somebody").unwrap();
    assert_eq!(extents(&bench.recover(0)), [(1, 4)]);
    assert!(stray.exists());
}
