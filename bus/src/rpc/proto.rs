//! The generated messages of `proto/control.proto`. Nothing outside the codec sees them.

#![expect(
    clippy::pedantic,
    unreachable_pub,
    reason = "generated code follows the generator's style"
)]

include!(concat!(env!("OUT_DIR"), "/daemoneye.control.v1.rs"));
