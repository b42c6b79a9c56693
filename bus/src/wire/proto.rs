//! The generated messages of `proto/eventbus.proto`. Nothing outside the wire room sees them
//! except as arguments of its functions.

#![expect(
    clippy::pedantic,
    unreachable_pub,
    reason = "generated code follows the generator's style"
)]

include!(concat!(env!("OUT_DIR"), "/daemoneye.eventbus.v1.rs"));
