//! A process that keeps events and is killed, again and again, in the midst of it: every event that
//! it said is kept is there afterwards, once, in order, and is the one that was kept.
//!
//! The process is this executable again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use collector_core::config::{SpoolConfig, SpoolSync};
use collector_core::spool::Spool;
use daemoneye_eventbus::{CollectionEvent, ProcessEvent};
use libtest_mimic::{Arguments, Failed, Trial};

/// First argument that makes this executable a process to be killed instead of a test.
const KEEP: &str = "keep-events-until-killed";
/// Whose events they are.
const PUBLISHER: &str = "procmond";
/// What a process says before it is killed, lines, life after life in one folder. Where in its work
/// the kill finds it is chance.
const LINES_BEFORE_KILL: [usize; 10] = [1, 2, 300, 13, 1, 34, 89, 5, 610, 1];
/// Events a process leaves unacknowledged, so that there is something to find.
const LEFT: u64 = 300;
/// More than what is left ever takes, bytes; segments are a sixteenth of it.
const LIMIT_BYTES: u64 = 16 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, keep, folder, sync] = arguments.as_slice()
        && keep == KEEP
    {
        let sync = if sync == "batch" { SpoolSync::Batch } else { SpoolSync::Never };
        keep_until_killed(Path::new(folder), sync);
    }
    let trials = vec![
        Trial::test("what_was_kept_survives_every_kill", || survives(SpoolSync::Never, 10)),
        Trial::test("what_was_kept_and_synced_survives_every_kill", || {
            survives(SpoolSync::Batch, 4)
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn open(folder: &Path, sync: SpoolSync) -> Spool {
    let config = SpoolConfig::default().with_limit_bytes(LIMIT_BYTES).with_sync(sync);
    let opened = Spool::open(&config.with_folder(folder), PUBLISHER);
    opened.expect("whoever had it before is gone").0
}

/// The event of a number, of another text and length than its neighbours; some are so long that a
/// kill can find one half written.
fn event(number: u64) -> CollectionEvent {
    let times = if number.is_multiple_of(50) { 60_000 } else { number * 37 % 600 };
    let times = usize::try_from(times).expect("it is small");
    let pid = u32::try_from(number).expect("no test takes that long");
    let name = number.to_string().repeat(times).into();
    CollectionEvent::Process(ProcessEvent { pid, name, ..ProcessEvent::default() })
}

/// Keeps events for ever, a few at a time, says the number of the last each time, and acknowledges
/// those that are long past.
fn keep_until_killed(folder: &Path, sync: SpoolSync) -> ! {
    let mut spool = open(folder, sync);
    let mut last = all(&mut spool).last().copied().unwrap_or(0);
    let mut output = std::io::stdout().lock();
    loop {
        let events: Vec<_> = (last + 1..=last + 1 + last % 7).map(event).collect();
        let kept = spool.append(&events).expect("there is room");
        assert_eq!((kept.first, kept.taken), (last + 1, events.len()));
        last += kept.taken as u64;
        writeln!(output, "{last}").and_then(|()| output.flush()).expect("somebody reads");
        if last > LEFT && last.is_multiple_of(5) {
            spool.acknowledge(last - LEFT).expect("they are known");
        }
    }
}

/// The numbers of all that is there; each event is the one of its number.
fn all(spool: &mut Spool) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        let after = numbers.last().copied().unwrap_or(0);
        let chunk = spool.read_after(after, 100).expect("the files are there");
        assert_eq!(chunk.lost, 0);
        if chunk.records.is_empty() {
            return numbers;
        }
        for record in chunk.records {
            assert!(record.event == Ok(event(record.sequence)), "event {}", record.sequence);
            numbers.push(record.sequence);
        }
    }
}

fn survives(sync: SpoolSync, lives: usize) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for lines in LINES_BEFORE_KILL.into_iter().take(lives) {
        let said = live_until_killed(folder.path(), sync, lines)?;
        let found = all(&mut open(folder.path(), sync));
        let (Some(first), Some(last)) = (found.first(), found.last()) else {
            return Err(format!("nothing is there of {said}").into());
        };
        assert!(*last >= said, "{last} is the last, {said} was kept");
        assert!(found.iter().copied().eq(*first..=*last), "from {first} to {last} with gaps");
        assert!(*first <= last.saturating_sub(LEFT) + 1, "{first} to {last}: some are missing");
    }
    Ok(())
}

/// Runs a process until it has said so many lines, kills it, and returns the last number it said.
fn live_until_killed(folder: &Path, sync: SpoolSync, lines: usize) -> Result<u64, Failed> {
    let mut process = Command::new(std::env::current_exe()?)
        .arg(KEEP)
        .arg(folder)
        .arg(if sync == SpoolSync::Batch { "batch" } else { "never" })
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = process.stdout.take().ok_or("standard output is a pipe")?;
    // The last line may be cut off: what is left of its number is smaller, or none.
    let said = BufReader::new(output).lines().map_while(Result::ok);
    let mut said = said.filter_map(|line| line.parse::<u64>().ok());
    let before: Vec<u64> = said.by_ref().take(lines).collect();
    process.kill()?;
    let last = said.chain(before.iter().copied()).max();
    process.wait()?;
    if before.len() < lines {
        return Err(format!("it ended by itself after {before:?}").into());
    }
    last.ok_or_else(|| "it said nothing".into())
}
