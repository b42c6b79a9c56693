//! What a check comes to: violations with witnesses, and how much each rule looked at.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{Bus, Claim};

/// The result of checking one history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// The history cannot have happened: a defect of the instrument, told in sentences.
    Broken(Vec<String>),
    /// The history was judged.
    Judged(Judgement),
}

/// What was found, and what was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Witnesses, at most 20 per check, some of several violations; `checked` holds the full counts.
    pub violations: Vec<Violation>,
    /// One row per check, whether or not it had anything to look at.
    pub checked: Vec<Checked>,
    /// Numbers the case claims that nothing in the history exercised: never a pass.
    pub unexercised: Vec<Unexercised>,
    /// What faults and races of the plan met; one that missed its window is never a pass.
    pub reached: Vec<Reached>,
}

/// How often what the plan does at a certain moment met what that moment is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reached {
    /// What was done, for example `kill of s`.
    pub what: String,
    /// The phase it belongs to, from 0.
    pub phase: u32,
    /// What is counted.
    pub counted: String,
    /// How many there were.
    pub reached: u64,
    /// How many there must be.
    pub least: u64,
}

impl Reached {
    /// Whether its moment was missed.
    pub fn is_missed(&self) -> bool {
        self.reached < self.least
    }
}

/// A claimed number that was not exercised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unexercised {
    /// The number.
    pub claim: String,
    /// What the history would have to hold.
    pub missing: String,
}

/// Witnesses kept per check: enough to see a pattern, few enough to read.
pub(crate) const MAX_WITNESSES: u64 = 20;

/// How much one check looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The check.
    pub check: Check,
    /// Things it judged; 0 means that the history gave it nothing to judge.
    pub items: u64,
    /// Violations it found, witnesses kept or not.
    pub violations: u64,
}

/// One broken promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Contract number, for example `C4`; `expect` for the case's own expectations, `switch` for what
    /// agents on different buses told differently.
    pub rule: String,
    /// The check that found it.
    pub check: Check,
    /// What happened, for a reader who knows nothing yet.
    pub sentence: String,
    /// Case id.
    pub case: String,
    /// The bus.
    pub bus: Bus,
    /// Name of the publisher concerned, if one is.
    pub publisher: Option<String>,
    /// Name of the subscriber concerned, if one is.
    pub subscriber: Option<String>,
    /// The smallest set of events that shows it.
    pub messages: Vec<Message>,
}

/// One event of a witness, shown as `p0#18`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Message {
    /// Name of its publisher.
    pub publisher: String,
    /// Its running number.
    pub sequence: u64,
}

/// One way of looking at a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// What must arrive arrived.
    Delivery,
    /// What must not arrive did not.
    Foreign,
    /// Around subscribe a suffix arrived, around unsubscribe a prefix.
    Edges,
    /// A refused event reached nobody.
    Refused,
    /// Whoever was refused was refused for a cause.
    Refusals,
    /// Nothing arrived twice.
    Duplicates,
    /// One publisher's events kept their order.
    Fifo,
    /// Nothing arrived after a later fence.
    Late,
    /// All subscribers agree on one order.
    TotalOrder,
    /// What somebody had received before something else was called comes first.
    Causality,
    /// What was accepted before something else was called comes first.
    Precedence,
    /// What arrived is what was sent.
    Content,
    /// Fresh correlations are unique roots, given ones are kept.
    Correlation,
    /// Positions count every match; gaps are losses.
    Positions,
    /// Received and lost add up to what matched.
    Losses,
    /// A full queue lost the end its policy names.
    Overflow,
    /// An open circuit refuses for its cool-down, then tries one event.
    Circuit,
    /// The bus's counters add up and agree with the plan.
    Conservation,
    /// The bus's counters never decrease.
    Monotone,
    /// Subscribing and unsubscribing ended as they must.
    Membership,
    /// Shutdown refuses, drains and ends.
    Shutdown,
    /// Whoever dropped its receiver is gone.
    Departures,
    /// A publish that waits does so within its limit.
    Waits,
    /// What a broken connection has cost was told.
    Gaps,
    /// A reply goes to its asker alone.
    Replies,
    /// The whole is as its worst part.
    WorstOf,
    /// Three missed heartbeats exclude, a return includes.
    Heartbeats,
    /// Every task has one result, whoever is lost over it.
    Failover,
    /// What is gathered is whole, or says who is missing in time.
    Gathering,
    /// A workflow's timeline is whole, and as many are kept as may be.
    Workflows,
    /// A configuration is changed whole or not at all, and restored.
    Configuration,
    /// Nobody is taken for another without a good token.
    Identity,
    /// Whoever comes while there is room is heard.
    Slots,
    /// Nobody is given what it may not have.
    Overreach,
    /// What was refused is told to auditors.
    Audits,
    /// Agents that differ in their bus alone tell the same.
    Switch,
    /// The case's own expectations.
    Expectation,
}

impl Check {
    /// Every check, in contract order.
    pub const ALL: [Self; 37] = [
        Self::Delivery,
        Self::Foreign,
        Self::Edges,
        Self::Refused,
        Self::Refusals,
        Self::Duplicates,
        Self::Fifo,
        Self::Late,
        Self::TotalOrder,
        Self::Causality,
        Self::Precedence,
        Self::Content,
        Self::Correlation,
        Self::Positions,
        Self::Losses,
        Self::Overflow,
        Self::Circuit,
        Self::Conservation,
        Self::Monotone,
        Self::Membership,
        Self::Shutdown,
        Self::Departures,
        Self::Waits,
        Self::Gaps,
        Self::Replies,
        Self::WorstOf,
        Self::Heartbeats,
        Self::Failover,
        Self::Gathering,
        Self::Workflows,
        Self::Configuration,
        Self::Identity,
        Self::Slots,
        Self::Overreach,
        Self::Audits,
        Self::Switch,
        Self::Expectation,
    ];

