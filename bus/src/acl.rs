//! Who may publish and subscribe what: roles, one table of rules, and the answer for one principal
//! (A1–A3, A6).
//!
//! Deliberately absent: sockets, tokens and audit. Who somebody is the broker learns from the
//! connection and hands in as a [`Principal`]; what to do about a refusal is the broker's, too.
//!
//! - `role`: roles and principals; `rule`: one row; `decision`: what rows say;
//! - `policy`: rows of a site, read from a file;
//! - `access`: the rows of one principal, with the answers it has given; `table`: all rows.

mod access;
mod decision;
#[cfg(feature = "ipc")]
mod policy;
mod role;
mod rule;
mod table;

pub use access::{Access, AccessRow};
pub use decision::{Decision, Denial};
#[cfg(feature = "ipc")]
pub use policy::{MAX_POLICY_BYTES, Policy, PolicyError, PolicyProblem};
pub use role::{CollectorKind, Principal, PrincipalError, Role, RoleError};
pub use rule::{Action, Effect, Roles, Rule, RuleError, TopicTemplate};
pub use table::{AccessControl, MAX_RULES, TableError};
