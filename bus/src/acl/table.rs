//! All rows: the first that matches decides, and what none matches is denied (A1).

use thiserror::Error;

use super::access::{Access, AccessRow};
use super::role::{Principal, Role};
use super::rule::{Action, Effect, Roles, Rule, RuleError, TopicTemplate};

/// Rows a table has at most: a policy is read by people, and a welcome tells a client all rows that
/// concern it.
pub const MAX_RULES: usize = 200;

/// Why there is no such table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// It is too long.
    #[error("{rules} rules, the limit is {MAX_RULES}")]
    TooLong {
        /// How many rows it has.
        rules: usize,
    },
}

/// One table of role, action and topics (A1).
///
/// ```
/// use daemoneye_eventbus::acl::{AccessControl, Action, CollectorKind, Principal, Role};
///
/// let procmond = Principal::new("procmond", Role::Collector(CollectorKind::Process)).unwrap();
/// let mut access = AccessControl::standard().access_of(&procmond);
/// assert!(access.may(Action::Publish, &"events.process.lifecycle".parse().unwrap()).is_allowed());
/// assert!(!access.may(Action::Publish, &"events.network.dns".parse().unwrap()).is_allowed());
/// assert!(!access.may_subscribe(&"#".parse().unwrap()).is_allowed());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessControl {
    rules: Vec<Rule>,
}

impl AccessControl {
    /// A table of these rows, in this order.
    pub fn new(rules: Vec<Rule>) -> Result<Self, TableError> {
        if rules.len() > MAX_RULES {
            return Err(TableError::TooLong { rules: rules.len() });
        }
        Ok(Self { rules })
    }

    /// The table of the contract (A2).
    pub fn standard() -> Self {
        let rules = STANDARD.iter().map(|(roles, action, topics)| {
            let topics = TopicTemplate::new(topics);
            let topics = topics.unwrap_or_else(|error: RuleError| unreachable!("{error}"));
            Rule { roles: *roles, action: *action, topics, effect: Effect::Allow }
        });
        Self { rules: rules.collect() }
    }

    /// Its rows, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What of it concerns somebody.
    pub fn access_of(&self, principal: &Principal) -> Access {
        let numbered = (1..).zip(&self.rules);
        let own = numbered.filter(|(_, rule)| rule.roles.include(principal.role()));
        let rows = own.filter_map(|(number, rule)| {
            let pattern = rule.topics.pattern_for(principal)?;
            Some(AccessRow { number, action: rule.action, pattern, effect: rule.effect })
        });
        Access::new(principal.role(), rows.collect())
    }
}

/// Allowed rows; everything else is denied by default. Nobody but the agent reaches `admin`.
///
/// What a collector answers on `control.rpc.reply.ID` of another is no row: it may answer what it
/// was asked, once, which the broker knows.
const STANDARD: &[(Roles, Action, &str)] = &[
    (Roles::Only(Role::Agent), Action::Publish, "#"),
    (Roles::Only(Role::Agent), Action::Subscribe, "#"),
    (Roles::Collectors, Action::Publish, "events.{kind}.#"),
    (Roles::Collectors, Action::Publish, "control.health.#"),
    (Roles::Collectors, Action::Publish, "control.trigger.request"),
    (Roles::Collectors, Action::Publish, "control.collector.registration"),
    (Roles::Collectors, Action::Publish, "control.collector.result.{kind}"),
    (Roles::Collectors, Action::Subscribe, "control.collector.lifecycle"),
    (Roles::Collectors, Action::Subscribe, "control.collector.config"),
    (Roles::Collectors, Action::Subscribe, "control.collector.task.{kind}"),
    (Roles::Collectors, Action::Subscribe, "control.health.#"),
    (Roles::Collectors, Action::Subscribe, "control.rpc.reply.{id}"),
    (Roles::Only(Role::Observer), Action::Subscribe, "events.#"),
];
