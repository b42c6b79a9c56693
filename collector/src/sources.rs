//! The sources this project ships, each on this host's real data.

pub mod process;
