//! How a subcommand ends: the exit codes every tool of this workspace shares, and the ways a run
//! breaks off.

use std::io;
use std::process::ExitCode;

/// The codes as `--help` lists them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  pass: done, or the answer is yes
  1  fail: the answer is no
  2  usage, or invalid input; the reason is on standard error
  4  infrastructure: something could not be opened, read or written";

/// An end that was foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or the answer is yes.
    Pass,
    /// The answer is no.
    Fail,
    /// The input is invalid; the reason has been printed.
    Invalid,
    /// The surroundings failed; the reason has been printed.
    Infrastructure,
}

/// An end that broke off the run.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever read standard output has seen enough: a quiet end, not an error.
    ReaderGone,
    /// Arguments or input that cannot be meant.
    Usage(anyhow::Error),
    /// Something could not be opened, read or written.
    Infrastructure(anyhow::Error),
}

impl Failure {
    /// Sorts an error of writing standard output.
    pub(crate) fn from_output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::ReaderGone
        } else {
            Self::infrastructure(error, "cannot write standard output")
        }
    }

    /// The same with something that should be known beside it.
    pub(crate) fn note(self, note: &str) -> Self {
        let noted = |error: anyhow::Error| anyhow::anyhow!("{error:#}; {note}");
        match self {
            Self::ReaderGone => Self::ReaderGone,
            Self::Usage(error) => Self::Usage(noted(error)),
            Self::Infrastructure(error) => Self::Infrastructure(noted(error)),
        }
    }

    /// An error of the surroundings, with what was being done.
    pub(crate) fn infrastructure(
        error: impl Into<anyhow::Error>,
        doing: impl std::fmt::Display + Send + Sync + 'static,
    ) -> Self {
        Self::Infrastructure(error.into().context(doing))
    }
}

impl Exit {
    /// The code of this end.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Invalid => 2,
            Self::Infrastructure => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
