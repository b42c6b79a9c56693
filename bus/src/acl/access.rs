//! The table for one principal: its patterns ready, and the answers given so far.
//!
//! Owned by a connection and used by it alone, so that nothing is locked and nothing is shared. A
//! publish on a topic that was asked about before is one look-up (A6).

use std::collections::HashMap;

use bytestring::ByteString;
use foldhash::quality::RandomState;

use super::decision::{Decision, Denial};
use super::role::Role;
use super::rule::{Action, Effect};
use crate::topic::{Topic, TopicPattern};

/// Topics whose answer is kept; all are forgotten when one more comes.
const MAX_CACHED_TOPICS: usize = 1024;

/// What one principal may do.
#[derive(Debug, Clone)]
pub struct Access {
    role: Role,
    rows: Vec<AccessRow>,
    /// Topics published on, by their text. The hasher is seeded at random, because the texts come
    /// from clients.
    published: HashMap<Box<[u8]>, Decision, RandomState>,
}

/// One row of the table as it reads for one principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// Its number in the table, counted from 1.
    pub number: usize,
    /// For which action.
    pub action: Action,
    /// For which topics, its names resolved.
    pub pattern: TopicPattern,
    /// What it says.
    pub effect: Effect,
}

impl Access {
    /// The rows that concern somebody of this role, in the order of the table.
    pub fn new(role: Role, rows: Vec<AccessRow>) -> Self {
        Self { role, rows, published: HashMap::default() }
    }

    /// Whose it is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Its rows, in the order of the table.
    pub fn rows(&self) -> &[AccessRow] {
        &self.rows
    }

    /// Whether it may do something with a topic: the first row that matches decides.
    pub fn may(&self, action: Action, topic: &Topic) -> Decision {
        let mut rows = self.rows.iter().filter(|row| row.action == action);
        rows.find(|row| row.pattern.matches(topic))
            .map_or(Decision::Denied { rule: None }, AccessRow::says)
    }

    /// The same for publishing, answered from memory where the topic was asked about before.
    pub fn may_publish(&mut self, topic: &Topic) -> Decision {
        self.answer(topic.as_str().as_bytes(), || Some(topic.clone()))
            .unwrap_or(Decision::Denied { rule: None })
    }

    /// The refusal to publish on a topic, if it is one.
    pub fn denies_publish(&mut self, topic: &Topic) -> Option<Denial> {
        match self.may_publish(topic) {
            Decision::Allowed { .. } => None,
            Decision::Denied { rule } => {
                Some(self.denial(Action::Publish, topic.to_string(), rule))
            }
        }
    }

    /// The same for the text of a topic as it came over a socket; `None` if it is no topic.
    pub fn may_publish_on(&mut self, text: &[u8]) -> Option<Decision> {
        self.answer(text, || {
            let text = ByteString::from(std::str::from_utf8(text).ok()?);
            Topic::new(text).ok()
        })
    }

    fn answer(&mut self, text: &[u8], topic: impl FnOnce() -> Option<Topic>) -> Option<Decision> {
        if let Some(known) = self.published.get(text) {
            return Some(*known);
        }
        let decision = self.may(Action::Publish, &topic()?);
        if self.published.len() >= MAX_CACHED_TOPICS {
            self.published.clear();
        }
        self.published.insert(text.into(), decision);
        Some(decision)
    }

    /// Whether it may subscribe to a pattern: to all it can match, or to nothing of it (A3).
    ///
    /// A row that denies any of it decides against it; a row that allows all of it for it. One that
    /// allows a part leaves it to the rows behind, so that several rows which only together allow
    /// a pattern do not allow it: whoever wants that subscribes to each.
    pub fn may_subscribe(&self, pattern: &TopicPattern) -> Decision {
        let mut rows = self.rows.iter().filter(|row| row.action == Action::Subscribe);
        let decides = |row: &&AccessRow| match row.effect {
            Effect::Allow => row.pattern.covers(pattern),
            Effect::Deny => row.pattern.overlaps(pattern),
        };
        rows.find(decides).map_or(Decision::Denied { rule: None }, AccessRow::says)
    }

    /// The refusal to subscribe to the first of these patterns that may not be subscribed to.
    pub fn refuses(&self, patterns: &[TopicPattern]) -> Option<Denial> {
        patterns.iter().find_map(|pattern| match self.may_subscribe(pattern) {
            Decision::Allowed { .. } => None,
            Decision::Denied { rule } => {
                Some(self.denial(Action::Subscribe, pattern.to_string(), rule))
            }
        })
    }

    /// A refusal in words.
    pub fn denial(&self, action: Action, topics: String, rule: Option<usize>) -> Denial {
        Denial { role: self.role, action, topics, rule }
    }
}

impl AccessRow {
    fn says(&self) -> Decision {
        match self.effect {
            Effect::Allow => Decision::Allowed { rule: self.number },
            Effect::Deny => Decision::Denied { rule: Some(self.number) },
        }
    }
}
