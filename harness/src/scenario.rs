//! Scenario files as said: text, places, units, the matrix. What they mean is the plan's to decide.
//!
//! A file is TOML, `format = 1`, data only (`scenarios/FORMAT.md`). It is read strictly: whatever
//! is not understood is an error with its place, and all errors of a file are told at once. Values
//! are lowered by hand from `Node`s, because serde loses places in flattened and untagged data.

mod diagnostic;
mod document;
mod files;
mod header;
mod name;
mod profile;
mod reader;
mod recording;
mod said;
mod scale;
mod strict;
mod tags;
mod unit;

pub use diagnostic::{Problem, Problems, Source};
pub use files::{FilesError, OTHER_FILES, default_folder, find_files, load};
pub use profile::Profile;
pub use reader::{Origin, Slot, Survey, Traced, Wanted};
pub use recording::{
    About, Ended, Full, MAX_LINE_BYTES, MAX_RECORDED_EVENTS, MAX_RECORDED_NS, MAX_RECORDED_ROLES,
    MAX_RECORDED_SORTS, MAX_RECORDING_BYTES, RECORDING_EXTENSION, RecordedEvent, RecordedSort,
    RecordedSubscription, Recording, RecordingError, Recordings,
};
pub use said::{Axis, Scenario};
pub use scale::Scale;
pub use strict::StrictError;
pub use tags::{MAX_TAG_BYTES, MAX_TAGS};

pub(crate) use diagnostic::suggestion;
pub(crate) use document::{Node, Value, parse as parse_document};
pub(crate) use name::{is_name, nearest_name};
pub(crate) use reader::{At, Reader, Table, listed};
pub(crate) use recording::is_beside;
pub(crate) use said::{Point, read_known};
pub(crate) use strict::{load_strictly, parse_strictly};
pub(crate) use unit::{duration_ms, rate, shown_bytes, shown_ms};
