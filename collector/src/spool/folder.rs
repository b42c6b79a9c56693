//! The files of a spool, private to their user, in a folder that one process has at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::OpenError;
use super::record::MAX_RECORD_BYTES;
use super::segment::{HEADER_BYTES, MAX_SEQUENCE, SegmentHeader};
use crate::config::{SpoolSync, prepare_private_folder};

/// Locked as long as the spool is open.
const LOCK_FILE: &str = "lock";
/// Where the cursor is.
const CURSOR_FILE: &str = "cursor";
/// Where it is written down what the last run lost.
const LOSS_FILE: &str = "lost";
/// Files of records, named by the number of the first.
const SEGMENT: &str = "segment";
/// What could not be read of a segment, under the segment's number.
const DAMAGED: &str = "damaged";
/// Digits of a process id at most.
const MAX_PID_DIGITS: u64 = 10;
/// Digits of a number in a file's name, so that names sort as numbers do.
const DIGITS: usize = 20;

/// Size at which a segment is followed by the next at the latest, bytes: what one damaged place can
/// cost, and what is deleted at once.
pub(super) const MAX_SEGMENT_BYTES: u64 = 4 << 20;
/// Size from which on no more events go into one write, bytes.
pub(super) const CHUNK_BYTES: usize = 1 << 20;
/// Largest file of a segment, bytes: one that is about to be followed, and one write. More than that
/// is never read.
const MAX_FILE_BYTES: u64 =
    HEADER_BYTES as u64 + MAX_SEGMENT_BYTES + (CHUNK_BYTES + MAX_RECORD_BYTES) as u64;
/// Files of what could not be read that are kept, beyond the spool's limit; the oldest goes when
/// there is one more.
const MAX_DAMAGED_FILES: usize = 4;

/// An open folder; no other process opens it as long as it is.
#[derive(Debug)]
pub(super) struct SpoolFolder {
    path: PathBuf,
    lock: Arc<File>,
}

