//! Telling files apart: whether a file is still the one it was, without reading it again.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

/// Device and inode: where a file is, whatever its name.
#[cfg(unix)]
type Place = (u64, u64);
/// Elsewhere its path.
#[cfg(not(unix))]
type Place = std::path::PathBuf;

/// When anything of a file changed last, its name and mode included, in seconds and nanoseconds;
/// unlike the time of its content it cannot be set.
#[cfg(unix)]
type Changed = (i64, i64);
/// Elsewhere nobody tells.
#[cfg(not(unix))]
type Changed = ();

/// A file as it was at one time: files that are equal have the same content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FileIdentity {
    place: Place,
    size_bytes: u64,
    /// When its content was written last; `None` where the system does not tell.
    modified: Option<SystemTime>,
    changed: Changed,
}

impl FileIdentity {
    /// The identity of the file at a path, or open from there.
    pub(super) fn of(metadata: &Metadata, path: &Path) -> Self {
        Self {
            place: place(metadata, path),
            size_bytes: metadata.len(),
            modified: metadata.modified().ok(),
            changed: changed(metadata),
        }
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Whether it is the same file, whatever was written to it meanwhile.
    pub(super) fn is_same_file_as(&self, other: &Self) -> bool {
        self.place == other.place
    }

    /// Whether it is the same file and nothing was written to it; it may have got another mode or
    /// a further name.
    pub(super) fn is_same_version_as(&self, other: &Self) -> bool {
        self.is_same_file_as(other)
            && self.size_bytes == other.size_bytes
            && self.modified == other.modified
    }
}

#[cfg(unix)]
fn place(metadata: &Metadata, _path: &Path) -> Place {
    use std::os::unix::fs::MetadataExt;

    (metadata.dev(), metadata.ino())
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> Changed {
    use std::os::unix::fs::MetadataExt;

    (metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn place(_metadata: &Metadata, path: &Path) -> Place {
    path.to_owned()
}

#[cfg(not(unix))]
fn changed(_metadata: &Metadata) -> Changed {}

#[cfg(test)]
impl FileIdentity {
    /// A file of this number and size.
    pub(super) fn made_up(number: u64, size_bytes: u64) -> Self {
        #[cfg(unix)]
        let (place, changed) = ((1, number), (0, 0));
        #[cfg(not(unix))]
        let (place, changed) = (number.to_string().into(), ());
        Self { place, size_bytes, modified: Some(SystemTime::UNIX_EPOCH), changed }
    }

    /// The same file after something of this size was written to it.
    pub(super) fn rewritten(&self, size_bytes: u64) -> Self {
        let modified = self.modified.map(|at| at + std::time::Duration::from_nanos(1));
        Self { size_bytes, modified, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn identity(path: &Path) -> FileIdentity {
        FileIdentity::of(&fs::metadata(path).unwrap(), path)
    }

    #[test]
    fn a_file_is_the_same_until_it_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "content").unwrap();
        let before = identity(&path);
        assert_eq!(identity(&path), before);
        assert_eq!(before.size_bytes(), 7);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let after = identity(&path);
        assert!(after.is_same_file_as(&before));
        assert!(!after.is_same_version_as(&before));
    }

    #[cfg(unix)]
    #[test]
    fn another_mode_or_name_is_no_other_version() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let (path, renamed) = (folder.path().join("file"), folder.path().join("renamed"));
        fs::write(&path, "content").unwrap();
        let before = identity(&path);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        fs::rename(&path, &renamed).unwrap();
        assert!(identity(&renamed).is_same_version_as(&before));
    }

    #[cfg(unix)]
    #[test]
    fn another_file_in_its_place_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("file"), folder.path().join("other"));
        fs::write(&path, "content").unwrap();
        fs::write(&other, "content").unwrap();
        let before = identity(&path);
        fs::rename(&other, &path).unwrap();
        assert!(!identity(&path).is_same_file_as(&before));
    }
}
