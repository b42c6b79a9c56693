//! Random scenarios, and failing ones made small.
//!
//! In the order to read: `sketch` (a scenario without a file: what is made up and shrunk), `text`
//! (the file it becomes), `round_trip` (the case that file means), `generate` (random sketches from
//! a seed), `simpler` (what may be left out of one), `shrink` (the search for the smallest that
//! still fails).
//!
//! Pure: whether a sketch still fails is asked of whoever runs it. Every sketch is read back through
//! the ordinary path, file → scenario → case, so that what is run is what a file would say.

pub mod generate;
mod round_trip;
mod shrink;
mod simpler;
mod sketch;
mod text;

pub use shrink::{Shrunk, shrink};
pub use simpler::simpler;
pub use sketch::{Sketch, Unsaid};
