//! Proofs of identity for the roles of a trial: as an agent would give its collectors.
//!
//! Each role that connects has a token of its own, made for this trial; the process that hosts the
//! broker knows all of them, every other one its own.

use std::io;
use std::time::Duration;

use daemoneye_eventbus::acl::{Principal, Role};
use daemoneye_eventbus::{BrokerConfig, Credential, DaemoneyeBroker, Secret};
use serde::{Deserialize, Serialize};

use crate::plan::Case;

/// A token is used within this time: the start of a trial takes less, or has failed.
const LIFETIME: Duration = Duration::from_mins(2);

/// What one role proves itself with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// Its name on the bus: `p0`, `s3`.
    pub name: String,
    /// What it is, as access control names it.
    pub role: String,
    /// The token, in hexadecimal digits.
    token: String,
}

impl Pass {
    fn new(name: String, role: Role) -> io::Result<Self> {
        Ok(Self { name, role: role.to_string(), token: Secret::random()?.to_hex() })
    }

    /// What its bearer connects with.
    pub(crate) fn credential(&self) -> Result<Credential, String> {
        self.token.parse().map(Credential::SpawnToken).map_err(|cause| cause.to_string())
    }

    /// Lets its bearer in.
    fn admit(&self, broker: &DaemoneyeBroker) -> Result<(), String> {
        let said = |cause: &dyn std::error::Error| format!("{}: {cause}", self.name);
        let role = self.role.parse().map_err(|cause| said(&cause))?;
        let principal = Principal::new(&*self.name, role).map_err(|cause| said(&cause))?;
        let token = self.token.parse().map_err(|cause| said(&cause))?;
        broker.accept_token(&token, principal, LIFETIME).map_err(|cause| said(&cause))
    }
}

/// A pass for every role of a case.
pub(super) fn for_all(case: &Case) -> io::Result<Vec<Pass>> {
    let publishers = (0..case.topology.publishers.len()).map(|index| format!("p{index}"));
    let subscribers = (0..case.topology.subscribers.len()).map(|index| format!("s{index}"));
    publishers.chain(subscribers).map(|name| Pass::new(name, Role::Agent)).collect()
}

/// A broker that lets in who has a pass, and nobody else.
pub(super) fn broker(config: BrokerConfig, passes: &[Pass]) -> Result<DaemoneyeBroker, String> {
    let broker = DaemoneyeBroker::new(config.with_unidentified(None));
    passes.iter().try_for_each(|pass| pass.admit(&broker))?;
    Ok(broker)
}
