//! The suite every bus runs: one small promise per case, each with its contract numbers.
//!
//! A test implements [`Subject`] for a bus in one of its deployments and runs every [`Case`] of
//! [`cases`] on it, each on a fixture of its own:
//!
//! ```
//! use daemoneye_eventbus::conformance::{Subject, cases, run};
//!
//! async fn check(subject: &dyn Subject) {
//!     for case in cases().iter().filter(|case| case.applies(subject)) {
//!         run(case, subject).await.unwrap_or_else(|failure| panic!("{failure}"));
//!     }
//! }
//! ```
//!
//! Cases wait for fences (a later event of the same publisher), never for time. Every wait has a
//! watchdog that names the step; there is no other upper bound on time.

mod counting;
mod delivery;
mod ending;
pub mod events;
mod fidelity;
mod matching;
mod overflow;
mod refusals;
mod removal;
mod stage;
mod subject;

use std::collections::BTreeSet;
use std::pin::Pin;

pub use stage::{Failure, Listener, Publisher, Stage, WATCHDOG};
pub use subject::{Conditions, Ending, Fixture, Queue, Stall, Subject, Traits};

/// What a case does with its stage.
type Body = fn(Stage) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// One promise of the contract.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    name: &'static str,
    claims: &'static [&'static str],
    conditions: Conditions,
    /// Why a deployment does not make this promise.
    why_not: fn(&Traits) -> Option<&'static str>,
    body: Body,
}

impl Case {
    /// A case for every bus, under the usual conditions.
    const fn new(name: &'static str, claims: &'static [&'static str], body: Body) -> Self {
        Self { name, claims, conditions: Conditions::USUAL, why_not: |_| None, body }
    }

    const fn under(mut self, conditions: Conditions) -> Self {
        self.conditions = conditions;
        self
    }

    const fn unless(mut self, why_not: fn(&Traits) -> Option<&'static str>) -> Self {
        self.why_not = why_not;
        self
    }

    /// The promise as a fact, for example `a_duplicate_id_is_refused`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The contract's numbers it stands for, for example `C9`.
    pub fn claims(&self) -> &'static [&'static str] {
        self.claims
    }

    /// Whether the bus makes this promise at all.
    pub fn applies(&self, subject: &dyn Subject) -> bool {
        self.why_not(subject).is_none()
    }

    /// Why the bus does not make this promise; `None` if it does.
    pub fn why_not(&self, subject: &dyn Subject) -> Option<&'static str> {
        (self.why_not)(&subject.traits())
    }
}

/// Every case, in the order of the contract.
pub fn cases() -> Vec<Case> {
    [
        delivery::CASES,
        fidelity::CASES,
        refusals::CASES,
        removal::CASES,
        overflow::CASES,
        counting::CASES,
        ending::CASES,
        matching::CASES,
    ]
    .concat()
}

/// The contract's numbers some case stands for, but none that applies to this bus: what it does
/// there, nobody looks at.
pub fn unexercised(subject: &dyn Subject) -> Vec<&'static str> {
    let cases = cases();
    let claims = |applies| {
        let cases = cases.iter().filter(move |case| case.applies(subject) == applies);
        cases.flat_map(Case::claims).copied().collect::<BTreeSet<_>>()
    };
    claims(false).difference(&claims(true)).copied().collect()
}

/// Runs one case on a fresh fixture and closes it. The error is a plain sentence that names the
/// bus, the case, its claims and the step.
pub async fn run(case: &Case, subject: &dyn Subject) -> Result<(), String> {
    let fixture = subject.open(case.conditions).await;
    let fixture: std::sync::Arc<dyn Fixture> = std::sync::Arc::from(fixture);
    let stage = Stage::new(std::sync::Arc::clone(&fixture), subject.traits());
    let outcome = (case.body)(stage).await;
    let closed = stage::within("closing the fixture", fixture.close()).await;
    outcome.and(closed).map_err(|failure| {
        format!("{}: {} ({}): {failure}", subject.name(), case.name, case.claims.join(", "))
    })
}
