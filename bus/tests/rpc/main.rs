//! The control plane over topics (W9, R1–R4, R6): asked through the public interface, on a broker in
//! this process and over real connections.

#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]

mod calls;
mod config;
mod frozen;
mod health;
mod membership;
mod requests;
mod stage;
mod status;
mod tasks;
mod workflow;
