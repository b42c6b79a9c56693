//! What is kept comes back, in order, once it is asked for and as long as it is not acknowledged,
//! whatever happens in between.

use std::fs;
use std::ops::RangeInclusive;

use daemoneye_eventbus::ProcessEvent;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

use super::super::record::MAX_PAYLOAD_BYTES;
use super::super::{AppendError, ReadError};
use super::*;

/// Far from what any test writes.
const ROOMY: Limits =
    Limits { limit_bytes: 64 << 20, segment_bytes: 1 << 10, sync: SpoolSync::Never };

struct Home {
    base: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { base: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.base.path().join("procmond")
    }

    fn open_with(&self, limits: Limits) -> (Spool, Recovered) {
        Spool::open_in(&self.path(), "procmond", limits).unwrap()
    }

    fn open(&self) -> Spool {
        self.open_with(ROOMY).0
    }

    /// Files with an extension, in the order of their numbers.
    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path()).unwrap().flatten().map(|file| file.path());
        let mut files: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|word| word == extension)).collect();
        files.sort();
        files
    }
}

/// The event that is kept under a number.
fn event(number: u64) -> CollectionEvent {
    let pid = u32::try_from(number).unwrap();
    let name = format!("process {number}").into();
    CollectionEvent::Process(ProcessEvent { pid, name, ..ProcessEvent::default() })
}

/// An event with a name of so many bytes.
fn large(bytes: usize) -> CollectionEvent {
    let name = "x".repeat(bytes).into();
    CollectionEvent::Process(ProcessEvent { name, ..ProcessEvent::default() })
}

/// Keeps the events of these numbers, each by a call of its own.
fn keep(spool: &mut Spool, numbers: RangeInclusive<u64>) {
    for number in numbers {
        let kept = spool.append(&[event(number)]).unwrap();
        assert_eq!(kept, Appended { taken: 1, first: number });
    }
}

/// The numbers of all that is given back after one, and how many were found lost; every event is
/// the one of its number.
fn rest(spool: &mut Spool, after: u64) -> (Vec<u64>, u64) {
    let (mut numbers, mut lost, mut last) = (Vec::new(), 0, after);
    loop {
        let chunk = spool.read_after(last, 3).unwrap();
        lost += chunk.lost;
        if chunk.records.is_empty() {
            return (numbers, lost);
        }
        for Record { sequence, event: kept, .. } in chunk.records {
            assert!(sequence > last, "{sequence} after {last}");
            assert_eq!(kept, Ok(event(sequence)));
            last = sequence;
            numbers.push(sequence);
        }
    }
}

fn numbers(range: RangeInclusive<u64>) -> (Vec<u64>, u64) {
    (range.collect(), 0)
}

#[test]
fn events_come_back_in_order_over_many_segments_and_lives() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=40);
    assert_eq!(rest(&mut spool, 0), numbers(1..=40));
    drop(spool);
    let (mut spool, recovered) = home.open_with(ROOMY);
    assert_eq!(recovered, Recovered { events: 40, ..Recovered::default() });
    keep(&mut spool, 41..=50);
    assert_eq!(rest(&mut spool, 0), numbers(1..=50));
    assert_eq!(rest(&mut spool, 17), numbers(18..=50), "from a place in the middle");
    assert!(home.files("segment").len() > 3);
}

#[test]
fn a_call_takes_many_events_and_gives_them_numbers_without_a_gap() {
    let home = Home::new();
    let mut spool = home.open();
    let events: Vec<_> = (1..=100).map(event).collect();
    assert_eq!(spool.append(&events).unwrap(), Appended { taken: 100, first: 1 });
    assert_eq!(spool.append(&[]).unwrap(), Appended { taken: 0, first: 101 });
    assert_eq!(rest(&mut spool, 0), numbers(1..=100));
}

#[test]
fn what_is_acknowledged_does_not_come_back_and_its_segments_are_deleted() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=60);
    let (full, files) = (spool.usage(), home.files("segment").len());
    spool.acknowledge(45).unwrap();
    spool.acknowledge(44).unwrap();
    assert_eq!(spool.usage().events, 15);
    assert!(spool.usage().bytes < full.bytes && home.files("segment").len() < files);
    drop(spool);
    let (mut spool, recovered) = home.open_with(ROOMY);
    assert_eq!(recovered.events, 15);
    assert_eq!(rest(&mut spool, 0), numbers(46..=60));
}

