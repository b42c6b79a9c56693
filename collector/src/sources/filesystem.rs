//! The filesystem source: told by the system what happens in watched folders, it tells what that
//! comes to.
//!
//! ```text
//! system ─ local ─ translate ─ (bounded channel) ─ source ─ tracker ─ events
//!                                                            │ fold: notices to operations
//!                                                            │ known: what is there
//!                                                            └ folders: what is watched
//! ```
//!
//! What it promises, where the system tells enough (Linux; see `dialect` for the others):
//!
//! - A file that is opened, written often and closed is *one* `modified`. One that is still open
//!   30 s after the first write is told meanwhile, with metadata `still_open`.
//! - A new file is one `created`; what is written to it is one `modified` more. Nothing is written
//!   to an empty file, so it is `created` alone.
//! - A rename between watched folders is one `renamed`, whatever lies below. What moves out is
//!   `deleted`, with all that is known below it, children first; what moves in is `created`, with
//!   all that is found below it.
//! - What is made in a folder before the folder is watched is found by listing it once it is, and
//!   told once.
//! - When notifications are lost, a `bulk` event says so on every watched path (metadata `reason`
//!   is `overflow`, and `dropped` how many, when known); then everything is compared with what is
//!   known, and the difference told. A change may be told a second time then. Windows does not say
//!   that any are lost: there everything is compared every ten minutes, and what was missed is told
//!   late, without a `bulk` event.
//! - What cannot be sent any more at the end is counted as if it were sent; where notifications
//!   were lost, as at least so much. A life that follows such a loss begins with a `bulk` event on
//!   every watched path (metadata `reason` is `earlier_loss`).
//! - Size, permissions and owner are those the path has when the event is made; what is gone by
//!   then has none.
//!
//! What it does not see: writes through memory maps, who did it, and what a network filesystem is
//! told by other hosts. Bytes of a path that are no UTF-8 are shown as U+FFFD.

mod coverage;
mod dialect;
mod digest;
mod event;
mod fold;
mod folders;
mod known;
mod local;
mod notice;
mod operation;
mod pairing;
mod pending;
mod roots;
mod scope;
mod sight;
mod source;
mod subtree;
mod system;
mod tracker;
mod translate;

pub use source::FilesystemSource;
