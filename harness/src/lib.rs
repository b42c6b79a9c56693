//! Replays scenarios on two event buses, checks behaviour message by message, measures, judges.
//!
//! In the order to read, each room using only those above it:
//!
//! - [`scenario`]: files as said, every value with its place;
//! - [`plan`]: cases, every value resolved;
//! - [`record`]: histories and figures, plain data;
//! - [`driver`]: processes, phases, measurement;
//! - [`check`]: recorded histories judged against the contract;
//! - [`gate`]: whether a difference is real, three-way verdicts;
//! - [`mutants`]: broken buses and broken checkers, and who must catch them;
//! - [`report`]: files, a table and an exit code from one record of the run;
//! - [`explore`]: random scenarios, and failing ones made small;
//! - [`cmd`]: the verbs.
//!
//! `METHOD §4` is a section of `METHOD.md` beside this package's manifest: how it is measured and
//! judged. Numbers such as C4 are promises of `bus/CONTRACT.md`.

pub mod check;
pub mod cmd;
pub mod driver;
pub mod explore;
pub mod gate;
pub mod mutants;
pub mod plan;
pub mod record;
pub mod report;
pub mod scenario;
