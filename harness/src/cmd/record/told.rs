//! What is said of a recording that was made: what it holds and lacks, where it is, and what to do with it.

use std::collections::BTreeSet;
use std::io::{Write, stdout};

use super::files::{fitted, scenario};
use super::{RecordArgs, Written};
use crate::cmd::command_line::CommandLine;
use crate::scenario::Recording;

/// Says all of it on standard output.
pub(super) fn tell(args: &RecordArgs, written: &Written) -> std::io::Result<()> {
    let Written { recording, renamed, kept } = written;
    let mut out = stdout().lock();
    tell_recording(&mut out, recording, renamed)?;
    writeln!(out, "wrote {}", kept.recording.display())?;
    for scenario in [&kept.exact, &kept.smaller] {
        match scenario {
            Ok(path) => writeln!(out, "wrote {}", path.display())?,
            Err(left_out) => writeln!(out, "{left_out}")?,
        }
    }
    let name = scenario(&args.name);
    let folder = args.scenarios.as_deref();
    let run = |name: &str| CommandLine::equivalence(&["--scenario", name]).in_folder(folder);
    let runs = [
        ("replay it     ", run(&name), &kept.exact),
        ("the smaller   ", run(&fitted(&name)), &kept.smaller),
    ];
    let there = runs.iter().filter(|(_, _, scenario)| scenario.is_ok());
    for (number, (what, command, _)) in there.enumerate() {
        let apart = if number == 0 { "\n" } else { "" };
        writeln!(out, "{apart}{what}{command}")?;
    }
    out.flush()
}

fn tell_recording(
    out: &mut impl Write,
    recording: &Recording,
    renamed: &[(String, String)],
) -> std::io::Result<()> {
    let (extent, seconds) = (recording.extent(), recording.about.seconds);
    let rate = recording.events().len() as f64 / seconds.max(f64::MIN_POSITIVE);
    writeln!(out, "recorded {extent} in {seconds:.1} s ({rate:.1}/s)")?;
    for (topic, events) in recording.topics() {
        writeln!(out, "  {topic}: {events}")?;
    }
    let there = replayed(recording);
    for (name, called) in renamed.iter().filter(|(_, called)| there.contains(&**called)) {
        writeln!(out, "{name:?} is called {called:?}, as a scenario can call it")?;
    }
    if recording.about.lost == 0 {
        writeln!(out, "missed 0 events")?;
    }
    for what in recording.lacks() {
        writeln!(out, "{what}")?;
    }
    Ok(())
}

/// Names of those who take part in a replay.
fn replayed(recording: &Recording) -> BTreeSet<&str> {
    let publishers = recording.publishers.iter().map(String::as_str);
    let (reached, _) = recording.reached();
    publishers.chain(reached.into_iter().map(|row| &*row.subscriber)).collect()
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{EventKind, OverflowPolicy};

    use super::*;
    use crate::scenario::{
        About, MAX_RECORDED_EVENTS, MAX_RECORDED_ROLES, RecordedSort, RecordedSubscription,
    };

    fn recording(events: usize) -> Recording {
        let mut recording = Recording::new(About { seconds: 2.0, ..About::sample() });
        recording.publishers.push("procmond".to_owned());
        for _ in 0..events {
            let (topic, kind) = ("events.process.lifecycle".to_owned(), EventKind::Process);
            let sort = RecordedSort { topic, kind, bytes: 200, priority: None };
            recording.push(0, 0, sort, false).expect("room");
        }
        recording
    }

    fn subscription(name: &str, pattern: &str) -> RecordedSubscription {
        RecordedSubscription {
            subscriber: name.to_owned(),
            patterns: vec![pattern.to_owned()],
            filtered: false,
            policy: OverflowPolicy::Block,
            capacity: 16,
        }
    }

    fn told(recording: &Recording, renamed: &[(String, String)]) -> String {
        let mut out = Vec::new();
        tell_recording(&mut out, recording, renamed).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_name_is_told_where_it_was_changed_and_is_in_the_replay() {
        let mut recording = recording(1);
        recording.subscribers.push(subscription("agent-one", "events.#"));
        recording.subscribers.push(subscription("elsewhere", "control.#"));
        let renamed = [("Procmond", "procmond"), ("agent.one", "agent-one"), ("E", "elsewhere")];
        let renamed = renamed.map(|(name, called)| (name.to_owned(), called.to_owned()));
        let told = told(&recording, &renamed);
        assert!(told.contains(r#""Procmond" is called "procmond""#), "{told}");
        assert!(told.contains(r#""agent.one" is called "agent-one""#), "{told}");
        assert!(!told.contains("elsewhere"), "{told}");
    }

    /// Events are counted once, not again for every pair of a name and a subscription.
    #[test]
    fn as_many_names_as_there_can_be_are_told() {
        let mut recording = recording(MAX_RECORDED_EVENTS);
        let names: Vec<String> =
            (0..MAX_RECORDED_ROLES).map(|number| format!("s{number}")).collect();
        recording.subscribers.extend(names.iter().map(|name| subscription(name, "control.#")));
        let renamed: Vec<(String, String)> =
            names.iter().map(|name| (name.to_uppercase(), name.clone())).collect();
        assert!(!told(&recording, &renamed).contains("is called"));
        recording.subscribers.iter_mut().for_each(|row| row.patterns = vec!["#".to_owned()]);
        let told = told(&recording, &renamed);
        assert_eq!(told.matches("is called").count(), MAX_RECORDED_ROLES);
    }
}
