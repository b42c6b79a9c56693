//! The three files of a recording: what they are called, that they are valid, and that none that is there
//! is lost.

use std::path::{Path, PathBuf};

use super::RecordError;
use crate::cmd::place::{Existing, Place, PlaceError};
use crate::explore::{Sketch, fitted as fit, replayed};
use crate::plan::expand;
use crate::scenario::{Problems, RECORDING_EXTENSION, Recording, Recordings, Scenario, Source};

/// The folder below that of the scenarios.
const FOLDER: &str = "recorded/";
/// How the name of the smaller scenario ends.
const FITTED: &str = "-fitted";

/// Where the files go.
#[derive(Debug)]
pub(super) struct Files {
    recording: Place,
    replayed: Place,
    fitted: Place,
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

    /// Writes them once both scenarios are valid; their paths.
    pub(super) fn write(self, recording: &Recording) -> Result<[PathBuf; 3], RecordError> {
        let Self { recording: place, replayed: exact, fitted: smaller } = self;
        let file = place.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let whole = replayed(exact.name(), &file, recording);
        let whole = text(&exact, &whole);
        let fitted = text(&smaller, &fit(smaller.name(), exact.name(), recording));
        let known = Recordings::from([(file, Ok(recording.clone()))]);
        check(&exact, &whole, known)?;
        check(&smaller, &fitted, Recordings::new())?;
        Ok([place.write(&recording.text())?, exact.write(&whole)?, smaller.write(&fitted)?])
    }
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
    use super::*;

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
