//! Unix: what every inode has.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use super::Inode;

/// The bits of a mode that are permissions, those of `chmod`.
const PERMISSIONS: u32 = 0o7777;
const NS_PER_SECOND: u64 = 1_000_000_000;

pub(super) fn inode(metadata: &Metadata) -> Inode {
    let seconds = u64::try_from(metadata.ctime()).unwrap_or_default();
    let nanoseconds = u64::try_from(metadata.ctime_nsec()).unwrap_or_default();
    Inode {
        id: Some(metadata.ino()),
        changed_unix_ns: Some(seconds.saturating_mul(NS_PER_SECOND).saturating_add(nanoseconds)),
        permissions: Some(metadata.mode() & PERMISSIONS),
        user_id: Some(metadata.uid()),
    }
}