    /// Its name wherever a reader meets it: reports, matrices, JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Foreign => "foreign",
            Self::Edges => "edges",
            Self::Refused => "refused",
            Self::Refusals => "refusals",
            Self::Duplicates => "duplicates",
            Self::Fifo => "fifo",
            Self::Late => "late",
            Self::TotalOrder => "total-order",
            Self::Causality => "causality",
            Self::Precedence => "precedence",
            Self::Content => "content",
            Self::Correlation => "correlation",
            Self::Positions => "positions",
            Self::Losses => "losses",
            Self::Overflow => "overflow",
            Self::Circuit => "circuit",
            Self::Conservation => "conservation",
            Self::Monotone => "monotone",
            Self::Membership => "membership",
            Self::Shutdown => "shutdown",
            Self::Departures => "departures",
            Self::Waits => "waits",
            Self::Gaps => "gaps",
            Self::Replies => "replies",
            Self::WorstOf => "worst-of",
            Self::Heartbeats => "heartbeats",
            Self::Failover => "failover",
            Self::Gathering => "gathering",
            Self::Workflows => "workflows",
            Self::Configuration => "configuration",
            Self::Identity => "identity",
            Self::Slots => "slots",
            Self::Overreach => "overreach",
            Self::Audits => "audits",
            Self::Switch => "switch",
            Self::Expectation => "expectation",
        }
    }

    /// The contract number it judges, the first where it judges by several; `None` for what has no
    /// number of its own and for the case's own expectations.
    pub fn claim(self) -> Option<Claim> {
        Some(match self {
            Self::Delivery => Claim::C1,
            Self::Foreign | Self::Edges => Claim::C2,
            Self::Refused | Self::Refusals => Claim::C7,
            Self::Duplicates => Claim::C3,
            Self::Fifo | Self::Late => Claim::C4,
            Self::TotalOrder | Self::Causality | Self::Precedence => Claim::C5,
            Self::Content => Claim::C6,
            Self::Correlation => Claim::C8,
            Self::Positions | Self::Losses | Self::Overflow | Self::Circuit => Claim::C11,
            Self::Conservation | Self::Monotone => Claim::C12,
            Self::Membership => Claim::C9,
            Self::Shutdown => Claim::C13,
            Self::Departures => Claim::C10,
            Self::Waits => Claim::C14,
            Self::Gaps => Claim::W5,
            Self::Replies => Claim::W9,
            Self::WorstOf => Claim::R1,
            Self::Heartbeats => Claim::R2,
            Self::Failover => Claim::R3,
            Self::Gathering => Claim::R4,
            Self::Workflows => Claim::R6,
            Self::Identity => Claim::A4,
            Self::Slots => Claim::W8,
            Self::Overreach => Claim::A1,
            Self::Audits => Claim::A5,
            Self::Configuration | Self::Switch | Self::Expectation => return None,
        })
    }

    /// The same as violations carry it; `R`, the section, for configuration, `switch` for what agents
    /// tell, and `expect` for the case's own expectations.
    pub fn rule(self) -> &'static str {
        let unnumbered = match self {
            Self::Configuration => "R",
            Self::Switch => "switch",
            _ => "expect",
        };
        self.claim().map_or(unnumbered, Claim::as_str)
    }
}

/// A report in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Something was judged and nothing was wrong.
    Pass,
    /// A promise was broken.
    Fail,
    /// Nothing at all could be judged.
    NotExercised,
    /// The history is no evidence.
    Broken,
}

impl Report {
    /// The report in one word.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Broken(_) => Verdict::Broken,
            Self::Judged(judgement) if !judgement.violations.is_empty() => Verdict::Fail,
            Self::Judged(judgement) if judgement.checked.iter().all(|row| row.items == 0) => {
                Verdict::NotExercised
            }
            Self::Judged(_) => Verdict::Pass,
        }
    }

    /// Violations found, those without a kept witness included; 0 for a broken history.
    pub fn violation_count(&self) -> u64 {
        match self {
            Self::Broken(_) => 0,
            Self::Judged(judgement) => judgement.checked.iter().map(|row| row.violations).sum(),
        }
    }

    /// Checks that had nothing to judge: all of them for a broken history.
    pub fn not_exercised(&self) -> Vec<Check> {
        match self {
            Self::Broken(_) => Check::ALL.to_vec(),
            Self::Judged(judgement) => {
                judgement.checked.iter().filter(|row| row.items == 0).map(|row| row.check).collect()
            }
        }
    }

    /// The case's claims that nothing exercised, each with what was missing: never a pass.
    pub fn unexercised(&self) -> &[Unexercised] {
        match self {
            Self::Broken(_) => &[],
            Self::Judged(judgement) => &judgement.unexercised,
        }
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, counted, reached, least, .. } = self;
        write!(f, "{what}: {counted}: {reached}, at least {least} wanted")
    }
}

impl fmt::Display for Unexercised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.claim, self.missing)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.publisher, self.sequence)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_has_one_name() {
        for check in Check::ALL {
            let recorded = serde_json::to_value(check).expect("a word");
            assert_eq!(recorded, check.name());
        }
        assert_eq!(Check::TotalOrder.name(), "total-order");
    }
}
