//! Deliberately broken buses and checkers: the harness proves itself by catching each of them.
//!
//! Data and pure functions: which fault breaks which promise, on which cases it must show, what a
//! report and a tear-down say about it, and what is wrong with the matrix of all of them. The
//! faults themselves are `legacy_buses::broken`'s; running them is `cmd`'s; the checks know
//! nothing of all this.
//!
//! - `bus`: every broken bus, the promise it breaks, who must catch it where;
//! - `guard`: what can catch one; `matrix`: who caught which, and what that leaves to say;
//! - `checker`: the real checker, and those that cannot fail where they should; `notes`, `recorded`,
//!   `struck`, `corpus`: comparisons of two buses and a case with a fault, one right, the others
//!   doctored in one place; `checkers`: which of these unmasks whom;
//! - `slow`: buses too slow or too hungry for one gate each, and what the gates must say;
//! - `page`: the matrix to read.

mod bus;
mod checker;
mod checkers;
mod corpus;
mod guard;
mod matrix;
mod notes;
mod page;
mod recorded;
mod slow;
mod struck;

pub use bus::{BEYOND, Flaw, MUTANTS, Mutant, SOUND};
pub use checkers::{CheckerMatrix, CheckerRow};
pub use guard::{Catch, Guard, Remains, caught};
pub use matrix::{KillMatrix, MutantRow, Shown, TrialRow};
pub use page::{FILES, PARTIAL_FILES, page};
pub use slow::{
    GateSaid, SLOW, SLOW_FILES, SLOW_PARTIAL_FILES, SlowMatrix, SlowMutant, SlowRow, Stopped,
    slow_page,
};