#[test]
fn numbers_go_on_when_everything_was_acknowledged_and_is_deleted() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=60);
    spool.acknowledge(60).unwrap();
    drop(spool);
    let mut spool = home.open();
    assert_eq!(home.files("segment").len(), 0);
    assert_eq!(rest(&mut spool, 0), (vec![], 0));
    keep(&mut spool, 61..=61);
    assert_eq!(rest(&mut spool, 0), numbers(61..=61));
}

#[test]
fn while_nothing_waits_little_room_is_taken_and_few_files_are_begun() {
    let home = Home::new();
    let mut spool = home.open();
    spool.append(&[large(64 << 10)]).unwrap();
    assert_eq!(spool.read_after(0, 1).unwrap().records.len(), 1);
    spool.acknowledge(1).unwrap();
    assert_eq!((spool.usage().bytes, home.files("segment").len()), (0, 0));
    for number in 2..=5 {
        keep(&mut spool, number..=number);
        spool.acknowledge(number).unwrap();
    }
    let file = spool.folder.segment(2);
    assert_eq!(home.files("segment"), [file]);
}

#[test]
fn a_number_nobody_has_cannot_be_acknowledged() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=2);
    let error = spool.acknowledge(3).unwrap_err();
    assert_eq!(error.to_string(), "3 was not given to an event, the next is 3");
    assert_eq!(rest(&mut spool, 0), numbers(1..=2));
}

#[test]
fn at_the_limit_the_newest_is_refused_and_everything_before_it_stays() {
    let home = Home::new();
    let limits = Limits { limit_bytes: 4 << 10, ..ROOMY };
    let mut spool = home.open_with(limits).0;
    let mut kept = 0;
    let error = loop {
        match spool.append(&[event(kept + 1)]) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, AppendError::Full { limit_bytes: 4096 }), "{error}");
    assert!(spool.usage().bytes <= 4096 && kept > 20, "{kept} in {:?}", spool.usage());
    assert_eq!(rest(&mut spool, 0), numbers(1..=kept));
    spool.acknowledge(kept / 2).unwrap();
    keep(&mut spool, kept + 1..=kept + 1);
    assert_eq!(rest(&mut spool, 0), numbers(kept / 2 + 1..=kept + 1));
}

#[test]
fn of_many_events_those_that_fit_are_taken() {
    let home = Home::new();
    let mut spool = home.open_with(Limits { limit_bytes: 4 << 10, ..ROOMY }).0;
    let events: Vec<_> = (1..=200).map(event).collect();
    let taken = spool.append(&events).unwrap().taken;
    assert!((20..200).contains(&taken), "{taken}");
    assert!(matches!(spool.append(&events[taken..]), Err(AppendError::Full { .. })));
    assert_eq!(rest(&mut spool, 0), numbers(1..=taken as u64));
}

#[test]
fn an_event_over_the_limit_of_a_record_is_refused_alone() {
    let home = Home::new();
    let mut spool = home.open();
    let events = [event(1), large(MAX_PAYLOAD_BYTES), event(2)];
    assert_eq!(spool.append(&events).unwrap().taken, 1);
    let error = spool.append(&events[1..]).unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { .. }), "{error}");
    assert_eq!(spool.append(&events[2..]).unwrap(), Appended { taken: 1, first: 2 });
    assert_eq!(rest(&mut spool, 0), numbers(1..=2));
}

#[test]
fn an_event_of_the_largest_size_is_kept_and_given_back() {
    let home = Home::new();
    let mut spool = home.open();
    let events = [large(1 << 20), large(1 << 20)];
    assert_eq!(spool.append(&events).unwrap().taken, 1, "one write takes about so much");
    assert_eq!(spool.append(&events[1..]).unwrap().taken, 1);
    let chunk = spool.read_after(0, 9).unwrap();
    let given = chunk.records.iter().map(|record| record.event.as_ref().unwrap());
    assert!(given.eq(&events[..chunk.records.len()]));
    assert!(!chunk.records.is_empty());
}

/// As bad as a disk gets: a file that cannot be written, nor cut off.
fn spoil_the_newest_file(home: &Home, spool: &mut Spool) {
    let newest = home.files("segment").pop().unwrap();
    spool.file = Some(File::open(newest).unwrap());
}

