//! What a collector finds of itself: how much of what it tries fails, and what its process uses.
//!
//! In the order to read, each using only those above it:
//!
//! - `reader`: the figures of this process, in the way of each system;
//! - `window`: sums over the last minutes; `alarm`: whether a figure has crossed its limit;
//! - `own`: all of it together, [`OwnStatus`].
//!
//! But for the reader it is told the time and the figures, waits for nothing and reads no clock.
//! Who is told of it, and how, is for other rooms.

mod alarm;
mod own;
mod reader;
mod window;

pub(crate) use own::SelfWatch;
pub use own::{Finding, OwnStatus};
pub(crate) use reader::{Reader, Reading};
