//! A connected, quiet system sleeps: broker, publisher and subscriber are processes, and all their
//! threads together go on and off a processor less than five times a second, with every heartbeat
//! (W4) and every timer there is.
//!
//! The processes are this executable again, so that nothing else runs in them.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")
)]

#[cfg(target_os = "linux")]
#[path = "idle/promises.rs"]
mod promises;
#[cfg(target_os = "linux")]
#[path = "idle/role.rs"]
mod role;
#[cfg(target_os = "linux")]
#[path = "idle/switches.rs"]
mod switches;
#[cfg(target_os = "linux")]
#[path = "idle/system.rs"]
mod system;

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(role) = role::Role::of(&arguments) {
        return role.play();
    }
    let arguments = libtest_mimic::Arguments::from_args();
    libtest_mimic::run(&arguments, promises::trials()).exit();
}

/// How often a thread was switched to is read from `/proc`.
#[cfg(not(target_os = "linux"))]
fn main() {
    println!("not measured: the switches of threads are counted on Linux alone");
}