#[test]
fn a_write_that_fails_keeps_nothing_and_the_next_one_goes_on_in_a_new_segment() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=3);
    spoil_the_newest_file(&home, &mut spool);
    let error = spool.append(&[event(4)]).unwrap_err();
    assert!(matches!(error, AppendError::Io { .. }), "{error}");
    assert_eq!(rest(&mut spool, 0), numbers(1..=3));
    keep(&mut spool, 4..=5);
    assert_eq!(rest(&mut spool, 0), numbers(1..=5));
    assert_eq!(home.files("segment").len(), 2);
    drop(spool);
    assert_eq!(rest(&mut home.open(), 0), numbers(1..=5));
}

#[test]
fn a_write_that_fails_in_an_empty_segment_is_made_up_for_as_well() {
    let home = Home::new();
    let mut spool = home.open();
    spool.writable().unwrap();
    spoil_the_newest_file(&home, &mut spool);
    assert!(spool.append(&[event(1)]).is_err());
    keep(&mut spool, 1..=2);
    assert_eq!(rest(&mut spool, 0), numbers(1..=2));
    drop(spool);
    assert_eq!(rest(&mut home.open(), 0), numbers(1..=2));
}

#[test]
fn a_segment_that_cannot_be_begun_costs_nothing() {
    let home = Home::new();
    let mut spool = home.open();
    let in_the_way = spool.folder.segment(1);
    fs::create_dir(&in_the_way).unwrap();
    for _ in 0..2 {
        let error = spool.append(&[event(1)]).unwrap_err();
        assert!(matches!(error, AppendError::Io { .. }), "{error}");
    }
    fs::remove_dir(&in_the_way).unwrap();
    keep(&mut spool, 1..=2);
    assert_eq!(rest(&mut spool, 0), numbers(1..=2));
}

/// Changes the last byte of a file.
fn flip_last_byte(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn damage_under_a_running_spool_costs_one_segments_rest_and_is_told() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=40);
    let second = spool.segments[1];
    flip_last_byte(&spool.folder.segment(second.first));
    let expected = (1..=40).filter(|number| *number != second.next - 1).collect();
    assert_eq!(rest(&mut spool, 0), (expected, 1));
    assert_eq!(home.files("damaged").len(), 1);
}

#[test]
fn numbers_that_were_lost_in_the_newest_segment_are_not_given_again() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=3);
    let path = home.files("segment")[0].clone();
    let length = fs::metadata(&path).unwrap().len();
    File::options().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    assert_eq!(rest(&mut spool, 0), (vec![1, 2], 1));
    keep(&mut spool, 4..=4);
    drop(spool);
    assert_eq!(rest(&mut home.open(), 0), (vec![1, 2, 4], 0));
}

#[test]
fn what_is_lost_is_told_once_though_an_error_comes_between() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=40);
    let [first, second] = [0_usize, 1].map(|index| spool.segments[index]);
    flip_last_byte(&spool.folder.segment(first.first));
    let (path, aside) = (spool.folder.segment(second.first), home.path().join("aside"));
    fs::rename(&path, &aside).unwrap();
    fs::create_dir(&path).unwrap();
    let last_good = first.next - 2;
    let read = spool.read_after(0, 40).unwrap();
    assert_eq!(read.records.last().map(|record| record.sequence), Some(last_good));
    assert!(matches!(spool.read_after(last_good, 40), Err(ReadError::Io { .. })));
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    assert_eq!(rest(&mut spool, last_good), ((second.first..=40).collect(), 1));
    assert_eq!(rest(&mut spool, second.first).1, 0, "once");
}

#[test]
fn an_event_that_was_given_back_is_not_lost_with_those_behind_it() {
    let home = Home::new();
    let mut spool = home.open_with(Limits { segment_bytes: 1 << 20, ..ROOMY }).0;
    keep(&mut spool, 1..=4);
    let path = home.files("segment")[0].clone();
    let whole = fs::read(&path).unwrap();
    keep(&mut spool, 5..=20);
    let mut bytes = fs::read(&path).unwrap();
    bytes[whole.len() - 1] ^= 1;
    fs::write(&path, bytes).unwrap();
    // Of 4 to 20, which cannot be read any more, 11 to 20 are wanted.
    let chunk = spool.read_after(10, 20).unwrap();
    assert_eq!((chunk.records.len(), chunk.lost), (0, 10));
}

#[test]
fn the_events_of_a_file_that_somebody_removed_are_counted_and_hold_up_no_others() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=40);
    let gone = spool.segments[1];
    fs::remove_file(spool.folder.segment(gone.first)).unwrap();
    let gone = gone.first..gone.next;
    let left: Vec<u64> = (1..=40).filter(|number| !gone.contains(number)).collect();
    let lost = 40 - left.len() as u64;
    assert_eq!(rest(&mut spool, 0), (left, lost));
}

