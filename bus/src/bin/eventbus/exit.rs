//! How a subcommand ends: the exit codes every tool of this workspace shares, and the two ways a
//! run breaks off.

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
    /// Something could not be opened, read or written.
    Infrastructure(anyhow::Error),
}

impl Failure {
    /// Sorts an error of writing standard output.
    pub(crate) fn from_output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::ReaderGone
        } else {
            Self::Infrastructure(anyhow::Error::new(error).context("cannot write standard output"))
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Pass => 0,
            Exit::Fail => 1,
            Exit::Invalid => 2,
            Exit::Infrastructure => 4,
        })
    }
}
