//! What one look at a path shows, and how two looks differ. Symbolic links are looked at, not
//! through.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

#[cfg(not(unix))]
use portable::inode;
#[cfg(unix)]
use unix::inode;

/// One look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) kind: Kind,
    /// Bytes.
    pub(super) size_bytes: u64,
    /// When its content was changed last, nanoseconds since the epoch; 0 when not known.
    pub(super) modified_unix_ns: u64,
    pub(super) inode: Inode,
}

/// What a path may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// A link, a device, a pipe or a socket.
    Other,
}

/// What only some systems show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Inode {
    /// Which file it is, whatever its name; used again after its end.
    pub(super) id: Option<u64>,
    /// When anything of it was changed last, nanoseconds since the epoch.
    pub(super) changed_unix_ns: Option<u64>,
    /// Permission bits, Unix notation.
    pub(super) permissions: Option<u32>,
    /// Owner's numeric id.
    pub(super) user_id: Option<u32>,
}

/// How a look differs from one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// It is another folder, or another kind of thing.
    pub(super) another: bool,
    /// Its content differs, or it is another file.
    pub(super) content: bool,
    /// Its permissions, owner or anything but its content differ.
    pub(super) attributes: bool,
}

/// Looks at a path.
pub(super) fn look(path: &Path) -> io::Result<Sight> {
    path.symlink_metadata().map(|metadata| Sight::of(&metadata))
}

impl Sight {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let file_type = metadata.file_type();
        let kind = if file_type.is_file() {
            Kind::File
        } else if file_type.is_dir() {
            Kind::Folder
        } else {
            Kind::Other
        };
        let modified = metadata.modified().ok();
        let since = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        let modified_unix_ns =
            since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
        Self { kind, size_bytes: metadata.len(), modified_unix_ns, inode: inode(metadata) }
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind == Kind::Folder
    }

    pub(super) fn is_file(&self) -> bool {
        self.kind == Kind::File
    }

    /// Whether somebody has written to it.
    pub(super) fn has_content(&self) -> bool {
        self.is_file() && self.size_bytes > 0
    }

    /// How it differs from a look before.
    ///
    /// A folder changes with what is in it, which is told of that.
    pub(super) fn difference(&self, before: &Self) -> Difference {
        let other_inode = self.inode.id != before.inode.id;
        if self.kind != before.kind || (self.is_folder() && other_inode) {
            return Difference { another: true, ..Difference::default() };
        }
        let same_content = self.has_same_content(before);
        let content = !self.is_folder() && (other_inode || !same_content);
        let owned_otherwise = self.inode.permissions != before.inode.permissions
            || self.inode.user_id != before.inode.user_id;
        // Whatever changes the content changes this time as well.
        let only_touched =
            same_content && !content && self.inode.changed_unix_ns != before.inode.changed_unix_ns;
        Difference { another: false, content, attributes: owned_otherwise || only_touched }
    }

    /// Whether it is what was seen before under another name. Ids are used again, so content and
    /// its time must be the same, too.
    pub(super) fn is_same_elsewhere(&self, before: &Self) -> bool {
        self.inode.id.is_some()
            && self.inode.id == before.inode.id
            && self.kind == before.kind
            && self.has_same_content(before)
    }

    fn has_same_content(&self, before: &Self) -> bool {
        self.size_bytes == before.size_bytes && self.modified_unix_ns == before.modified_unix_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Sight {
        let inode = Inode {
            id: Some(1),
            changed_unix_ns: Some(10),
            permissions: Some(0o644),
            user_id: Some(0),
        };
        Sight { kind: Kind::File, size_bytes: 5, modified_unix_ns: 10, inode }
    }

    const NONE: Difference = Difference { another: false, content: false, attributes: false };
    const ANOTHER: Difference = Difference { another: true, ..NONE };
    const CONTENT: Difference = Difference { content: true, ..NONE };
    const ATTRIBUTES: Difference = Difference { attributes: true, ..NONE };

    fn with_inode(change: impl FnOnce(&mut Inode)) -> Sight {
        let mut sight = file();
        change(&mut sight.inode);
        sight
    }

    #[test]
    fn each_difference_has_its_name() {
        let rows = [
            (file(), NONE),
            (Sight { size_bytes: 6, ..file() }, CONTENT),
            (Sight { modified_unix_ns: 11, ..file() }, CONTENT),
            (with_inode(|inode| inode.id = Some(2)), CONTENT),
            (with_inode(|inode| inode.permissions = Some(0o600)), ATTRIBUTES),
            (with_inode(|inode| inode.user_id = Some(7)), ATTRIBUTES),
            (with_inode(|inode| inode.changed_unix_ns = Some(11)), ATTRIBUTES),
            (Sight { kind: Kind::Other, ..file() }, ANOTHER),
        ];
        for (now, expected) in rows {
            assert_eq!(now.difference(&file()), expected, "{now:?}");
        }
    }

    #[test]
    fn what_is_written_is_not_touched_as_well() {
        let mut written = with_inode(|inode| inode.changed_unix_ns = Some(20));
        written.modified_unix_ns = 20;
        assert_eq!(written.difference(&file()), CONTENT);
    }

    #[test]
    fn a_folder_with_something_new_in_it_is_no_other() {
        let folder = Sight { kind: Kind::Folder, ..file() };
        let mut fuller = Sight { size_bytes: 6, modified_unix_ns: 20, ..folder };
        fuller.inode.changed_unix_ns = Some(20);
        assert_eq!(fuller.difference(&folder), NONE);
        fuller.inode.id = Some(2);
        assert_eq!(fuller.difference(&folder), ANOTHER);
    }

    #[test]
    fn another_file_with_the_id_of_one_that_is_gone_is_not_the_same() {
        let moved = with_inode(|inode| inode.changed_unix_ns = Some(20));
        assert!(moved.is_same_elsewhere(&file()));
        let later = Sight { modified_unix_ns: 20, ..moved };
        assert!(!later.is_same_elsewhere(&file()));
        let unknown = with_inode(|inode| inode.id = None);
        assert!(!unknown.is_same_elsewhere(&unknown));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_seen_as_it_is() {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "five!").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let sight = look(&path).unwrap();
        assert_eq!((sight.kind, sight.size_bytes), (Kind::File, 5));
        assert_eq!(sight.inode.permissions, Some(0o640));
        assert_eq!(sight.inode.user_id, Some(nix::unistd::geteuid().as_raw()));
        assert!(sight.modified_unix_ns > 0);
        assert_eq!(look(folder.path()).unwrap().kind, Kind::Folder);

        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert_eq!(look(&link).unwrap().kind, Kind::Other, "it is not followed");
    }
}
