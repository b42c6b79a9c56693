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

    /// Every kind, and what it needs.
    const ROWS: [(CollectorKind, SourceCaps); 4] = [
        (CollectorKind::Process, SourceCaps::PROCESS),
        (CollectorKind::Network, SourceCaps::NETWORK),
        (CollectorKind::Filesystem, SourceCaps::FILESYSTEM),
        (CollectorKind::Performance, SourceCaps::PERFORMANCE),
    ];

    #[test]
    fn the_table_has_every_kind() {
        assert_eq!(ROWS.map(|(kind, _)| kind), CollectorKind::ALL);
    }

    #[test]
    fn each_kind_needs_its_own_capability_and_no_other() {
        for (kind, needed) in ROWS {
            for (_, present) in ROWS {
                let checked = check(kind, present);
                if present == needed {
                    assert_eq!(checked, Ok(()), "{kind:?}");
                } else {
                    let refused = IpcRefusal::MissingCapabilities { needed, present };
                    assert_eq!(checked, Err(refused), "{kind:?}");
                }
            }
            assert_eq!(check(kind, SourceCaps::all()), Ok(()), "{kind:?}");
            let others = SourceCaps::all() - needed;
            assert!(check(kind, others).is_err(), "{kind:?}");
        }
    }
}
