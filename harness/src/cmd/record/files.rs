//! The three files of a recording: what they are called, that the scenarios are valid, and that none that is
//! there is lost. The recording is written whatever becomes of the scenarios.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::cmd::place::{Existing, Place, PlaceError};
use crate::explore::{Sketch, fitted as fit, replayed};
use crate::plan::expand;
use crate::scenario::{
    Problem, Problems, RECORDING_EXTENSION, Recording, Recordings, Scenario, Source,
};

/// The folder below that of the scenarios.
const FOLDER: &str = "recorded/";
/// How the name of the smaller scenario ends.
const FITTED: &str = "-fitted";
/// Reasons told why a scenario is left out, at most: a thousand publishers may have one each.
const MAX_TOLD_REASONS: usize = 3;

/// Where the files go.
#[derive(Debug)]
pub(super) struct Files {
    recording: Place,
    replayed: Place,
    fitted: Place,
}

/// What was written.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) recording: PathBuf,
    /// The scenario that replays it.
    pub(super) exact: Result<PathBuf, LeftOut>,
    /// The one that is like it.
    pub(super) smaller: Result<PathBuf, LeftOut>,
}

/// A scenario that is not there, or is not of this recording.
#[derive(Debug)]
pub(super) struct LeftOut {
    name: String,
    why: Why,
    /// Whether there is one of an earlier recording, which stays.
    is_earlier: bool,
}

#[derive(Debug)]
enum Why {
    /// It would ask for more than a scenario may.
    TooMuch(Problems),
    Place(PlaceError),
}

impl Kept {
    /// Whether both scenarios were written.
    pub(super) fn is_whole(&self) -> bool {
        self.exact.is_ok() && self.smaller.is_ok()
    }

    /// Whether one of them could not be, for a reason of the host.
    pub(super) fn is_unwritable(&self) -> bool {
        let left_out =
            [&self.exact, &self.smaller].into_iter().filter_map(|one| one.as_ref().err());
        left_out.into_iter().any(|one| matches!(&one.why, Why::Place(cause) if !cause.is_usage()))
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, why, is_earlier } = self;
        match why {
            Why::Place(cause) => write!(f, "{name} is left out: {cause}"),
            Why::TooMuch(problems) => {
                let all = problems.list();
                write!(f, "{name} is left out, as it would be more than a scenario may ask for:")?;
                for Problem { title, label, .. } in all.iter().take(MAX_TOLD_REASONS) {
                    write!(f, "\n  {title}: {label}")?;
                }
                match all.len().saturating_sub(MAX_TOLD_REASONS) {
                    0 => {}
                    more => write!(f, "\n  and {more} more")?,
                }
                write!(
                    f,
                    "\n  Record less, with --pattern, --events or --for, or write a scenario that \
                     replays some of its publishers."
                )
            }
        }?;
        if *is_earlier {
            write!(f, "\n  The file of that name is of an earlier recording.")?;
        }
        Ok(())
    }
}

/// The name of the scenario that replays a recording of this name.
pub(super) fn scenario(name: &str) -> String {
    format!("{FOLDER}{}", name.strip_prefix(FOLDER).unwrap_or(name))
}

/// The name of the smaller one beside it.
pub(super) fn fitted(scenario: &str) -> String {
    format!("{scenario}{FITTED}")
}

impl Files {
    /// The places of a recording of this name, if they are free or may be taken.
    pub(super) fn of(folder: &Path, name: &str, force: bool) -> Result<Self, PlaceError> {
        let existing = if force { Existing::Replaced } else { Existing::Kept };
        let name = scenario(name);
        let replayed = Place::of(folder, &name, existing)?;
        let recording = replayed.beside(RECORDING_EXTENSION)?;
        let fitted = Place::of(folder, &fitted(&name), existing)?;
        Ok(Self { recording, replayed, fitted })
    }

    /// Writes the recording first, then each scenario that is valid.
    pub(super) fn write(self, recording: &Recording) -> Result<Kept, PlaceError> {
        let Self { recording: place, replayed: exact, fitted: smaller } = self;
        let file = place.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = place.write(&recording.text())?;
        let whole = replayed(exact.name(), &file, recording);
        let fitted = fit(smaller.name(), exact.name(), recording);
        let known = Recordings::from([(file, Ok(recording.clone()))]);
        Ok(Kept {
            recording: path,
            exact: written(exact, &whole, known),
            smaller: written(smaller, &fitted, Recordings::new()),
        })
    }
}

/// Writes a scenario if it is valid.
fn written(place: Place, sketch: &Sketch, recordings: Recordings) -> Result<PathBuf, LeftOut> {
    let (name, path) = (place.name().to_owned(), place.path().to_owned());
    let text = text(&place, sketch);
    let checked = check(&place, &text, recordings).map_err(Why::TooMuch);
    let written = checked.and_then(|()| place.write(&text).map_err(Why::Place));
    written.map_err(|why| {
        let is_earlier = matches!(why, Why::TooMuch(_)) && path.exists();
        LeftOut { name, why, is_earlier }
    })
}

