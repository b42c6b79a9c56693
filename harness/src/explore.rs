//! Scenarios that nobody wrote: random ones, failing ones made small, and those of recordings.
//!
//! In the order to read: `sketch` (a scenario without a file: what is made up and shrunk), `text`
//! (the file it becomes), `round_trip` (the case that file means), `generate` (random sketches from
//! a seed), `simpler` (what may be left out of one), `shrink` (the search for the smallest that
//! still fails); `recorded` (what replays a recording exactly), `fit` (what is like it, and smaller).
//!
//! Pure: whether a sketch still fails is asked of whoever runs it. Every sketch is read back through
//! the ordinary path, file → scenario → case, so that what is run is what a file would say.

mod fit;
pub mod generate;
mod recorded;
mod round_trip;
mod shrink;
mod simpler;
mod sketch;
mod text;

pub use fit::fitted;
pub use recorded::replayed;
pub use shrink::{Shrunk, shrink};
pub use simpler::simpler;
pub use sketch::{Sketch, Unsaid};
