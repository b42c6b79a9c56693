//! Conditions on events, written in SQL: parsed once, its types checked, then asked event by event.
//!
//! What can be written is in `TRIGGERS.md` beside this package's manifest. The text is taken apart
//! by `sqlparser`; everything it knows beyond that page is refused by name, at its place. What is
//! left becomes a small tree whose types are settled, so that asking it allocates nothing, cannot
//! fail and depends on the event alone.
//!
//! In the order to read, each using only those above it:
//!
//! - `truth`: three-valued logic; `number`: exact where it can be; `pattern`: LIKE;
//! - `fields`: what can be asked of each kind of event; `tree`: the condition as it is asked;
//! - `place`, `error`: what is wrong with a text, and where;
//! - `dialect`, `tokens`, `statement`: from the text to the parser's tree;
//! - `lowering`: from there to ours.
//!
//! This room knows the event model and nothing else.

mod dialect;
mod error;
mod fields;
mod lowering;
mod number;
mod pattern;
mod place;
mod statement;
mod tokens;
mod tree;
mod truth;

use std::fmt;

use daemoneye_eventbus::{CollectionEvent, EventKind};

pub use error::{ConditionError, ConditionFault, MAX_DEPTH, MAX_TEXT_BYTES, MAX_TOKENS};
pub use pattern::MAX_PATTERN_CHARS;
pub use truth::Truth;

use statement::Statement;
use tree::Predicate;

/// A condition on events of one kind or several.
///
/// ```
/// use collector_core::condition::Condition;
/// use daemoneye_eventbus::{CollectionEvent, ProcessEvent};
///
/// let condition = Condition::parse("SELECT * WHERE name = 'x' AND cpu_usage > 50")?;
///
/// // What was not measured is NULL, and a comparison with it is neither true nor false.
/// let mut process = ProcessEvent { name: "x".into(), ..ProcessEvent::default() };
/// assert!(!condition.holds(&CollectionEvent::Process(process.clone())));
///
/// process.cpu_percent = Some(80.0);
/// assert!(condition.holds(&CollectionEvent::Process(process)));
/// # Ok::<(), collector_core::condition::ConditionError>(())
/// ```
#[derive(Clone)]
pub struct Condition {
    text: String,
    /// What it means for each kind it is about; never empty.
    plans: Vec<(EventKind, Predicate)>,
}

impl Condition {
    /// Parses a condition and checks its fields and types.
    ///
    /// With `FROM` it is about that kind of event. Without, it is about every kind that has all of
    /// its fields.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let statement = statement::parse(text)?;
        let plans = match statement.kind {
            Some(kind) => vec![(kind, lowering::lower(text, kind, &statement)?)],
            None => plans(text, &statement)?,
        };
        Ok(Self { text: text.to_owned(), plans })
    }

    /// The kinds of event it is about.
    pub fn kinds(&self) -> impl Iterator<Item = EventKind> {
        self.plans.iter().map(|(kind, _)| *kind)
    }

    /// What it is for an event; `None` for an event of a kind it is not about.
    pub fn truth(&self, event: &CollectionEvent) -> Option<Truth> {
        let kind = event.kind();
        let (_, predicate) = self.plans.iter().find(|(about, _)| *about == kind)?;
        Some(predicate.truth(event))
    }

    /// Whether it is true for an event, and not merely unknown.
    pub fn holds(&self, event: &CollectionEvent) -> bool {
        self.truth(event) == Some(Truth::True)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("text", &self.text).finish_non_exhaustive()
    }
}

/// What a condition without FROM means for each kind that has all it asks for; an error when none
/// has.
fn plans(text: &str, statement: &Statement) -> Result<Vec<(EventKind, Predicate)>, ConditionError> {
    let mut plans = Vec::new();
    let mut errors = Vec::new();
    for kind in fields::kinds() {
        match lowering::lower(text, kind, statement) {
            Ok(predicate) => plans.push((kind, predicate)),
            Err(error) => errors.push(error),
        }
    }
    if plans.is_empty() { Err(likeliest(errors)) } else { Ok(plans) }
}

/// Of what is wrong for each kind, that of the kind that was probably meant: the one that could be
/// read furthest.
fn likeliest(errors: Vec<ConditionError>) -> ConditionError {
    let nobody = errors.iter().all(|error| {
        let is_unknown = matches!(error.fault, ConditionFault::UnknownField { .. });
        is_unknown && error.place == errors[0].place
    });
    let further = |best: ConditionError, next: ConditionError| {
        if next.is_after(&best) { next } else { best }
    };
    let best = errors.into_iter().reduce(further).expect("every kind was tried");
    if nobody { best.of_no_kind() } else { best }
}

#[cfg(test)]
mod tests;
