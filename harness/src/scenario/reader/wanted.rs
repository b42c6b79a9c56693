//! What each key is read as. Gathered on request alone, to hold the page of the format against the
//! code that reads it.

use std::collections::{BTreeMap, BTreeSet};

/// A sort of table, as the page of the format names it (`""` is the top), and a key in it.
pub type Slot = (&'static str, &'static str);

/// Every key that was asked for, and what it was read as; nothing where its value was not there.
pub type Survey = BTreeMap<Slot, BTreeSet<Wanted>>;

/// What the value of a key must be, and what is done without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Text.
    Text,
    /// Text or a number.
    Scalar,
    /// True or false.
    Boolean,
    /// A whole number from the first to the last.
    Integer(i64, i64),
    /// How many: a whole number.
    Count,
    /// A size.
    Size,
    /// A duration.
    Duration,
    /// A rate.
    Rate,
    /// At most so many, bytes or milliseconds or whatever the value counts.
    AtMost(u64),
    /// One of these names.
    OneOf(Vec<String>),
    /// A list.
    List,
    /// A table of free keys and scalars.
    Pairs,
    /// A table.
    Table,
    /// An array of tables.
    Tables,
    /// It has to be there.
    Required,
    /// Without it, this stands in its place, as TOML.
    Default(&'static str),
}
