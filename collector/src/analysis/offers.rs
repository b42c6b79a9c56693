//! What the project's collectors look into, for whoever has to know before one of them runs.

use daemoneye_eventbus::acl::CollectorKind;

use super::{binary_hash, file_hash, process_lineage};

/// The analyses that the project's collector of a kind does, by the names stages call them.
pub fn analyses_of(kind: CollectorKind) -> &'static [&'static str] {
    match kind {
        CollectorKind::Process => &[binary_hash::ANALYSIS_TYPE, process_lineage::ANALYSIS_TYPE],
        CollectorKind::Filesystem => &[file_hash::ANALYSIS_TYPE, binary_hash::ANALYSIS_TYPE],
        CollectorKind::Network | CollectorKind::Performance => &[],
    }
}