/// The file of a sketch, with the line by which editors find its schema.
fn text(place: &Place, sketch: &Sketch) -> String {
    let schema = place.schema().map(|schema| format!("#:schema {schema}\n\n"));
    format!("{}{}", schema.unwrap_or_default(), sketch.text())
}

fn check(place: &Place, text: &str, recordings: Recordings) -> Result<(), Problems> {
    let source = Source { path: place.path().display().to_string(), text: text.to_owned() };
    expand::check(&Scenario::parse(source)?.with_recordings(recordings))
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{EventKind, OverflowPolicy};

    use super::*;
    use crate::scenario::{About, RecordedSort, RecordedSubscription};

    /// Events of publishers, so many of each, and so many subscriptions to all of them.
    fn recording(publishers: u32, events: u64, subscriptions: usize) -> Recording {
        let mut recording = Recording::new(About::sample());
        for publisher in 0..publishers {
            recording.publishers.push(format!("p{publisher}"));
            for _ in 0..events {
                let (topic, kind) = ("events.process.lifecycle".to_owned(), EventKind::Process);
                let sort = RecordedSort { topic, kind, bytes: 300, priority: None };
                recording.push(0, publisher, sort, false).expect("room");
            }
        }
        recording.subscribers.extend((0..subscriptions).map(|number| RecordedSubscription {
            subscriber: format!("s{number}"),
            patterns: vec!["events.#".to_owned()],
            filtered: false,
            policy: OverflowPolicy::Block,
            capacity: 16,
        }));
        recording
    }

    fn kept(folder: &Path, force: bool, recording: &Recording) -> Kept {
        let files = Files::of(folder, "agent", force).expect("places");
        files.write(recording).expect("it can be written")
    }

    #[test]
    fn more_than_a_scenario_may_ask_for_is_recorded_all_the_same() {
        for (recording, why) in [
            (recording(300, 1, 0), "302 processes on `process`: a trial has at most 256"),
            (recording(1, 1, 300), "303 processes on `process`: a trial has at most 256"),
            (recording(1, 1, 1000), "at most 1000"),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let kept = kept(folder.path(), false, &recording);
            assert_eq!(Recording::load(&kept.recording), Ok(recording), "{why}");
            assert!(!kept.is_whole() && !kept.is_unwritable());
            for (scenario, name) in
                [(kept.exact, "recorded/agent "), (kept.smaller, "recorded/agent-fitted ")]
            {
                let told = scenario.expect_err("it is too much").to_string();
                assert!(told.starts_with(name) && told.contains(why), "{told} has no {why:?}");
                assert!(told.contains("Record less, with --pattern"), "{told}");
                assert!(!told.contains("earlier"), "{told}");
            }
            let names = std::fs::read_dir(folder.path().join("recorded")).expect("a folder");
            assert_eq!(names.count(), 1);
        }
    }

    #[test]
    fn one_scenario_that_is_too_much_does_not_take_the_other_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = kept(folder.path(), false, &recording(1, 60_000, 200));
        let told = kept.exact.expect_err("12 million deliveries").to_string();
        assert!(told.contains("at most 10000000 deliveries"), "{told}");
        assert!(kept.smaller.expect("it is smaller").exists());
    }

    #[test]
    fn a_scenario_of_an_earlier_recording_stays_and_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let exact = kept(folder.path(), false, &recording(1, 2, 1)).exact.expect("it is small");
        let before = std::fs::read_to_string(&exact).expect("it is there");
        let told = kept(folder.path(), true, &recording(300, 1, 0)).exact.expect_err("too much");
        assert!(told.to_string().contains("of an earlier recording"), "{told}");
        assert_eq!(std::fs::read_to_string(&exact).expect("it is there"), before);
    }

    #[test]
    fn what_the_host_does_not_write_is_told_beside_the_recording() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("recorded/agent.toml")).expect("made");
        let kept = kept(folder.path(), true, &recording(1, 2, 1));
        assert!(kept.recording.exists() && kept.smaller.is_ok() && kept.is_unwritable());
        let told = kept.exact.expect_err("a folder is no file").to_string();
        assert!(told.contains("left out: cannot write"), "{told}");
    }

    #[test]
    fn everything_is_called_after_the_recording() {
        for name in ["agent", "recorded/agent"] {
            assert_eq!(scenario(name), "recorded/agent");
        }
        assert_eq!(fitted("recorded/agent"), "recorded/agent-fitted");
    }

    #[test]
    fn one_of_three_that_is_there_is_enough_to_write_none() {
        for taken in ["agent.jsonl", "agent.toml", "agent-fitted.toml"] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("recorded").join(taken);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, "mine").expect("written");
            let refused = Files::of(folder.path(), "agent", false).expect_err(taken);
            assert!(refused.to_string().contains(taken), "{refused}");
            assert!(Files::of(folder.path(), "agent", true).is_ok(), "{taken}");
        }
    }
}
