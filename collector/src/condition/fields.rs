//! What can be asked of an event: the fields of each kind, by name, with their types.
//!
//! One table for each kind and one for what all have. `TRIGGERS.md` shows the same rows, which a
//! test holds against these.

mod filesystem;
mod header;
mod network;
mod performance;
mod process;

use daemoneye_eventbus::{ByteString, CollectionEvent, EventKind};

use super::number::Number;
use crate::spelling;

/// Reads a text of an event; `None` is NULL.
pub(super) type ReadText = fn(&CollectionEvent) -> Option<&str>;
/// Reads a number of an event.
pub(super) type ReadNumber = fn(&CollectionEvent) -> Option<Number>;
/// Reads a truth value of an event.
pub(super) type ReadTruth = fn(&CollectionEvent) -> Option<bool>;
/// Reads a list of an event; an empty one is NULL.
pub(super) type ReadTexts = fn(&CollectionEvent) -> &[ByteString];

/// What the keys of an event's metadata stand behind.
pub(super) const METADATA: &str = "metadata";

/// One thing that can be asked of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// As the event model names it.
    pub(super) name: &'static str,
    /// Other names it is known by.
    pub(super) aliases: &'static [&'static str],
    pub(super) read: Read,
}

/// The type of a field, and how it is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Read {
    Text(ReadText),
    Number(ReadNumber),
    Truth(ReadTruth),
    Texts(ReadTexts),
    /// One of a few words, which have no order.
    Word(Words<ReadText>),
    /// One of a few words, lowest first; read as its number, from 1.
    Rank(Words<ReadNumber>),
}

/// A field with a few values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<R> {
    pub(super) field: &'static str,
    pub(super) all: &'static [&'static str],
    pub(super) read: R,
}

impl Field {
    const fn text(name: &'static str, read: ReadText) -> Self {
        Self { name, aliases: &[], read: Read::Text(read) }
    }

    const fn number(name: &'static str, read: ReadNumber) -> Self {
        Self { name, aliases: &[], read: Read::Number(read) }
    }

    const fn truth(name: &'static str, read: ReadTruth) -> Self {
        Self { name, aliases: &[], read: Read::Truth(read) }
    }

    const fn texts(name: &'static str, read: ReadTexts) -> Self {
        Self { name, aliases: &[], read: Read::Texts(read) }
    }

    const fn word(name: &'static str, all: &'static [&'static str], read: ReadText) -> Self {
        Self { name, aliases: &[], read: Read::Word(Words { field: name, all, read }) }
    }

    const fn rank(name: &'static str, all: &'static [&'static str], read: ReadNumber) -> Self {
        Self { name, aliases: &[], read: Read::Rank(Words { field: name, all, read }) }
    }

    const fn known_as(self, aliases: &'static [&'static str]) -> Self {
        Self { name: self.name, aliases, read: self.read }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [self.name].into_iter().chain(self.aliases.iter().copied())
    }
}

/// The kinds of event that conditions are about.
pub(super) fn kinds() -> impl Iterator<Item = EventKind> {
    EventKind::ALL.into_iter().filter(|kind| !own(*kind).is_empty())
}

/// The kind FROM means: its name, with `_events` behind it or not, or what its events are of.
pub(super) fn kind_named(name: &str) -> Option<EventKind> {
    let name = name.to_ascii_lowercase();
    let one = match name.strip_suffix("_events") {
        Some(kind) => kind,
        None if name == "processes" => "process",
        None => name.as_str(),
    };
    kinds().find(|kind| kind.as_str() == one)
}

/// Every field of a kind, its own first.
pub(super) fn all(kind: EventKind) -> impl Iterator<Item = &'static Field> {
    own(kind).iter().chain(shared())
}

/// The fields every kind has.
pub(super) fn shared() -> &'static [Field] {
    header::FIELDS
}

/// The fields of a kind that are its own; none for a kind that conditions are not about.
pub(super) fn own(kind: EventKind) -> &'static [Field] {
    match kind {
        EventKind::Process => process::FIELDS,
        EventKind::Network => network::FIELDS,
        EventKind::Filesystem => filesystem::FIELDS,
        EventKind::Performance => performance::FIELDS,
        EventKind::TriggerRequest | EventKind::Audit | EventKind::Control => &[],
    }
}

/// The field of a kind by one of its names.
pub(super) fn find(kind: EventKind, name: &str) -> Option<&'static Field> {
    all(kind).find(|field| field.names().any(|own| own == name))
}

/// The name a mistyped one most likely meant.
pub(super) fn nearest(
    typed: &str,
    kinds: impl IntoIterator<Item = EventKind>,
) -> Option<&'static str> {
    spelling::nearest(typed, kinds.into_iter().flat_map(all).flat_map(Field::names))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_of_a_kind_stands_for_two_fields() {
        for kind in kinds() {
            let names: Vec<_> = all(kind).flat_map(Field::names).collect();
            let unique: HashSet<_> = names.iter().collect();
            assert_eq!(unique.len(), names.len(), "{kind:?}: {names:?}");
            assert!(!names.contains(&METADATA), "{kind:?}");
        }
    }

    #[test]
    fn a_kind_has_a_few_names() {
        let rows = [
            ("process", EventKind::Process),
            ("PROCESSES", EventKind::Process),
            ("process_events", EventKind::Process),
            ("network", EventKind::Network),
            ("network_events", EventKind::Network),
            ("filesystem", EventKind::Filesystem),
            ("performance_events", EventKind::Performance),
        ];
        for (name, kind) in rows {
            assert_eq!(kind_named(name), Some(kind), "{name}");
        }
        for name in ["", "_events", "audit", "control_events", "networks", "processes_events"] {
            assert_eq!(kind_named(name), None, "{name}");
        }
    }
}
