//! Local sockets: addresses, listeners and streams, the same on every system.
//!
//! Unix sockets and Windows named pipes come from `interprocess`; what differs between them stays
//! in the two private `system` files. Knows bytes, not frames (W4 limits live with their users;
//! W7 here).

mod address;
mod buffer;
mod listener;
mod peer;
mod probe;
mod runtime_folder;
#[cfg(unix)]
#[path = "transport/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "transport/windows.rs"]
mod system;
#[cfg(windows)]
mod user;

pub use address::{AddressError, SocketAddress};
pub(crate) use buffer::{Fill, ReadBuffer};
pub(crate) use listener::Acceptor;
pub use listener::{BindError, Listener};
pub use runtime_folder::{default_socket, runtime_folder};
pub(crate) use system::{DetachedStream, Stream};
