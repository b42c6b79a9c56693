//! What a collector offers: one kind of analysis, the [`Analyzer`] trait.

use std::fmt;

use async_trait::async_trait;
use thiserror::Error;

use super::findings::{Findings, FindingsError};
use super::request::AnalysisRequest;

/// Does one kind of analysis.
///
/// ```
/// use async_trait::async_trait;
/// use collector_core::analysis::{AnalysisError, AnalysisRequest, Analyzer, Findings};
///
/// struct NameLength;
///
/// #[async_trait]
/// impl Analyzer for NameLength {
///     fn analysis_type(&self) -> &'static str {
///         "name_length"
///     }
///
///     async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError> {
///         let Some(path) = request.subject.path else {
///             return Err(AnalysisError::impossible("no file is named"));
///         };
///         Ok(Findings::new([("bytes", path.len().to_string())])?)
///     }
/// }
/// ```
#[async_trait]
pub trait Analyzer: Send + Sync + 'static {
    /// What it does, as stages name it; constant over its life.
    fn analysis_type(&self) -> &'static str;

    /// Does one analysis; several may run at once.
    ///
    /// Dropping the future is how it is told that nobody wants the findings any more, be it in
    /// time or not: work it has given to other threads must end soon after. It must not hold up the
    /// runtime's thread. A panic is a failure like any other.
    async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError>;
}

/// Why there are no findings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnalysisError {
    /// It is asked for what cannot be; trying again is of no use.
    #[error("{reason}")]
    Impossible {
        /// Why.
        reason: String,
    },
    /// It did not work this time.
    #[error("{reason}")]
    Failed {
        /// Why.
        reason: String,
    },
    /// There is more to tell than may be.
    #[error(transparent)]
    Findings(#[from] FindingsError),
}

impl AnalysisError {
    /// What cannot be, and why.
    pub fn impossible(reason: impl fmt::Display) -> Self {
        Self::Impossible { reason: reason.to_string() }
    }

    /// What did not work this time, and why.
    pub fn failed(reason: impl fmt::Display) -> Self {
        Self::Failed { reason: reason.to_string() }
    }
}
