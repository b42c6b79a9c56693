//! `binary_hash`: the SHA-256 of the executable of a process, or of a file.
//!
//! What a process runs is read through the system's link to it where there is one, so that it is
//! the file that was started, whatever its path names by now. Reading is done in chunks; between
//! two of them it ends when nobody wants the digest any more.
//!
//! A subject with both is a process that was seen to run a file: what runs is the answer. Where
//! the system does not tell, as once the process has ended, the file is; no `pid` is found then.
//!
//! - `executable`, `file`: what is opened; `digest`: what it comes to; `hasher`: on which thread.

mod digest;
mod executable;
mod file;
mod hasher;

use async_trait::async_trait;

use super::analyzer::{AnalysisError, Analyzer};
use super::findings::Findings;
use super::request::AnalysisRequest;

pub(super) use hasher::Hasher;

/// Largest file that is hashed by default, bytes: executables of several hundred megabytes exist.
pub const DEFAULT_HASH_LIMIT_BYTES: u64 = 1 << 30;
/// What it is called.
pub(super) const ANALYSIS_TYPE: &str = "binary_hash";

/// Hashes the executable of a subject's process, or else its file.
///
/// Finds `sha256` (64 hexadecimal digits), `bytes`, `path` and, for a process, `pid`.
#[derive(Debug, Clone, Default)]
pub struct BinaryHash {
    hasher: Hasher,
}

impl BinaryHash {
    /// Refuses larger files.
    #[must_use]
    pub fn with_limit_bytes(mut self, limit_bytes: u64) -> Self {
        self.hasher.limit_bytes = limit_bytes;
        self
    }
}

#[async_trait]
impl Analyzer for BinaryHash {
    fn analysis_type(&self) -> &'static str {
        ANALYSIS_TYPE
    }

    async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        self.hasher.hash(request.subject).await
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::request::AnalysisSubject;
    use super::*;

    async fn analyze(subject: AnalysisSubject) -> Result<Findings, AnalysisError> {
        let request = AnalysisRequest::about(ANALYSIS_TYPE, subject);
        BinaryHash::default().with_limit_bytes(1 << 32).analyze(request).await
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
}
