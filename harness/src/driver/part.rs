//! A part: a process of this executable that does what no actor does, in a soak or a case of chaos.
//!
//! Lines of JSON go over its standard streams: its assignment, then one order after the other. It
//! answers the assignment and each order, and may tell something unasked between.
//!
//! - `process`: the harness's end of one; `obey`: the process itself.

mod obey;
mod process;

pub(super) use obey::{Orders, run, tell};
pub(super) use process::{ANSWER_LIMIT, Part};