impl SpoolFolder {
    /// Makes the folder, or checks that it is private, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        prepare_private_folder(path)?;
        let failed = |source| OpenError::Io { folder: path.to_owned(), source };
        let lock = private().create(true).truncate(false).open(path.join(LOCK_FILE));
        let mut lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { folder: path.to_owned(), pid: owner(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // For people; a full disk takes nothing away from the lock.
        let _ = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
        Ok(Self { path: path.to_owned(), lock: Arc::new(lock) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The cursor's file, made if there is none.
    pub(super) fn cursor(&self) -> io::Result<File> {
        private().create(true).truncate(false).open(self.path.join(CURSOR_FILE))
    }

    /// The file of what the last run lost, made if there is none, and the lock, for who writes it.
    pub(super) fn loss(&self) -> io::Result<(File, Arc<File>)> {
        let file = private().create(true).truncate(false).open(self.path.join(LOSS_FILE))?;
        Ok((file, Arc::clone(&self.lock)))
    }

    /// The numbers of the segments there are, lowest first.
    pub(super) fn segments(&self) -> io::Result<Vec<u64>> {
        self.numbers(SEGMENT)
    }

    fn numbers(&self, extension: &str) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            numbers.extend(number(&entry?.path(), extension));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Where the segment of a number is.
    pub(super) fn segment(&self, first: u64) -> PathBuf {
        self.file(first, SEGMENT)
    }

    fn file(&self, number: u64, extension: &str) -> PathBuf {
        self.path.join(format!("{number:0DIGITS$}.{extension}"))
    }

    /// Begins a segment, in the place of one without records if there is one. What was begun and did
    /// not get done is removed.
    pub(super) fn begin(&self, header: SegmentHeader, sync: SpoolSync) -> io::Result<File> {
        let path = self.segment(header.first);
        let mut file = private().create(true).truncate(true).open(&path)?;
        let written = file.write_all(&header.encode()).and_then(|()| match sync {
            SpoolSync::Batch => file.sync_all().and_then(|()| sync_folder(&self.path)),
            SpoolSync::Never => Ok(()),
        });
        match written {
            Ok(()) => Ok(file),
            Err(error) => {
                // What is left of it is no segment, and the next opening removes it.
                let _ = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// The whole of a segment.
    pub(super) fn read(&self, first: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.segment(first))?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Cuts off what a segment has beyond so many bytes.
    pub(super) fn cut(&self, first: u64, bytes: u64) -> io::Result<()> {
        private().open(self.segment(first))?.set_len(bytes)
    }

    /// Moves what a segment has beyond so many bytes to a file of its own, for people; where there is
    /// no room for that, it is only cut off.
    pub(super) fn set_aside(&self, first: u64, bytes: u64) -> io::Result<()> {
        let path = self.file(first, DAMAGED);
        if self.copy_rest(first, bytes, &path).is_err() {
            let _ = fs::remove_file(&path);
        }
        self.cut(first, bytes)?;
        self.keep_few_damaged();
        Ok(())
    }

    fn copy_rest(&self, first: u64, from: u64, to: &Path) -> io::Result<()> {
        let mut segment = File::open(self.segment(first))?;
        segment.seek(SeekFrom::Start(from))?;
        let mut rest = private().create(true).truncate(true).open(to)?;
        io::copy(&mut segment.take(MAX_FILE_BYTES), &mut rest)?;
        rest.sync_all()
    }

    /// Moves a segment away that has no header.
    pub(super) fn set_aside_whole(&self, first: u64) -> io::Result<()> {
        fs::rename(self.segment(first), self.file(first, DAMAGED))?;
        self.keep_few_damaged();
        Ok(())
    }

    /// Where it fails there are a few more, and nothing else is wrong.
    fn keep_few_damaged(&self) {
        let numbers = self.numbers(DAMAGED).unwrap_or_default();
        let too_many = numbers.len().saturating_sub(MAX_DAMAGED_FILES);
        for number in numbers.into_iter().take(too_many) {
            let _ = fs::remove_file(self.file(number, DAMAGED));
        }
    }

    /// Deletes a segment.
    pub(super) fn remove(&self, first: u64) -> io::Result<()> {
        match fs::remove_file(self.segment(first)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Which process has a lock, as it has written into it.
fn owner(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(MAX_PID_DIGITS).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// The number that a file of ours is named by.
fn number(path: &Path, extension: &str) -> Option<u64> {
    let name = path.file_stem()?.to_str()?;
    let is_ours = path.extension()? == extension
        && name.len() == DIGITS
        && name.bytes().all(|byte| byte.is_ascii_digit());
    if !is_ours {
        return None;
    }
    name.parse().ok().filter(|number| *number <= MAX_SEQUENCE)
}

/// For reading and writing; a new file is for this user alone, since arguments of processes may hold
/// secrets.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Waits until the names of files in a folder are on the disk.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// A folder is no file here; the file system keeps its own journal of names.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> (tempfile::TempDir, SpoolFolder) {
        let base = tempfile::tempdir().unwrap();
        let folder = SpoolFolder::open(&base.path().join("spool")).unwrap();
        (base, folder)
    }

    #[test]
    fn a_folder_is_open_once_at_a_time() {
        let (_base, folder) = opened();
        let path = folder.path().to_owned();
        let error = SpoolFolder::open(&path).unwrap_err();
        // On Windows nobody else can read what is locked.
        let process = if cfg!(windows) { None } else { Some(std::process::id()) };
        assert!(matches!(&error, OpenError::InUse { pid, .. } if *pid == process), "{error:?}");
        let by = process.map_or("another process".to_owned(), |pid| format!("process {pid}"));
        assert_eq!(error.to_string(), format!("the spool {} is in use by {by}", path.display()));
        drop(folder);
        SpoolFolder::open(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_and_its_files_are_its_users_alone() {
        use std::os::unix::fs::PermissionsExt;

        let (_base, folder) = opened();
        folder.cursor().unwrap();
        folder.loss().unwrap();
        folder.begin(SegmentHeader { incarnation: 1, first: 1 }, SpoolSync::Batch).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(files.len(), 4);
        assert!(files.iter().all(|file| mode(&file.path()) == 0o600));
    }

    #[test]
    fn files_of_other_names_are_not_ours() {
        let rows = [
            ("00000000000000000007.segment", Some(7)),
            ("0000000000000000007.segment", None),
            ("+0000000000000000007.segment", None),
            ("00000000000000000007.damaged", None),
            ("00000000000000000007", None),
            ("99999999999999999999.segment", None),
        ];
        for (name, expected) in rows {
            assert_eq!(number(Path::new(name), SEGMENT), expected, "{name}");
        }
    }

    #[test]
    fn of_what_could_not_be_read_the_newest_files_are_kept() {
        let (_base, folder) = opened();
        for first in 1..=6 {
            folder.begin(SegmentHeader { incarnation: 1, first }, SpoolSync::Never).unwrap();
            folder.set_aside(first, 8).unwrap();
            assert_eq!(folder.read(first).unwrap().len(), 8);
        }
        assert_eq!(folder.numbers(DAMAGED).unwrap(), [3, 4, 5, 6]);
        let aside = fs::read(folder.file(6, DAMAGED)).unwrap();
        assert_eq!(aside.len(), HEADER_BYTES - 8);
    }
}
