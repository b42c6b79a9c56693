//! Exit codes: the same in every binary of the project.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::agent::{AgentError, ErrorKind};
use crate::config::ConfigError;
use crate::factory::FactoryError;
use crate::program::ProgramError;
use crate::runtime::RunError;

/// For the end of `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  stopped in order
  1  failed: events were lost, or something did not stop in order
  2  wrong usage or configuration
  4  infrastructure: no bus, no connection, a collector that does not start, or failed for good,
     an agent that died";

/// Why a binary ends otherwise than in order.
#[derive(Debug)]
pub enum Failure {
    /// Exit code 1.
    Failed(anyhow::Error),
    /// Exit code 2.
    Configuration(anyhow::Error),
    /// Exit code 4.
    Infrastructure(anyhow::Error),
}

impl Failure {
    /// Says whose it is, for one of several that share a standard error. A mistake of a
    /// configuration is shown at its place, whoever finds it.
    pub(super) fn of(self, name: &'static str) -> Self {
        let named = |error: anyhow::Error| {
            if error.is::<ConfigError>() { error } else { error.context(name) }
        };
        match self {
            Self::Failed(error) => Self::Failed(named(error)),
            Self::Configuration(error) => Self::Configuration(named(error)),
            Self::Infrastructure(error) => Self::Infrastructure(named(error)),
        }
    }
}

/// Prints a failure and turns it into its exit code.
pub fn report(result: Result<(), Failure>) -> ExitCode {
    let (code, error) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => (1, error),
        Err(Failure::Configuration(error)) => (2, error),
        Err(Failure::Infrastructure(error)) => (4, error),
    };
    // In one piece: an agent's collectors share its standard error. Whoever read it may be gone, as
    // the one who started an orphan is.
    let _ = io::stderr().write_all(shown(&error).as_bytes());
    ExitCode::from(code)
}

fn shown(error: &anyhow::Error) -> String {
    // What is wrong in a file is shown at its place, which is all there is to say.
    let placed = error.chain().find(|cause| {
        let is_policy = matches!(cause.downcast_ref(), Some(FactoryError::Policy(_)));
        is_policy || cause.is::<ConfigError>()
    });
    placed.map_or_else(|| format!("error: {error:#}\n"), |placed| format!("{placed}\n"))
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error.into())
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        match error.kind() {
            ErrorKind::Failure => Self::Failed(error.into()),
            ErrorKind::Configuration => Self::Configuration(error.into()),
            ErrorKind::Infrastructure => Self::Infrastructure(error.into()),
        }
    }
}

impl From<ProgramError> for Failure {
    fn from(error: ProgramError) -> Self {
        match &error {
            refusal if refusal.is_configuration() => Self::Configuration(error.into()),
            ProgramError::Run(RunError::Deadline { .. } | RunError::BusShutdown(_)) => {
                Self::Failed(error.into())
            }
            ProgramError::Orphaned { lost, .. } if !lost.is_none() => Self::Failed(error.into()),
            _ => Self::Infrastructure(error.into()),
        }
    }
}
