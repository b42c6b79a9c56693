//! From what happened to the event that is published.

use std::path::Path;

use daemoneye_eventbus::event::FilesystemOperation;
use daemoneye_eventbus::{ByteString, EventHeader, FilesystemEvent};

use super::notice::Stamp;
use super::sight::{Kind, Sight};

/// Metadata key of a file that is written to and not closed yet.
pub(super) const STILL_OPEN: &str = "still_open";
/// Metadata key of why everything is compared.
pub(super) const REASON: &str = "reason";
/// Metadata key of how many notices the system has dropped.
pub(super) const DROPPED: &str = "dropped";
/// The reason that the system dropped notices.
pub(super) const OVERFLOW: &str = "overflow";
/// The reason that an earlier life of the source lost what it saw.
pub(super) const EARLIER_LOSS: &str = "earlier_loss";

/// An event of what is seen at a path, or of what is gone; source and number are the source's.
pub(super) fn event(
    operation: FilesystemOperation,
    path: &Path,
    sight: Option<Sight>,
    at: Stamp,
) -> FilesystemEvent {
    let header = EventHeader {
        observed_unix_ns: at.unix_ns,
        observed_monotonic_ns: at.monotonic_ns,
        ..EventHeader::default()
    };
    let user_id = sight.and_then(|sight| sight.inode.user_id);
    FilesystemEvent {
        header,
        operation,
        path: shown(path),
        size_bytes: sight.filter(|sight| sight.kind == Kind::File).map(|sight| sight.size_bytes),
        permissions: sight.and_then(|sight| sight.inode.permissions),
        user_id: user_id.map(|id| ByteString::from(id.to_string())),
        ..FilesystemEvent::default()
    }
}

/// A path as text; bytes that are no UTF-8 become U+FFFD.
pub(super) fn shown(path: &Path) -> ByteString {
    ByteString::from(&*path.to_string_lossy())
}

/// A name and a value beside the fields.
pub(super) fn add_metadata(event: &mut FilesystemEvent, name: &'static str, value: &str) {
    event.header.metadata.push((ByteString::from_static(name), ByteString::from(value)));
}

#[cfg(test)]
mod tests {
    use super::super::sight::Inode;
    use super::*;
    use crate::sources::page;

    const AT: Stamp = Stamp { unix_ns: 7, monotonic_ns: 8 };

    fn sight(kind: Kind) -> Sight {
        let inode = Inode { permissions: Some(0o640), user_id: Some(33), ..Inode::default() };
        Sight { kind, size_bytes: 5, modified_unix_ns: 1, inode }
    }

    #[test]
    fn every_word_of_its_metadata_is_on_the_page_and_no_other() {
        assert_eq!(page::words("Metadata of fsmond"), [STILL_OPEN, REASON, DROPPED]);
        assert_eq!(page::words("Reasons of bulk events"), [OVERFLOW, EARLIER_LOSS]);
    }

    #[test]
    fn an_event_says_what_is_seen() {
        let file = Some(sight(Kind::File));
        let created = event(FilesystemOperation::Created, Path::new("/a"), file, AT);
        assert_eq!(created.operation, FilesystemOperation::Created);
        assert_eq!(created.path, "/a");
        assert_eq!(created.size_bytes, Some(5));
        assert_eq!(created.permissions, Some(0o640));
        assert_eq!(created.user_id.as_deref(), Some("33"));
        assert_eq!(created.header.observed_unix_ns, 7);
        assert_eq!(created.header.observed_monotonic_ns, 8);
    }

    #[test]
    fn a_folder_has_no_size() {
        let folder = Some(sight(Kind::Folder));
        let created = event(FilesystemOperation::Created, Path::new("/a"), folder, AT);
        assert_eq!((created.size_bytes, created.permissions), (None, Some(0o640)));
    }

    #[test]
    fn what_is_gone_has_a_path_and_a_time_alone() {
        let deleted = event(FilesystemOperation::Deleted, Path::new("/a"), None, AT);
        let header =
            EventHeader { observed_unix_ns: 7, observed_monotonic_ns: 8, ..EventHeader::default() };
        let expected = FilesystemEvent {
            header,
            operation: FilesystemOperation::Deleted,
            path: ByteString::from_static("/a"),
            ..FilesystemEvent::default()
        };
        assert_eq!(deleted, expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_is_shown_as_well_as_it_can_be() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        assert_eq!(shown(Path::new(OsStr::from_bytes(b"/caf\xe9"))), "/caf\u{fffd}");
    }
}
