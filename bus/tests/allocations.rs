//! In steady state the broker asks the allocator for nothing: less than once in a hundred events that
//! come in over one socket and go out over others.
//!
//! The broker is a process of its own, this executable again, so that what is counted is its alone.

#![cfg_attr(unix, expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion"))]

#[cfg(unix)]
use std::alloc::System;

#[cfg(unix)]
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[cfg(unix)]
#[path = "allocations/broker.rs"]
mod broker;
#[cfg(unix)]
#[path = "allocations/promises.rs"]
mod promises;
#[cfg(unix)]
#[path = "allocations/traffic.rs"]
mod traffic;

/// Counts for the whole process.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[cfg(unix)]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(served) = broker::Served::of(&arguments) {
        return served.until_input_ends();
    }
    let arguments = libtest_mimic::Arguments::from_args();
    libtest_mimic::run(&arguments, promises::trials()).exit();
}

/// The library behind pipes allocates for each read and write.
#[cfg(not(unix))]
fn main() {
    println!("not measured: what pipes cost is not the broker's");
}
