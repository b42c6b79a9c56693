//! Connections that break, brokers that are killed, and what comes of it: subscriptions go on and say
//! what they lost (W5), confirmed publishing loses nothing and repeats nothing (W6).
//!
//! Connections are cut by a relay between two sockets, so these tests run on Unix alone. A broker
//! "killed" here is dropped amid its work: its clients hear as little as after SIGKILL. Processes
//! are killed by the harness.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]

mod confirmed;
mod gaps;
mod late;
mod limits;
mod relay;
mod restart;
mod stage;
