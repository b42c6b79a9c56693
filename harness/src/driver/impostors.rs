//! What those of a trial show who say to be somebody else.
//!
//! Like passes it is made before the trial: the process that hosts the broker is told of the tokens it
//! must know, each impostor of what it shows.

use std::io;
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::{Credential, Secret};
use serde::{Deserialize, Serialize};

use super::passes::{LIFETIME, Pass, spawn_token};
use super::remote::RemoteFault;
use crate::plan::Case;
use crate::plan::control::{Callers, Member, Proof, Step};

/// One attempt of a caller to be taken for a member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// The step it belongs to.
    pub step: usize,
    /// Who tries.
    pub caller: String,
    /// The token it shows, in hexadecimal digits.
    token: Option<String>,
    /// What the broker knows of that token, and no pass says.
    pub known: Option<Pass>,
}

impl Attempt {
    /// What it connects with.
    pub(crate) fn credential(&self) -> Result<Credential, String> {
        self.token.as_deref().map_or(Ok(Credential::None), spawn_token)
    }
}

/// Every attempt of a case.
pub(super) fn for_all(case: &Case, passes: &[Pass]) -> io::Result<Vec<Attempt>> {
    let fault = case.topology.bus.fault.as_deref().and_then(RemoteFault::named);
    let callers: Vec<String> = case.control.callers.iter().flat_map(Callers::names).collect();
    let mut attempts = Vec::new();
    for (step, what) in case.control.steps.iter().enumerate() {
        let Step::Impersonate { member, with, times } = *what else { continue };
        let member = &case.control.members[member];
        let is_let_in = fault.is_some_and(|fault| fault.lets_in(with));
        for caller in callers.iter().flat_map(|caller| (0..times).map(move |_| caller)) {
            let (token, known) = if is_let_in {
                known(Pass::new(member.name.clone(), member.role, LIFETIME)?)
            } else {
                shown(with, caller, member, passes)?
            };
            attempts.push(Attempt { step, caller: caller.clone(), token, known });
        }
    }
    Ok(attempts)
}

/// The token a caller shows to be taken for a member, and what the broker knows of it beside the
/// passes.
fn shown(
    with: Proof,
    caller: &str,
    member: &Member,
    passes: &[Pass],
) -> io::Result<(Option<String>, Option<Pass>)> {
    Ok(match with {
        Proof::UsedToken => {
            let own = passes.iter().find(|pass| pass.name == member.name);
            (own.map(|pass| pass.token.clone()), None)
        }
        Proof::WrongToken => (Some(Secret::random()?.to_hex()), None),
        Proof::ExpiredToken => known(Pass::new(member.name.clone(), member.role, Duration::ZERO)?),
        Proof::TokenOfAnother => known(Pass::new(caller.to_owned(), Role::Agent, LIFETIME)?),
        Proof::NoToken => (None, None),
    })
}

/// A token the broker knows.
fn known(pass: Pass) -> (Option<String>, Option<Pass>) {
    (Some(pass.token.clone()), Some(pass))
}
