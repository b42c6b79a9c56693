//! Open descriptors: how many a case needs, and the limit on them, which this room may raise.
//!
//! Children inherit the limit, so that raising it here raises it for every actor. Nothing is lowered.

use super::processes::groups;
use crate::plan::{Bus, Case};

/// Descriptors of a process that serves nobody: standard streams, the runtime's own, files.
const OWN: u64 = 64;
/// Of the harness for each actor: three pipes, and the process itself.
const PER_ACTOR: u64 = 4;
/// Of a broker for each publisher and subscriber: a connection, and a second one for companions.
const PER_PEER: u64 = 2;

/// The limit on open descriptors of this process and its children to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DescriptorLimit {
    /// As it was found.
    pub found: u64,
    /// As it is now.
    pub now: u64,
}

/// Most descriptors one process needs while the case runs on this bus; generous.
pub fn descriptors_needed(case: &Case, bus: Bus) -> u64 {
    let groups = groups(case, bus.deployment());
    let peers = case.topology.publishers.len() + case.topology.subscribers.len();
    OWN + (groups.len() as u64 * PER_ACTOR).max(peers as u64 * PER_PEER)
}

/// Raises the limit as far as the system allows without asking for rights.
///
/// `None` where there is no such limit, or it cannot be read.
#[cfg(unix)]
pub fn raise_descriptor_limit() -> Option<DescriptorLimit> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let (found, most) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    if found < most {
        // Refused where the hard limit is above what the kernel takes; then it stays as it was.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
    let (now, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    Some(DescriptorLimit { found: unsigned(found), now: unsigned(now) })
}

/// Limits have a sign on FreeBSD.
#[cfg(unix)]
fn unsigned(limit: impl TryInto<u64>) -> u64 {
    limit.try_into().unwrap_or(u64::MAX)
}

/// Windows has none.
#[cfg(not(unix))]
pub fn raise_descriptor_limit() -> Option<DescriptorLimit> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_raised_limit_is_the_hard_one_and_never_lower() {
        use nix::sys::resource::{Resource, getrlimit};

        let raised = raise_descriptor_limit().expect("Unix has a limit");
        let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("readable");
        assert!(raised.now >= raised.found && raised.now == unsigned(now), "{raised:?}");
        #[cfg(target_os = "linux")]
        assert_eq!(now, most);
        #[cfg(not(target_os = "linux"))]
        assert!(now <= most);
    }
}
