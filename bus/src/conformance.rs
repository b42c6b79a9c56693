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

use std::pin::Pin;

pub use stage::{Failure, Listener, Publisher, Stage, WATCHDOG};
pub use subject::{Conditions, Fixture, Queue, Stall, Subject, Traits};

/// What a case does with its stage.
type Body = fn(Stage) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// One promise of the contract.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    name: &'static str,
    claims: &'static [&'static str],
    conditions: Conditions,
    applies: fn(&Traits) -> bool,
    body: Body,
}

impl Case {
    /// A case for every bus, under the usual conditions.
    const fn new(name: &'static str, claims: &'static [&'static str], body: Body) -> Self {
        Self { name, claims, conditions: Conditions::USUAL, applies: |_| true, body }
    }

    const fn under(mut self, conditions: Conditions) -> Self {
        self.conditions = conditions;
        self
    }

    const fn when(mut self, applies: fn(&Traits) -> bool) -> Self {
        self.applies = applies;
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
        (self.applies)(&subject.traits())
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
