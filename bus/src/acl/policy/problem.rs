//! What is wrong with a policy file, shown at its place.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A policy file's problems; shown, each reads like a compiler's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    path: String,
    text: String,
    /// What is wrong; never empty.
    pub problems: Vec<PolicyProblem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblem {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The bytes of the file that are wrong; `None` for the file as a whole.
    pub place: Option<Range<usize>>,
}

impl PolicyError {
    pub(super) fn new(path: &str, text: &str, problems: Vec<PolicyProblem>) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), problems }
    }

    pub(super) fn unreadable(path: &str, why: &str) -> Self {
        let message = format!("cannot read the policy {path}: {why}");
        Self::new(path, "", vec![PolicyProblem { message, help: None, place: None }])
    }

    fn show(&self, problem: &PolicyProblem) -> String {
        let Some(place) = &problem.place else { return format!("error: {}", problem.message) };
        let snippet = Snippet::source(self.text.as_str())
            .path(self.path.as_str())
            .annotation(AnnotationKind::Primary.span(place.clone()));
        let mut group = Level::ERROR.primary_title(problem.message.as_str()).element(snippet);
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        Renderer::plain().render(&[group])
    }
}

impl PolicyProblem {
    pub(super) fn new(place: Range<usize>, message: String, help: Option<String>) -> Self {
        Self { message, help, place: Some(place) }
    }

    /// A refusal by the parser.
    pub(super) fn refused(error: &toml::de::Error) -> Self {
        Self {
            message: error.message().lines().collect::<Vec<_>>().join(", "),
            help: nearest(error.message()).map(|name| format!("did you mean `{name}`?")),
            place: error.span(),
        }
    }
}

/// The known name nearest to an unknown one, read from the parser's own message: the unknown name
/// stands there first, the known ones after it, all in backticks.
fn nearest(message: &str) -> Option<&str> {
    let names = message.strip_prefix("unknown ")?;
    let mut names = names.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let limit = (unknown.chars().count() / 3).max(2);
    let near = names.map(|known| (strsim::damerau_levenshtein(unknown, known), known));
    near.filter(|(distance, _)| *distance <= limit).min().map(|(_, known)| known)
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.problems.iter().map(|problem| self.show(problem)).collect();
        f.write_str(&shown.join("\n\n"))
    }
}

impl std::error::Error for PolicyError {}
