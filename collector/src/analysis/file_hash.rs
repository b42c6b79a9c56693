//! `file_hash`: the SHA-256 of a file, whoever has it open or runs it.
//!
//! Of a subject with a process as well it is the file that is asked about: a collector of files has
//! seen that, and at most heard who it was.

use async_trait::async_trait;

use super::analyzer::{AnalysisError, Analyzer};
use super::binary_hash::{self, Hasher};
use super::findings::Findings;
use super::request::{AnalysisRequest, AnalysisSubject};

/// What it is called.
pub(super) const ANALYSIS_TYPE: &str = "file_hash";

/// Hashes the file of a subject.
///
/// Finds `sha256` (64 hexadecimal digits), `bytes` and `path`.
#[derive(Debug, Clone)]
pub struct FileHash {
    analysis_type: &'static str,
    hasher: Hasher,
}

impl Default for FileHash {
    fn default() -> Self {
        Self { analysis_type: ANALYSIS_TYPE, hasher: Hasher::default() }
    }
}

impl FileHash {
    /// The same as what [`BinaryHash`](super::BinaryHash) is called, for whoever asks a collector
    /// of files for the hash of one that happens to be a program.
    #[must_use]
    pub fn called_binary_hash(mut self) -> Self {
        self.analysis_type = binary_hash::ANALYSIS_TYPE;
        self
    }

    /// Refuses larger files.
    #[must_use]
    pub fn with_limit_bytes(mut self, limit_bytes: u64) -> Self {
        self.hasher.limit_bytes = limit_bytes;
        self
    }
}

#[async_trait]
impl Analyzer for FileHash {
    fn analysis_type(&self) -> &'static str {
        self.analysis_type
    }

    async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        let Some(path) = request.subject.path else {
            return Err(AnalysisError::impossible("no file is named"));
        };
        self.hasher.hash(AnalysisSubject::file(path)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `abc`.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    async fn analyze(subject: AnalysisSubject) -> Result<Findings, AnalysisError> {
        let request = AnalysisRequest::about(ANALYSIS_TYPE, subject);
        FileHash::default().with_limit_bytes(3).analyze(request).await
    }

    #[tokio::test]
    async fn the_file_is_hashed_whatever_process_is_named_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let file = AnalysisSubject::file(path.to_str().unwrap());
        let subject = AnalysisSubject { pid: Some(std::process::id()), ..file };
        let found = analyze(subject).await.unwrap();
        assert_eq!((found.get("sha256"), found.get("pid")), (Some(ABC), None));
    }

    #[tokio::test]
    async fn a_process_alone_is_no_file_and_a_larger_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        std::fs::write(&path, "abcd").unwrap();
        let own = AnalysisSubject::process(std::process::id());
        for subject in [own, AnalysisSubject::file(path.to_str().unwrap())] {
            let told = analyze(subject).await.unwrap_err();
            assert!(matches!(told, AnalysisError::Impossible { .. }), "{told:?}");
        }
    }
}
