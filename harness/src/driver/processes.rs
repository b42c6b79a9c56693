//! The processes of a trial: which there are, the lines to them, and whether they answer.
//!
//! - `deploy`: which process hosts which roles; `spawn`: one process and its line; `session`: all of
//!   them, and every wait for what they say; `roll`: whether they answer; `stderr`: what else they say;
//! - `signals`, `ways` with `proxy`: what is done to a process or a connection instead of asking.

mod deploy;
#[cfg(unix)]
mod proxy;
mod roll;
mod session;
mod signals;
mod spawn;
mod stderr;
mod ways;

use std::time::Duration;

pub(super) use deploy::groups;
pub(super) use roll::Answer;
pub(super) use session::Session;
pub(super) use spawn::request_end;
pub(super) use stderr::{clear_stderr, keep_tail};
pub(super) use ways::Ways;

/// A process that has said goodbye is gone within this time.
pub(super) const EXIT_LIMIT: Duration = Duration::from_secs(5);
