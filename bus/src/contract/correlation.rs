//! How events belong together: ids, parents, roots, stages, tags (C8).

use std::fmt;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::EventId;

/// Correlation of an event with others.
///
/// A plain id converts: `"scan-7".into()` is the root of its own workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrelationMetadata {
    /// This event's own correlation.
    pub id: CorrelationId,
    /// What caused it.
    pub parent: Option<CorrelationId>,
    /// Where the workflow began; the id itself for a root.
    pub root: CorrelationId,
    /// Id of a distributed trace.
    pub trace: Option<ByteString>,
    /// Stage of the workflow.
    pub stage: Option<ByteString>,
    /// Number within the workflow.
    pub sequence: u64,
    /// Named values; keys are unique, order is kept.
    pub tags: Vec<(ByteString, ByteString)>,
}

/// A correlation id: a name somebody chose, or a number the bus derived from the event itself.
///
/// Two ids are equal when their text is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "ByteString", into = "ByteString")]
pub struct CorrelationId(Repr);

#[derive(Clone)]
enum Repr {
    Named(ByteString),
    /// Shown as 32 hexadecimal digits; kept as a number so that a fresh id allocates nothing.
    Derived(u128),
}

impl CorrelationMetadata {
    /// The root of a new workflow with this id.
    pub fn root(id: impl Into<CorrelationId>) -> Self {
        let id = id.into();
        Self {
            root: id.clone(),
            id,
            parent: None,
            trace: None,
            stage: None,
            sequence: 0,
            tags: Vec::new(),
        }
    }

    /// The fresh root an event gets that was published without a correlation (C8).
    ///
    /// Derived from the event's identity, hence unique, and the same for every receiver without
    /// a byte on the wire.
    pub fn derived(event: &EventId) -> Self {
        Self::root(CorrelationId::derived(event.incarnation, event.sequence))
    }

    /// A step caused by this one: same root and trace, the next sequence number, or the last one
    /// there is.
    #[must_use]
    pub fn child(&self, id: impl Into<CorrelationId>) -> Self {
        Self {
            id: id.into(),
            parent: Some(self.id.clone()),
            root: self.root.clone(),
            trace: self.trace.clone(),
            stage: self.stage.clone(),
            sequence: self.sequence.saturating_add(1),
            tags: self.tags.clone(),
        }
    }
}

impl CorrelationId {
    /// The id of the `sequence`-th event of one publisher's life.
    pub fn derived(incarnation: u64, sequence: u64) -> Self {
        Self(Repr::Derived((u128::from(incarnation) << 64) | u128::from(sequence)))
    }

    /// The id as text.
    pub fn to_byte_string(&self) -> ByteString {
        match &self.0 {
            Repr::Named(text) => text.clone(),
            Repr::Derived(number) => ByteString::from(format!("{number:032x}")),
        }
    }

    /// Whether the id's text equals `text`, without allocating for a named id.
    pub fn is(&self, text: &str) -> bool {
        match &self.0 {
            Repr::Named(own) => own == text,
            Repr::Derived(_) => *self.to_byte_string() == *text,
        }
    }
}

impl PartialEq for CorrelationId {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Named(a), Repr::Named(b)) => a == b,
            (Repr::Derived(a), Repr::Derived(b)) => a == b,
            (Repr::Named(text), Repr::Derived(_)) => other.is(text),
            (Repr::Derived(_), Repr::Named(text)) => self.is(text),
        }
    }
}

impl Eq for CorrelationId {}

impl std::hash::Hash for CorrelationId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.to_byte_string().hash(state);
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Named(text) => f.write_str(text),
            Repr::Derived(number) => write!(f, "{number:032x}"),
        }
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CorrelationId({self})")
    }
}

impl From<ByteString> for CorrelationId {
    fn from(text: ByteString) -> Self {
        Self(Repr::Named(text))
    }
}

impl From<CorrelationId> for ByteString {
    fn from(id: CorrelationId) -> Self {
        id.to_byte_string()
    }
}

impl From<&str> for CorrelationId {
    fn from(text: &str) -> Self {
        Self(Repr::Named(text.into()))
    }
}

impl From<String> for CorrelationId {
    fn from(text: String) -> Self {
        Self(Repr::Named(text.into()))
    }
}

impl From<&str> for CorrelationMetadata {
    fn from(id: &str) -> Self {
        Self::root(id)
    }
}

impl From<String> for CorrelationMetadata {
    fn from(id: String) -> Self {
        Self::root(id)
    }
}

#[cfg(test)]
mod tests;
