//! The process: the broker, a publisher or a reader, as its assignment says.

use std::process::ExitCode;

use super::line::{Assignment, Order, Role};
use super::link::Orders;
use super::{broker, publisher, reader};
use crate::driver::part;

/// Is a process of a soak until let go.
pub(in crate::driver) fn run() -> ExitCode {
    part::run::<Assignment, Order>(obey)
}

fn obey(assignment: &Assignment, orders: Orders) -> Result<(), String> {
    match assignment.role {
        Role::Broker => broker::run(assignment, orders),
        Role::Publisher { index, rate } => publisher::run(assignment, index, rate, orders),
        Role::Reader { publishers } => reader::run(assignment, publishers, orders),
    }
}
