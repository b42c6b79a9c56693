//! The direct door of a collector: what is asked and answered, by well-behaved clients and by
//! others, and what becomes of it when either side ends.

mod ending;
#[cfg(unix)]
mod faults;
#[cfg_attr(not(unix), expect(dead_code, reason = "most of it is for raw clients, on Unix alone"))]
mod message;
mod other_servers;
mod questions;
#[cfg(unix)]
mod raw;
mod reconnecting;
mod site;
