//! Events on disk while the bus is away: kept before they are forgotten elsewhere, given back in
//! order, deleted once the bus has them.
//!
//! ```text
//! folder/                            one process at a time, by a lock
//!   lock
//!   cursor                           up to which number everything was acknowledged
//!   lost                             what the run before could not keep
//!   00000000000000000001.segment     header, record, record, …
//!   00000000000000004711.segment     the newest: appended to
//!   00000000000000000815.damaged     what could not be read, for people
//! ```
//!
//! **Promise.** An event that [`append`](Spool::append) took is given back by
//! [`read_after`](Spool::read_after) until it is acknowledged, in order, whatever happens to the
//! process; nothing is ever given back that was not taken. So it comes at least once: what was
//! published and not yet acknowledged when the process died comes again, which is one event for
//! whoever acknowledges each before the next. It is the same in every field, and a reader knows it
//! by its [header](daemoneye_eventbus::EventHeader); to a bus it is a new one, on purpose:
//! `ARCHITECTURE.md` says why. In the spool, incarnation and number tell a [`Record`].
//!
//! **What survives what.** A process that is killed loses nothing it was told is kept. A loss of
//! power loses nothing either with `sync = "batch"`; with `"never"` it takes what the system had
//! not written out. The cursor and deletions are never waited for: what was acknowledged since the
//! system last wrote them out comes again.
//!
//! **Damage.** A write that did not get done leaves the beginning of a record at the end of a
//! segment: it is cut off. Bytes that changed since they were written are told by their checksum:
//! the rest of that segment is moved to a file of its own, and what is lost is counted. Reading goes
//! on with the next segment.
//!
//! **At the limit** the newest is refused, and told so. What was kept stays: the first events of an
//! outage are what people ask for afterwards, and if the oldest had to go, whoever ended the agent
//! could wash their traces out with noise. Whoever is refused can hold its sources back, and ask
//! them again later; what was on disk and given up would be gone. What is refused until the process
//! ends is lost: how much is written down for the next one, in a place that a full disk has.
//!
//! - `record`, `segment`, `scan`, `payload`: bytes, without files; `cursor`: the place up to which
//!   all is acknowledged; `loss_note`: what was lost at the end of a run;
//! - `folder`: the files; `recovery`: what an earlier process left in them;
//! - `store`: the [`Spool`]. All of its calls block for as long as the disk takes.
//!
//! This room knows the event model and the bus's encoding of it, and no bus.

mod cursor;
mod error;
mod folder;
mod loss_note;
mod payload;
mod record;
mod recovery;
mod scan;
mod segment;
mod store;

pub(crate) use loss_note::LossNote;

pub use error::{AcknowledgeError, AppendError, OpenError, ReadError};
pub use record::MAX_PAYLOAD_BYTES;
pub use recovery::Recovered;
pub use store::{Appended, Chunk, Record, Spool, Usage};
