//! Which capability a task needs; decided before any work is done.

use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::acl::CollectorKind;

use super::IpcRefusal;

/// The capability that a task about something needs: to watch it.
pub fn capability_for(kind: CollectorKind) -> SourceCaps {
    match kind {
        CollectorKind::Process => SourceCaps::PROCESS,
        CollectorKind::Network => SourceCaps::NETWORK,
        CollectorKind::Filesystem => SourceCaps::FILESYSTEM,
        CollectorKind::Performance => SourceCaps::PERFORMANCE,
    }
}

/// Refuses a task that needs what there is not.
pub(super) fn check(kind: CollectorKind, present: SourceCaps) -> Result<(), IpcRefusal> {
    let needed = capability_for(kind);
    if present.contains(needed) {
        return Ok(());
    }
    Err(IpcRefusal::MissingCapabilities { needed, present })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_needs_its_own_capability_and_no_other() {
        let needs = [
            SourceCaps::PROCESS,
            SourceCaps::NETWORK,
            SourceCaps::FILESYSTEM,
            SourceCaps::PERFORMANCE,
        ];
        for (kind, needed) in CollectorKind::ALL.into_iter().zip(needs) {
            assert_eq!(check(kind, needed), Ok(()), "{kind:?}");
            let present = SourceCaps::all() - needed;
            let refused = IpcRefusal::MissingCapabilities { needed, present };
            assert_eq!(check(kind, present), Err(refused), "{kind:?}");
        }
    }
}
