//! What those of a trial show who say to be somebody else.
//!
//! Like passes it is made before the trial: the process that hosts the broker is told of the tokens it
//! must know, each impostor of what it shows.

use std::io;
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::{Credential, Secret};
use serde::{Deserialize, Serialize};

use super::passes::{LIFETIME, Pass};
use super::remote::RemoteFault;
use crate::plan::Case;
use crate::plan::control::{Callers, Proof, Step};

/// One attempt of a caller to be taken for a member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// The step it belongs to.
    pub step: usize,
    /// Who tries.
    pub caller: String,
    /// The token it shows, in hexadecimal digits.
    shown: Option<String>,
    /// What the broker knows of that token, and no pass says.
    pub known: Option<Pass>,
}

impl Attempt {
    /// What it connects with.
    pub(crate) fn credential(&self) -> Result<Credential, String> {
        let Some(token) = &self.shown else { return Ok(Credential::None) };
        token
            .parse()
            .map(Credential::SpawnToken)
            .map_err(|cause: daemoneye_eventbus::identity::SecretError| cause.to_string())
    }
}

/// Every attempt of a case.
pub(super) fn for_all(case: &Case, passes: &[Pass]) -> io::Result<Vec<Attempt>> {
    let fault = case.topology.bus.fault.as_deref().and_then(RemoteFault::named);
    let callers: Vec<String> = case.control.callers.iter().flat_map(Callers::names).collect();
    let mut attempts = Vec::new();
    for (index, step) in case.control.steps.iter().enumerate() {
        let Step::Impersonate { member, with, times } = *step else { continue };
        let member = &case.control.members[member];
        let own = passes.iter().find(|pass| pass.name == member.name);
        for caller in &callers {
            for _ in 0..times {
                let good = || Pass::new(member.name.clone(), member.role, LIFETIME);
                let (shown, known) = match with {
                    _ if fault.is_some_and(|fault| fault.lets_in(with)) => known(good()?),
                    Proof::UsedToken => (own.map(|pass| pass.token.clone()), None),
                    Proof::WrongToken => (Some(Secret::random()?.to_hex()), None),
                    Proof::ExpiredToken => {
                        known(Pass::new(member.name.clone(), member.role, Duration::ZERO)?)
                    }
                    Proof::TokenOfAnother => {
                        known(Pass::new(caller.clone(), Role::Agent, LIFETIME)?)
                    }
                    Proof::NoToken => (None, None),
                };
                attempts.push(Attempt { step: index, caller: caller.clone(), shown, known });
            }
        }
    }
    Ok(attempts)
}

/// A token the broker knows.
fn known(pass: Pass) -> (Option<String>, Option<Pass>) {
    (Some(pass.token.clone()), Some(pass))
}
