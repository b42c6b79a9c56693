//! A thousand connections and ten thousand subscriptions at one broker: everything published
//! arrives where it should and nowhere else (C1–C3), in order (C4), and what went is given back
//! (C10, C13). How much memory a connection and a subscription take is printed and judged by nobody;
//! `bus/PERFORMANCE.md` keeps it.
//!
//! The broker is a process of its own, this executable again, so that its memory is its own.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")
)]

#[cfg(target_os = "linux")]
#[path = "scale/broker.rs"]
mod broker;
#[cfg(target_os = "linux")]
#[path = "scale/crowd.rs"]
mod crowd;
#[cfg(target_os = "linux")]
#[path = "scale/held.rs"]
mod held;
#[cfg(target_os = "linux")]
#[path = "scale/promises.rs"]
mod promises;

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, serve, path] = arguments.as_slice()
        && serve == broker::SERVE
    {
        return broker::serve_until_input_ends(std::path::Path::new(path));
    }
    let arguments = libtest_mimic::Arguments::from_args();
    libtest_mimic::run(&arguments, promises::trials()).exit();
}

/// What a process holds is read from `/proc`.
#[cfg(not(target_os = "linux"))]
fn main() {}
