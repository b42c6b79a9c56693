//! A direct door to one collector, for programs that are not on the bus: an operator, another
//! supervisor.
//!
//! ```text
//! CollectorIpcClient ── frames ── connection ── desk ── status, health, AnalysisWorker
//! ```
//!
//! - A [`CollectorIpcServer`] listens on a socket of its collector; what it answers there it
//!   answers without one as well. Nothing that can be asked changes the collector, so that whatever
//!   was asked may be asked again.
//! - A [`CollectorIpcClient`] asks, and finds the collector again when the connection breaks.
//! - Both agree first on a version and on capabilities; a task needs the capability of what it is
//!   about, before any work is done.
//!
//! Sockets and frames are those of the bus, messages are `proto/ipc.proto`; `IPC.md` beside this
//! package's manifest is for clients in other languages. Every wait, queue and message has a limit,
//! most of them in [`IpcConfig`](crate::config::IpcConfig).
//!
//! In the order to read: `request`, `response`, `report` and `refusal` (the model), `codec`;
//! `negotiation` and `gate` (pure), `desk` (what is answered); `server`, `client`.

mod client;
mod codec;
mod desk;
mod gate;
mod moment;
mod negotiation;
mod proto;
mod refusal;
mod report;
mod request;
mod response;
mod server;

use std::time::Duration;

pub use client::{
    AskError, CollectorIpcClient, ConnectError, IpcClientConfig, IpcReconnect, LinkState,
};
pub use gate::capability_for;
pub use refusal::IpcRefusal;
pub use report::{SourceReport, StatusReport};
pub use request::{IpcRequest, IpcTask, MAX_CLIENT_BYTES, Offer};
pub use response::{CapabilityReport, Grant, GrantedLimits, IpcResponse, TaskReport};
pub use server::{CollectorIpcServer, IpcCounters, StartError};

/// The oldest version of the protocol this build speaks.
pub const MIN_VERSION: u32 = 1;
/// The newest version of the protocol this build speaks.
pub const MAX_VERSION: u32 = 1;
/// Longest message of a response, bytes: the status of as many sources as a collector can have.
pub const RESPONSE_LIMIT_BYTES: usize = 1 << 20;

/// What a response is about that is about the connection.
const CONNECTION: u64 = 0;
/// How long whoever is told why a connection ends may take to hear it.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);
