//! The generated messages of `proto/ipc.proto`. Nothing outside the codec sees them.

#![expect(
    clippy::pedantic,
    unreachable_pub,
    reason = "generated code follows the generator's style"
)]

include!(concat!(env!("OUT_DIR"), "/daemoneye.collector.v1.rs"));
