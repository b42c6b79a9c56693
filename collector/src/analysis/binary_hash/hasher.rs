//! Hashes what a subject names, off the runtime's thread and no longer than somebody waits for it.
//!
//! A thread that reads a file whose system does not answer, as one across a network or one that
//! another process serves, cannot be ended. It keeps its place, so that such files take a few
//! threads and not all that the process has.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use super::super::analyzer::AnalysisError;
use super::super::findings::Findings;
use super::super::request::AnalysisSubject;
use super::DEFAULT_HASH_LIMIT_BYTES;
use super::digest::{Digest, DigestError, digest};
use super::file::{OpenError, Opened, executable_of, open};

/// Threads of one hasher: more than a worker has analyses at once, and those it let go of shortly
/// before.
const THREADS: usize = 8;

/// Hashes files; clones share their threads.
#[derive(Debug, Clone)]
pub(in super::super) struct Hasher {
    /// Largest file that is hashed.
    pub(in super::super) limit_bytes: u64,
    threads: Arc<Semaphore>,
}

/// Raises a flag when whoever waits for the work is gone.
struct StopOnDrop(Arc<AtomicBool>);

impl Default for Hasher {
    fn default() -> Self {
        let threads = Arc::new(Semaphore::new(THREADS));
        Self { limit_bytes: DEFAULT_HASH_LIMIT_BYTES, threads }
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Hasher {
    /// Finds `sha256`, `bytes`, `path` and, where it is what a process runs, `pid`.
    pub(in super::super) async fn hash(
        &self,
        subject: AnalysisSubject,
    ) -> Result<Findings, AnalysisError> {
        let limit_bytes = self.limit_bytes;
        self.work(move |stop| hash(&subject, limit_bytes, stop)).await
    }

    /// Has work done on a thread. Dropping the future tells it to stop.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AtomicBool) -> Result<T, AnalysisError> + Send + 'static,
    ) -> Result<T, AnalysisError> {
        let Ok(thread) = Arc::clone(&self.threads).try_acquire_owned() else {
            return Err(AnalysisError::failed(
                "too many files are read that do not come to an end",
            ));
        };
        let stop = Arc::new(AtomicBool::new(false));
        let _stop = StopOnDrop(Arc::clone(&stop));
        let working = tokio::task::spawn_blocking(move || {
            let _thread = thread;
            work(&stop)
        });
        working.await.map_err(AnalysisError::failed)?
    }
}

fn hash(
    subject: &AnalysisSubject,
    limit_bytes: u64,
    stop: &AtomicBool,
) -> Result<Findings, AnalysisError> {
    let (opened, pid) = match (subject.pid, &subject.path) {
        (Some(pid), path) => of_process(pid, executable_of(pid), path.as_deref())?,
        (None, Some(path)) => (open(Path::new(path))?, None),
        (None, None) => {
            return Err(AnalysisError::impossible("neither a file nor a process is named"));
        }
    };
    let Opened { file, path } = opened;
    let Digest { sha256, bytes } = digest(&file, limit_bytes, stop)?;
    let pid = pid.map(|pid| ("pid", pid.to_string()));
    let found = [("sha256", sha256), ("bytes", bytes.to_string()), ("path", path)];
    Ok(Findings::new(found.into_iter().chain(pid))?)
}

/// What a process runs, and which it is; where that is not told, or was gone a moment later, the
/// file it was seen to run.
fn of_process(
    pid: u32,
    executable: Result<Opened, OpenError>,
    path: Option<&str>,
) -> Result<(Opened, Option<u32>), OpenError> {
    match (executable, path) {
        (Err(_), Some(path)) => Ok((open(Path::new(path))?, None)),
        (executable, _) => Ok((executable?, Some(pid))),
    }
}

/// A file that cannot be opened will not be there a moment later either.
impl From<OpenError> for AnalysisError {
    fn from(error: OpenError) -> Self {
        Self::impossible(error)
    }
}

impl From<DigestError> for AnalysisError {
    fn from(error: DigestError) -> Self {
        match error {
            DigestError::TooLarge { .. } => Self::impossible(error),
            DigestError::Read(_) | DigestError::Changed | DigestError::Stopped => {
                Self::failed(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_nobody_waits_for_is_told_to_stop_and_keeps_its_thread_until_it_does() {
        let hasher = Hasher { threads: Arc::new(Semaphore::new(1)), ..Hasher::default() };
        let ((begin, begun), (tell, told)) = (oneshot::channel(), oneshot::channel());
        let (release, released) = mpsc::channel::<()>();
        let own = hasher.clone();
        let waiting = tokio::spawn(async move {
            let stuck = own.work(move |stop| {
                begin.send(()).unwrap();
                released.recv().unwrap();
                tell.send(stop.load(Ordering::Relaxed)).unwrap();
                Ok(())
            });
            stuck.await
        });
        begun.await.unwrap();
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        let refused = hasher.work(|_| Ok(())).await;
        assert!(matches!(refused, Err(AnalysisError::Failed { .. })), "{refused:?}");
        release.send(()).unwrap();
        assert!(told.await.unwrap(), "it was told to stop");
        drop(hasher.threads.acquire().await.unwrap());
        assert_eq!(hasher.work(|_| Ok(7)).await, Ok(7));
    }

    #[test]
    fn a_process_that_is_gone_once_it_was_looked_at_leaves_the_file_it_was_seen_to_run() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let gone = || OpenError::Open {
            path: "/proc/7/exe".to_owned(),
            source: io::Error::from(ErrorKind::NotFound),
        };
        let (opened, pid) = of_process(7, Err(gone()), Some(path)).unwrap();
        assert_eq!((opened.path.as_str(), pid), (path, None));
        assert!(of_process(7, Err(gone()), None).is_err());
    }
}
