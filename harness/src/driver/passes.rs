//! Proofs of identity for the roles of a trial: as an agent would give its collectors.
//!
//! Each role that connects has a token of its own, made for this trial; the process that hosts the
//! broker knows all of them, every other one its own.

use std::io;
use std::path::Path;
use std::time::Duration;

use daemoneye_eventbus::acl::{
    AccessControl, Action, Effect, Principal, Role, Roles, Rule, TopicTemplate,
};
use daemoneye_eventbus::identity::SecretError;
use daemoneye_eventbus::{BrokerConfig, Credential, DaemoneyeBroker, Secret};
use serde::{Deserialize, Serialize};

use super::fencing::COMPANION_TOPICS;
use super::remote::RemoteFault;
use crate::plan::control::{Callers, DESK};
use crate::plan::{Case, bus_name};

/// A token is used within this time: the start of a trial takes less, or has failed.
pub(super) const LIFETIME: Duration = Duration::from_mins(2);

/// What one role proves itself with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// Its name on the bus: `p0`, `s3`.
    pub name: String,
    /// What it is, as access control names it.
    pub role: String,
    /// How long it is good from when the broker opens, milliseconds.
    lifetime_ms: u64,
    /// The token, in hexadecimal digits.
    pub(super) token: String,
}

impl Pass {
    pub(super) fn new(name: String, role: Role, lifetime: Duration) -> io::Result<Self> {
        Ok(Self {
            name,
            role: role.to_string(),
            lifetime_ms: u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX),
            token: Secret::random()?.to_hex(),
        })
    }

    /// What its bearer connects with.
    pub(crate) fn credential(&self) -> Result<Credential, String> {
        spawn_token(&self.token)
    }

    /// Lets its bearer in.
    fn admit(&self, broker: &DaemoneyeBroker) -> Result<(), String> {
        let said = |cause: &dyn std::error::Error| format!("{}: {cause}", self.name);
        let role = self.role.parse().map_err(|cause| said(&cause))?;
        let principal = Principal::new(&*self.name, role).map_err(|cause| said(&cause))?;
        let token = self.token.parse().map_err(|cause| said(&cause))?;
        let lifetime = Duration::from_millis(self.lifetime_ms);
        broker.accept_token(&token, principal, lifetime).map_err(|cause| said(&cause))
    }
}

/// What the bearer of a token connects with; `token` in hexadecimal digits.
pub(super) fn spawn_token(token: &str) -> Result<Credential, String> {
    token.parse().map(Credential::SpawnToken).map_err(|cause: SecretError| cause.to_string())
}

/// A pass for every role of a case.
pub(super) fn for_all(case: &Case) -> io::Result<Vec<Pass>> {
    let publishers = case.topology.publishers.iter().map(|spec| spec.role).enumerate();
    let subscribers = case.topology.subscribers.iter().map(|spec| spec.role).enumerate();
    let publishers = publishers.map(|(index, role)| (bus_name::publisher(index), role));
    let subscribers = subscribers.map(|(index, role)| (bus_name::subscriber(index), role));
    let asked = case.control.members.iter().map(|member| (member.name.clone(), member.role));
    let asking = case.control.callers.iter().flat_map(Callers::names);
    let asking = asking.chain((!case.control.members.is_empty()).then(|| DESK.to_owned()));
    let control = asked.chain(asking.map(|name| (name, Role::Agent)));
    let all = publishers.chain(subscribers).chain(control);
    all.map(|(name, role)| Pass::new(name, role, LIFETIME)).collect()
}

/// A broker that lets in who has a pass, and nobody else; whoever is in may fence.
/// With a journal it goes on where one that was killed has left off.
pub(super) fn broker<'a>(
    config: BrokerConfig,
    passes: impl Iterator<Item = &'a Pass>,
    journal: Option<&Path>,
    fault: Option<RemoteFault>,
) -> Result<DaemoneyeBroker, String> {
    let rules = fault.and_then(RemoteFault::rules).unwrap_or_else(rules);
    let access = AccessControl::new(rules).map_err(|cause| cause.to_string())?;
    let strangers = fault.and_then(RemoteFault::strangers);
    let config = config.with_access(access).with_unidentified(strangers);
    let config = match fault.and_then(RemoteFault::audits_at_once) {
        Some(refusals) => config.with_audits_at_once(refusals),
        None => config,
    };
    let broker = match journal {
        Some(journal) => {
            DaemoneyeBroker::with_journal(config, journal).map_err(|cause| cause.to_string())?
        }
        None => DaemoneyeBroker::new(config),
    };
    for pass in passes {
        pass.admit(&broker)?;
    }
    Ok(broker)
}

/// The table of the contract behind rules for what is the instrument's: fences on companions.
fn rules() -> Vec<Rule> {
    let actions = [Action::Publish, Action::Subscribe];
    let fences = COMPANION_TOPICS.iter().flat_map(|topics| {
        actions.map(|action| Rule {
            roles: Roles::Any,
            action,
            topics: TopicTemplate::new(topics).expect("a pattern"),
            effect: Effect::Allow,
        })
    });
    fences.chain(AccessControl::standard().rules().iter().cloned()).collect()
}
