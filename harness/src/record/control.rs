//! What members, callers and the desk noted while a case of the control plane ran.
//!
//! Each notes only what it did or was told itself; what follows from it is for the checks.

use serde::{Deserialize, Serialize};

use crate::plan::control::{Health, TOLD_AT_ONCE};

/// Everything that was noted in one trial, in the order the harness heard of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlHistory {
    /// What was noted.
    pub facts: Vec<Noted>,
    /// Steps that were over, in order: when each began and ended. The last one may lack its end:
    /// what it waited for did not come within the limit, and no further step was begun.
    pub steps: Vec<StepTimes>,
}

/// When a step was done: `CLOCK_MONOTONIC`, nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTimes {
    /// Its beginning.
    pub began_ns: u64,
    /// Its end; `None` where what it waited for did not come.
    pub ended_ns: Option<u64>,
}

/// One thing that was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// When: `CLOCK_MONOTONIC`, nanoseconds, by whoever noted it.
    pub at_ns: u64,
    /// By whom.
    pub by: Noter,
    /// What.
    pub fact: Fact,
}

/// Who noted something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noter {
    /// The harness.
    Harness,
    /// The desk.
    Desk,
    /// The member with this index.
    Member(usize),
    /// A caller: of this group, the how manieth.
    Caller(usize, usize),
}

/// Whose refusals are told of together (A5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// Everybody who was not let in.
    Door,
    /// A member, by its index and name.
    Member(usize, &'a str),
}

impl Noted {
    /// Whether somebody of an origin says here that it was refused something.
    pub fn is_refused(&self, origin: Origin<'_>) -> bool {
        match (origin, &self.fact) {
            (Origin::Door, Fact::Came { admission: Admission::Refused(_) }) => true,
            (Origin::Member(index, _), Fact::Overstepped { refusal: Some(_) }) => {
                self.by == Noter::Member(index)
            }
            _ => false,
        }
    }

    /// Whether the desk says here that it was told of such a refusal.
    pub fn is_audit(&self, origin: Origin<'_>) -> bool {
        let Fact::Audited { actor, action, .. } = &self.fact else { return false };
        let is_of_door = action == "connect";
        match origin {
            Origin::Door => is_of_door,
            Origin::Member(_, name) => !is_of_door && actor == name,
        }
    }
}

impl ControlHistory {
    /// When somebody of an origin was refused something, nanoseconds, in order.
    pub fn refusals_ns(&self, origin: Origin<'_>) -> Vec<u64> {
        let refused = self.facts.iter().filter(|noted| noted.is_refused(origin));
        let mut at_ns: Vec<u64> = refused.map(|noted| noted.at_ns).collect();
        at_ns.sort_unstable();
        at_ns
    }

    /// How many of an origin's refusals must be told of: the first ones, and each that comes long after
    /// the one before it (A5).
    pub fn audits_due(&self, origin: Origin<'_>) -> u64 {
        let at_ns = self.refusals_ns(origin);
        let first = at_ns.len().min(usize::try_from(TOLD_AT_ONCE).unwrap_or(usize::MAX));
        let alone = at_ns[first.saturating_sub(1)..].windows(2).filter(|pair| is_alone(pair));
        (first + alone.count()) as u64
    }

    /// Whether with an origin's last refusal all of them must have been told of, one by one or counted.
    pub fn are_audits_whole(&self, origin: Origin<'_>) -> bool {
        let at_ns = self.refusals_ns(origin);
        at_ns.len() as u64 <= TOLD_AT_ONCE || at_ns.windows(2).next_back().is_some_and(is_alone)
    }
}

/// Whether the second of two refusals is told of however many there were before: one a second is, and
/// who notes them may be late.
fn is_alone(pair: &[u64]) -> bool {
    const LONG_NS: u64 = 2_000_000_000;
    pair[1] - pair[0] >= LONG_NS
}

