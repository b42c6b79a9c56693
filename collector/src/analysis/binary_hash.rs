//! `binary_hash`: the SHA-256 of the executable of a process, or of a file.
//!
//! What a process runs is read through the system's link to it where there is one, so that it is
//! the file that was started, whatever its path names by now. Reading is done off the runtime's
//! thread, in chunks; between two of them it ends when nobody wants the digest any more.
//!
//! A subject with both is a process that was seen to run a file: what runs is the answer. Where
//! the system does not tell, as once the process has ended, the file is; no `pid` is found then.

mod digest;
mod executable;
mod file;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::analyzer::{AnalysisError, Analyzer};
use super::findings::Findings;
use super::request::{AnalysisRequest, AnalysisSubject};
use digest::{Digest, DigestError, digest};
use file::{OpenError, Opened, executable_of, open};

/// Largest file that is hashed by default, bytes: executables of several hundred megabytes exist.
pub const DEFAULT_HASH_LIMIT_BYTES: u64 = 1 << 30;
/// What it is called.
pub(super) const ANALYSIS_TYPE: &str = "binary_hash";

/// Hashes the executable of a subject's process, or else its file.
///
/// Finds `sha256` (64 hexadecimal digits), `bytes`, `path` and, for a process, `pid`.
#[derive(Debug, Clone)]
pub struct BinaryHash {
    limit_bytes: u64,
}

/// Raises a flag when whoever waits for the work is gone.
struct StopOnDrop(Arc<AtomicBool>);

impl Default for BinaryHash {
    fn default() -> Self {
        Self { limit_bytes: DEFAULT_HASH_LIMIT_BYTES }
    }
}

impl BinaryHash {
    /// Refuses larger files.
    #[must_use]
    pub fn with_limit_bytes(mut self, limit_bytes: u64) -> Self {
        self.limit_bytes = limit_bytes;
        self
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Analyzer for BinaryHash {
    fn analysis_type(&self) -> &'static str {
        ANALYSIS_TYPE
    }

    async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        hashed(request.subject, self.limit_bytes).await
    }
}

/// Hashes off the runtime's thread, and no longer than somebody waits for it.
pub(super) async fn hashed(
    subject: AnalysisSubject,
    limit_bytes: u64,
) -> Result<Findings, AnalysisError> {
    let stop = Arc::new(AtomicBool::new(false));
    let _stop = StopOnDrop(Arc::clone(&stop));
    let hashing = tokio::task::spawn_blocking(move || hash(&subject, limit_bytes, &stop));
    hashing.await.map_err(AnalysisError::failed)?
}

fn hash(
    subject: &AnalysisSubject,
    limit_bytes: u64,
    stop: &AtomicBool,
) -> Result<Findings, AnalysisError> {
    let (opened, pid) = match (subject.pid, &subject.path) {
        (Some(pid), path) => of_process(pid, path.as_deref())?,
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

/// What a process runs, and which it is; where that is not told, the file it was seen to run.
fn of_process(pid: u32, path: Option<&str>) -> Result<(Opened, Option<u32>), OpenError> {
    match (executable_of(pid), path) {
        (Err(OpenError::NotTold { .. }), Some(path)) => Ok((open(Path::new(path))?, None)),
        (opened, _) => Ok((opened?, Some(pid))),
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
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    fn request(subject: AnalysisSubject) -> AnalysisRequest {
        AnalysisRequest {
            analysis: "1".to_owned(),
            stage: "digest".to_owned(),
            analysis_type: ANALYSIS_TYPE.to_owned(),
            subject,
            parameters: BTreeMap::new(),
            inputs: BTreeMap::new(),
        }
    }

    async fn analyze(subject: AnalysisSubject) -> Result<Findings, AnalysisError> {
        BinaryHash::default().with_limit_bytes(1 << 32).analyze(request(subject)).await
    }

    #[tokio::test]
    async fn a_file_has_the_digest_it_is_known_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, "abc").unwrap();
        let path = path.to_str().unwrap();
        let found = analyze(AnalysisSubject::file(path)).await.unwrap();
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(found.get("sha256"), Some(known));
        assert_eq!((found.get("bytes"), found.get("path")), (Some("3"), Some(path)));
        assert_eq!(found.get("pid"), None);
    }

    #[tokio::test]
    async fn a_process_has_the_digest_of_what_it_runs() {
        let pid = std::process::id();
        let found = analyze(AnalysisSubject::process(pid)).await.unwrap();
        let path = std::env::current_exe().unwrap();
        let file = analyze(AnalysisSubject::file(path.to_str().unwrap())).await.unwrap();
        assert_eq!(found.get("sha256"), file.get("sha256"));
        assert_eq!(found.get("pid"), Some(pid.to_string().as_str()));
    }

    #[tokio::test]
    async fn of_a_process_and_a_file_what_runs_is_hashed_and_the_file_once_nothing_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        fs::write(&path, "abc").unwrap();
        let both = |pid| {
            let file = AnalysisSubject::file(path.to_str().unwrap());
            AnalysisSubject { pid: Some(pid), ..file }
        };
        let own = analyze(AnalysisSubject::process(std::process::id())).await.unwrap();
        assert_eq!(analyze(both(std::process::id())).await.unwrap(), own);
        let found = analyze(both(u32::MAX)).await.unwrap();
        assert_eq!((found.get("path"), found.get("pid")), (path.to_str(), None));
    }

    #[tokio::test]
    async fn what_is_not_there_is_told_and_is_final() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let subjects = [
            AnalysisSubject::file(missing.to_str().unwrap()),
            AnalysisSubject::file(folder.path().to_str().unwrap()),
            AnalysisSubject::process(u32::MAX),
            AnalysisSubject::default(),
        ];
        for subject in subjects {
            let told = analyze(subject.clone()).await.unwrap_err();
            assert!(matches!(told, AnalysisError::Impossible { .. }), "{subject:?}: {told:?}");
        }
    }

    #[test]
    fn nobody_who_waits_raises_the_flag() {
        let stop = Arc::new(AtomicBool::new(false));
        drop(StopOnDrop(Arc::clone(&stop)));
        assert!(stop.load(Ordering::Relaxed));
    }
}
