//! What is wrong with a configuration, shown at its place.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::Origin;
use super::wording::plain;
use crate::spelling::nearest;

/// One configuration's problems; shown, each reads like a compiler's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The layer it is in.
    pub origin: Origin,
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
    /// The file's text and the bytes of it that are wrong.
    pub place: Option<(String, Range<usize>)>,
}

impl ConfigError {
    pub(super) fn one(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }

    pub(super) fn unreadable(path: PathBuf, error: &std::io::Error) -> Self {
        Self::one(Problem {
            origin: Origin::File { path },
            message: format!("cannot read the file: {error}"),
            suggestion: None,
            place: None,
        })
    }
}

impl Problem {
    /// A refusal by the parser, with its span when the layer is a text.
    pub(super) fn refused(origin: Origin, error: &toml::de::Error, text: Option<&str>) -> Self {
        Self {
            origin,
            message: plain(&error.message().lines().collect::<Vec<_>>().join(", ")),
            suggestion: suggestion(error.message()),
            place: text.zip(error.span()).map(|(text, span)| (text.to_owned(), span)),
        }
    }
}

/// The known name nearest to an unknown one, read from the parser's own message: the unknown
/// name stands there first, the known ones after it, all in backticks.
fn suggestion(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    nearest(unknown, names).map(str::to_owned)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let help = self.suggestion.as_ref().map(|name| format!("did you mean `{name}`?"));
        let (Some((text, span)), Origin::File { path }) = (&self.place, &self.origin) else {
            write!(f, "error: {}: {}", self.origin, self.message)?;
            return help.map_or(Ok(()), |help| write!(f, "; {help}"));
        };
        let path = path.display().to_string();
        let mut group = Level::ERROR.primary_title(self.message.as_str()).element(
            Snippet::source(text.as_str())
                .path(path)
                .annotation(AnnotationKind::Primary.span(span.clone())),
        );
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested() {
        let message = "unknown field `bus_tpye`, expected `bus_type` or `socket_path`";
        assert_eq!(suggestion(message).as_deref(), Some("bus_type"));
    }

    #[test]
    fn a_far_name_is_not_suggested() {
        let message = "unknown field `colour`, expected `bus_type` or `socket_path`";
        assert_eq!(suggestion(message), None);
    }

    #[test]
    fn other_messages_suggest_nothing() {
        assert_eq!(suggestion("invalid type: `3`, expected `4`"), None);
    }
}