#[test]
fn a_number_whose_event_was_lost_is_given_again_in_another_incarnation_alone() {
    let home = Home::new();
    let mut spool = home.open();
    keep(&mut spool, 1..=2);
    let path = home.files("segment")[0].clone();
    let length = fs::metadata(&path).unwrap().len();
    keep(&mut spool, 3..=3);
    drop(spool);
    // As a loss of power leaves it where the disk was not waited for.
    File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
    let mut spool = home.open();
    keep(&mut spool, 3..=3);
    let mut incarnations = Vec::new();
    for after in [0, 2] {
        let records = spool.read_after(after, 9).unwrap().records;
        incarnations.extend(records.iter().map(|record| record.incarnation));
    }
    let [first, second, third] = incarnations[..] else { panic!("{incarnations:?}") };
    assert!(first == second && second != third, "{incarnations:?}");
}

#[test]
fn a_name_that_is_no_folder_is_refused() {
    let home = Home::new();
    let config = SpoolConfig::default().with_folder(home.base.path());
    for name in ["", "..", "a/b", "a b", "a\\b"] {
        let error = Spool::open(&config, name).unwrap_err();
        assert!(matches!(error, OpenError::Name { .. }), "{name}: {error}");
    }
    let nowhere = Spool::open(&SpoolConfig::default(), "procmond").unwrap_err();
    assert!(matches!(nowhere, OpenError::NoFolder), "{nowhere}");
    Spool::open(&config, "procmond-2").unwrap();
}

/// One change to the files of a spool.
#[derive(Debug, Clone)]
enum Harm {
    Flip { file: Index, at: Index, bit: u32 },
    Cut { file: Index, at: Index },
    Overwrite { file: Index, at: Index, bytes: Vec<u8> },
    Remove { file: Index },
}

fn harm() -> impl Strategy<Value = Harm> {
    let (file, at) = (any::<Index>(), any::<Index>());
    let bytes = vec(any::<u8>(), 1..60);
    prop_oneof![
        4 => (file, at, 0_u32..8).prop_map(|(file, at, bit)| Harm::Flip { file, at, bit }),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(file, at)| Harm::Cut { file, at }),
        2 => (any::<Index>(), any::<Index>(), bytes)
            .prop_map(|(file, at, bytes)| Harm::Overwrite { file, at, bytes }),
        1 => any::<Index>().prop_map(|file| Harm::Remove { file }),
    ]
}

impl Harm {
    fn apply(&self, home: &Home) {
        let mut files = home.files("segment");
        files.push(home.path().join("cursor"));
        let (Self::Flip { file, .. }
        | Self::Cut { file, .. }
        | Self::Overwrite { file, .. }
        | Self::Remove { file }) = self;
        let path = file.get(&files);
        let Ok(mut content) = fs::read(path) else { return };
        let length = content.len();
        match self {
            Self::Remove { .. } => return fs::remove_file(path).unwrap(),
            _ if length == 0 => return,
            Self::Flip { at, bit, .. } => content[at.index(length)] ^= 1_u8 << bit,
            Self::Cut { at, .. } => content.truncate(at.index(length)),
            Self::Overwrite { at, bytes, .. } => {
                let at = at.index(length);
                content.truncate(at);
                content.extend_from_slice(bytes);
            }
        }
        fs::write(path, content).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The event under each number is the one that was kept under it, or none: `rest` looks at each.
    #[test]
    fn whatever_happens_to_the_files_no_event_is_another_and_the_order_is_kept(
        harms in vec(harm(), 1..5),
        acknowledged in 0_u64..30,
    ) {
        let home = Home::new();
        let mut spool = home.open();
        keep(&mut spool, 1..=30);
        spool.acknowledge(acknowledged).unwrap();
        drop(spool);
        for harm in &harms {
            harm.apply(&home);
        }

        let mut spool = home.open();
        let (found, _) = rest(&mut spool, 0);
        let next = spool.next;
        prop_assert!(found.iter().all(|number| *number < next));
        keep(&mut spool, next..=next + 3);
        drop(spool);
        let (mut spool, recovered) = home.open_with(ROOMY);
        prop_assert_eq!(recovered.damaged_bytes, 0);
        let expected: Vec<_> = found.into_iter().chain(next..=next + 3).collect();
        prop_assert_eq!(rest(&mut spool, 0), (expected, 0));
    }
}
