//! One step of a case of the control plane.

use serde::{Deserialize, Serialize};

/// What is done next. Members and groups of callers are named by index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Every caller asks a member, so many times one after the other; all callers beside each other.
    Call {
        /// Whom.
        member: usize,
        /// How often each.
        rounds: u64,
        /// The member answers nobody before it has been asked by so many, once.
        together: usize,
    },
    /// The desk has so many tasks done and does not wait for them.
    Assign {
        /// How many.
        tasks: u64,
    },
    /// Until every task that was given out has a result.
    AwaitResults,
    /// Until a member has begun so many tasks in all.
    AwaitBegun {
        /// Who.
        member: usize,
        /// How many.
        tasks: u64,
    },
    /// A member finishes no task.
    Hold {
        /// Who.
        member: usize,
    },
    /// It finishes what it was held from, and goes on.
    Release {
        /// Who.
        member: usize,
    },
    /// Its process ends at once, without a word.
    Kill {
        /// Who.
        member: usize,
    },
    /// Its process stops running.
    Freeze {
        /// Who.
        member: usize,
    },
    /// Its process runs on.
    Thaw {
        /// Who.
        member: usize,
    },
    /// A member says with its next heartbeats that it is so.
    Say {
        /// Who.
        member: usize,
        /// How it is.
        health: Health,
    },
    /// Until the desk knows that a member is so.
    AwaitHealth {
        /// Who.
        member: usize,
        /// How it shall be.
        health: Health,
    },
    /// Every caller asks the desk how everybody is.
    AskHealth {
        /// What the whole must be.
        overall: Health,
    },
    /// The desk changes the configuration of a member.
    Configure {
        /// Whose.
        member: usize,
        /// How.
        update: Update,
    },
    /// The desk asks every member the same, and takes what there is after a time.
    Gather {
        /// That time, milliseconds.
        within_ms: u64,
    },
    /// The desk tells of the workflows it has followed.
    TellWorkflows,
    /// Every caller connects once more and says that it is a member, so many times.
    Impersonate {
        /// Whose name it gives.
        member: usize,
        /// What it shows for it.
        with: Proof,
        /// How often each.
        times: u64,
    },
    /// A member asks the bus for what it may not, so many times.
    Overstep {
        /// Who.
        member: usize,
        /// What it asks for.
        wanted: Overreach,
        /// How often.
        times: u64,
    },
}

/// What somebody shows who is not who it says. Each is made anew for every attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The very token that let in whom it says to be.
    UsedToken,
    /// A token the broker never heard of.
    WrongToken,
    /// A token for that name whose time is over.
    ExpiredToken,
    /// A good token, for its own name.
    TokenOfAnother,
    /// Nothing.
    NoToken,
}

/// What a member asks for and may not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overreach {
    /// To publish an event on this topic.
    Publish(String),
    /// To subscribe to this pattern.
    Subscribe(String),
}

/// How well something works, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should.
    Healthy,
    /// Not quite.
    Degraded,
    /// Not.
    Unhealthy,
}

/// What is done with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Update {
    /// Nothing: it is said what the changes would do.
    Validate(Change),
    /// The changes, all or none.
    Apply(Change),
    /// Back to an earlier version.
    Rollback {
        /// Which.
        to: u64,
    },
}

/// Changes of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The version they are made for; `None` for whichever there is.
    pub base: Option<u64>,
    /// Key and value.
    pub set: Vec<(String, String)>,
}

impl Health {
    /// Every one, best first.
    pub const ALL: [Self; 3] = [Self::Healthy, Self::Degraded, Self::Unhealthy];

    /// As scenarios write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

impl Proof {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::UsedToken,
        Self::WrongToken,
        Self::ExpiredToken,
        Self::TokenOfAnother,
        Self::NoToken,
    ];

    /// As scenarios write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UsedToken => "used-token",
            Self::WrongToken => "wrong-token",
            Self::ExpiredToken => "expired-token",
            Self::TokenOfAnother => "token-of-another",
            Self::NoToken => "no-token",
        }
    }
}

impl Step {
    /// As scenarios write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Call { .. } => "call",
            Self::Assign { .. } => "assign",
            Self::AwaitResults => "await-results",
            Self::AwaitBegun { .. } => "await-begun",
            Self::Hold { .. } => "hold",
            Self::Release { .. } => "release",
            Self::Kill { .. } => "kill",
            Self::Freeze { .. } => "freeze",
            Self::Thaw { .. } => "thaw",
            Self::Say { .. } => "say",
            Self::AwaitHealth { .. } => "await-health",
            Self::AskHealth { .. } => "ask-health",
            Self::Configure { .. } => "configure",
            Self::Gather { .. } => "gather",
            Self::TellWorkflows => "tell-workflows",
            Self::Impersonate { .. } => "impersonate",
            Self::Overstep { .. } => "overstep",
        }
    }
}
