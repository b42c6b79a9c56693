//! The table for one principal: its patterns ready, and the answers given so far.
//!
//! Owned by a connection and used by it alone, so that nothing is locked and nothing is shared. A
//! publish on a topic that was asked about before is one look-up (A6).

use std::collections::HashMap;

use bytestring::ByteString;

use super::decision::Decision;
use super::rule::{Action, Effect};
use crate::topic::{Topic, TopicPattern};

/// Topics whose answer is kept; all are forgotten when one more comes.
const MAX_CACHED_TOPICS: usize = 1024;

/// What one principal may do.
#[derive(Debug, Clone)]
pub struct Access {
    rows: Vec<Row>,
    /// Topics published on, by their text. The standard hasher, because the texts come from clients.
    published: HashMap<ByteString, Decision>,
}

#[derive(Debug, Clone)]
struct Row {
    number: usize,
    action: Action,
    pattern: TopicPattern,
    effect: Effect,
}

impl Access {
    pub(super) fn new(rows: impl Iterator<Item = (usize, Action, TopicPattern, Effect)>) -> Self {
        let row = |(number, action, pattern, effect)| Row { number, action, pattern, effect };
        Self { rows: rows.map(row).collect(), published: HashMap::new() }
    }

    /// Whether it may do something with a topic: the first row that matches decides.
    pub fn may(&self, action: Action, topic: &Topic) -> Decision {
        let mut rows = self.rows.iter().filter(|row| row.action == action);
        rows.find(|row| row.pattern.matches(topic))
            .map_or(Decision::Denied { rule: None }, Row::says)
    }

    /// The same for publishing, answered from memory where the topic was asked about before.
    pub fn may_publish(&mut self, topic: &Topic) -> Decision {
        if let Some(known) = self.published.get(topic.as_str()) {
            return *known;
        }
        let decision = self.may(Action::Publish, topic);
        if self.published.len() >= MAX_CACHED_TOPICS {
            self.published.clear();
        }
        self.published.insert(topic.as_byte_string().clone(), decision);
        decision
    }

    /// Whether it may subscribe to a pattern: to all it can match, or to nothing of it (A3).
    ///
    /// A row that denies any of it decides against it; a row that allows all of it for it. One that
    /// allows a part leaves it to the rows behind, so that several rows which only together allow
    /// a pattern do not allow it: whoever wants that subscribes to each.
    pub fn may_subscribe(&self, pattern: &TopicPattern) -> Decision {
        let mut rows = self.rows.iter().filter(|row| row.action == Action::Subscribe);
        let decides = |row: &&Row| match row.effect {
            Effect::Allow => row.pattern.covers(pattern),
            Effect::Deny => row.pattern.overlaps(pattern),
        };
        rows.find(decides).map_or(Decision::Denied { rule: None }, Row::says)
    }
}

impl Row {
    fn says(&self) -> Decision {
        match self.effect {
            Effect::Allow => Decision::Allowed { rule: self.number },
            Effect::Deny => Decision::Denied { rule: Some(self.number) },
        }
    }
}