/// What was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// A member is about to show life.
    Beat {
        /// How it will say it is.
        health: Health,
    },
    /// A member was given a task.
    Begun {
        /// Which.
        task: String,
        /// By whom, as the bus says.
        asker: String,
    },
    /// A member has been asked by as many at once as it waited for.
    Together {
        /// How many.
        askers: usize,
    },
    /// A caller has what came of a request.
    Answered {
        /// The request's task.
        task: String,
        /// What came.
        answer: Result<Answered, String>,
    },
    /// What a caller had at the end of its step: after everything that was sent to it before.
    Reckoned {
        /// Requests that still waited.
        pending: usize,
        /// Replies nobody had asked for.
        unexpected: u64,
    },
    /// The desk is about to have a task done.
    Assigned {
        /// Which.
        task: String,
    },
    /// The desk has what came of a task.
    Ended {
        /// Which.
        task: String,
        /// Who did it, or why nobody did.
        outcome: Result<String, String>,
    },
    /// The desk heard a member's heart, by a subscription of its own beside the monitor's.
    Heard {
        /// Whose.
        member: String,
    },
    /// The desk's monitor says that a member's health has changed.
    Changed {
        /// Whose.
        member: String,
        /// To what; `None` for one that is no member any more.
        health: Option<Health>,
    },
    /// A caller was told how everybody is.
    Report {
        /// When it asked.
        asked_ns: u64,
        /// Everybody.
        parts: Vec<(String, Health)>,
        /// The whole.
        overall: Health,
    },
    /// The desk has what came of a change of configuration.
    Configured {
        /// What came.
        outcome: Result<ConfigTold, String>,
    },
    /// What a member has for its configuration, as it told the desk right after.
    InForce {
        /// Key and value, in the order of the keys.
        values: Vec<(String, String)>,
    },
    /// The desk has gathered.
    Gathered {
        /// When it asked.
        asked_ns: u64,
        /// Name of this gathering.
        id: String,
        /// Who was asked.
        asked: Vec<String>,
        /// By member: what it answered.
        results: Vec<(String, Result<Answered, String>)>,
        /// Who did not answer.
        missing: Vec<String>,
    },
    /// The desk tells of a workflow it has followed.
    Workflow {
        /// Its root.
        root: String,
        /// What happened in it, in the order the desk saw it.
        timeline: Vec<Happened>,
    },
    /// What the desk keeps of all workflows.
    Kept {
        /// How many workflows.
        workflows: usize,
        /// Steps of all of them together.
        entries: usize,
        /// Steps it has seen and keeps no more.
        forgotten: u64,
    },
    /// A caller has what came of saying that it is a member.
    Came {
        /// What came.
        admission: Admission,
    },
    /// A member has what came of asking for what it may not have.
    Overstepped {
        /// What came: nothing was refused, or in which words it was.
        refusal: Option<String>,
    },
    /// The desk heard on the audit topic of something that was refused.
    Audited {
        /// Whom.
        actor: String,
        /// What it wanted to do.
        action: String,
        /// With what.
        resource: String,
        /// Why it was not let.
        reason: String,
    },
    /// A process was ended by force.
    Killed {
        /// Whose.
        member: usize,
    },
    /// A process runs no more.
    Frozen {
        /// Whose.
        member: usize,
    },
    /// A process is about to run on.
    Thawing {
        /// Whose.
        member: usize,
    },
}

/// What came of connecting under another's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Admission {
    /// It was taken for whom it said to be.
    LetIn,
    /// It was not, in these words.
    Refused(String),
    /// Nobody looked at what it showed, for this reason.
    Unheard(String),
}

/// What a member answered to a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Who answered, as the bus says.
    pub from: String,
    /// The task the answer is about.
    pub task: String,
    /// Who asked for it, as the member was told by the bus.
    pub asker: String,
    /// Who did it, as it says.
    pub member: String,
}

/// What a member said of a change of its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigTold {
    /// The version afterwards.
    pub version: u64,
    /// Keys that are in force at once.
    pub hot: Vec<String>,
    /// Keys that wait for a restart.
    pub restart: Vec<String>,
}

/// One step of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// Who published it.
    pub publisher: String,
    /// Where.
    pub topic: String,
    /// What caused it.
    pub parent: Option<String>,
    /// Its number within the workflow.
    pub sequence: u64,
}
