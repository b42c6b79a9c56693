//! Brokers of others, where they are built.
//!
//! - `config`: what a server is told; `server`: its process;
//! - `speech`: what is said to it and heard from it; `nats`, `redis`, `mqtt`: the three ways; `spoken`:
//!   whose is which;
//! - `socket`, `line`: a connection, and what waits to be written on it;
//! - `publishing`, `subscribing`: the two kinds of handle.

mod config;
mod line;
mod mqtt;
mod nats;
mod publishing;
mod redis;
mod server;
mod socket;
mod speech;
mod spoken;
mod subscribing;

pub(in crate::driver) use self::publishing::publishing;
pub(in crate::driver) use self::server::Server;
pub(in crate::driver) use self::subscribing::subscribing;
