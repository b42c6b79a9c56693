//! Questions on a terminal, one a line, with what is meant by no answer in brackets.

use std::io::{self, BufRead, Read as _, Write};

use thiserror::Error;

/// Longest answer, bytes: a summary of a screen.
const MAX_ANSWER_BYTES: u64 = 2000;
/// How often a question is asked before it is given up.
const TRIES: usize = 3;

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum AskError {
    /// The terminal cannot be read or written.
    #[error("the terminal is gone: {0}")]
    Terminal(#[from] io::Error),
    /// Nobody answers any more.
    #[error("no answer to `{0}`")]
    Ended(&'static str),
    /// No answer was one.
    #[error("{TRIES} answers to `{0}` that cannot be")]
    Refused(&'static str),
}

/// Where questions are put and answers come from.
pub(super) struct Terminal<'a> {
    input: &'a mut dyn BufRead,
    output: &'a mut dyn Write,
}

impl<'a> Terminal<'a> {
    /// Questions to one, answers from the other.
    pub(super) fn new(input: &'a mut dyn BufRead, output: &'a mut dyn Write) -> Self {
        Self { input, output }
    }

    /// Shows a text, with a line end.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.output, "{text}")
    }

    /// Asks until there is an answer; what cannot be one is told, and asked for again a few times.
    pub(super) fn ask<T>(
        &mut self,
        name: &'static str,
        what: &str,
        default: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, AskError> {
        writeln!(self.output, "{name}: {what}")?;
        let usual = default.map_or_else(String::new, |usual| format!("[{usual}] "));
        for _ in 0..TRIES {
            write!(self.output, "  {usual}> ")?;
            self.output.flush()?;
            let line = self.line()?.ok_or(AskError::Ended(name))?;
            let answer = if line.is_empty() { default.unwrap_or_default() } else { &line };
            match read(answer) {
                Ok(answer) => return Ok(answer),
                Err(why) => writeln!(self.output, "  {why}")?,
            }
        }
        Err(AskError::Refused(name))
    }

    /// The next line without what surrounds it; `None` at the end, also of one that is too long.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        (&mut *self.input).take(MAX_ANSWER_BYTES).read_line(&mut line)?;
        Ok(line.ends_with('\n').then(|| line.trim().to_owned()))
    }
}
