//! Brokers of others in the place of ours: their servers, and handles that speak to them.
//!
//! A server is started and ended by the process that would host our broker, which itself does nothing
//! meanwhile and is not measured; the server is, in its place. Publishers and subscribers are the actors they
//! always are. So workload, stamps, credits, recorders and checks are the same.
//!
//! What is spoken is written here by hand, as are the two ends of our own wire: the usual client crates cost
//! three to twelve times the CPU that the protocols themselves do, and would be compared instead of the
//! servers. Writing and reading follow our own client: an idle connection is written to at once, a flood is
//! gathered, and a socket is registered for writing only while it is full.
//!
//! - `program`: which program a bus needs, and why it cannot be had;
//! - `built`, `absent`: with the feature `peers` on Linux, where performance is judged; and elsewhere.

#[cfg(not(all(feature = "peers", target_os = "linux")))]
mod absent;
#[cfg(all(feature = "peers", target_os = "linux"))]
mod built;
mod program;

#[cfg(not(all(feature = "peers", target_os = "linux")))]
use absent as system;
#[cfg(all(feature = "peers", target_os = "linux"))]
use built as system;

pub(super) use self::system::{Server, publishing, subscribing};
pub use program::why_unavailable;
