//! A policy file: rules of a site before the standard ones, and what strangers are (A1, A4).
//!
//! ```toml
//! format = 1
//! unidentified = "observer"    # or "refused", or any other role
//! standard = true              # whether the rules of the contract follow
//!
//! [[rule]]
//! effect = "deny"              # or "allow"
//! role = "observer"            # or any other role, "collector" for every kind, "any"
//! action = "subscribe"         # or "publish"
//! topics = "events.process.integrity"
//! ```

mod problem;

use std::fmt::Display;
use std::fs;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

pub use problem::{PolicyError, PolicyProblem};

use super::role::Role;
use super::rule::{Action, Effect, Rule, TopicTemplate};
use super::table::AccessControl;

/// The one version of the format there is.
const FORMAT: u32 = 1;
/// Largest policy file, bytes: a policy is read by people.
pub const MAX_POLICY_BYTES: u64 = 256 << 10;
/// How a file says that nobody is admitted without a token.
const REFUSED: &str = "refused";

/// What a policy file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The whole table, the standard rules included where they follow.
    pub access: AccessControl,
    /// What a client without a token is; `None` refuses it.
    pub unidentified: Option<Role>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: Spanned<u32>,
    #[serde(default)]
    unidentified: Option<Spanned<String>>,
    #[serde(default = "yes")]
    standard: bool,
    #[serde(default)]
    rule: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    effect: EffectWord,
    role: Spanned<String>,
    action: ActionWord,
    topics: Spanned<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EffectWord {
    Allow,
    Deny,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionWord {
    Publish,
    Subscribe,
}

fn yes() -> bool {
    true
}

impl Policy {
    /// The policy of a broker that has no file.
    pub fn standard() -> Self {
        Self { access: AccessControl::standard(), unidentified: Some(Role::Observer) }
    }

    /// Reads a file; all that is wrong with it is told at once.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let shown = path.display().to_string();
        let unreadable = |why: &str| PolicyError::unreadable(&shown, why);
        let bytes = fs::metadata(path).map_err(|error| unreadable(&error.to_string()))?.len();
        if bytes > MAX_POLICY_BYTES {
            return Err(unreadable(&format!("{bytes} bytes, the limit is {MAX_POLICY_BYTES}")));
        }
        let text = fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
        Self::parse(&text, &shown)
    }

    /// Reads a text; `path` is what problems call it.
    pub fn parse(text: &str, path: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text)
            .map_err(|error| PolicyError::new(path, text, vec![PolicyProblem::refused(&error)]))?;
        let mut problems = Vec::new();
        if *file.format.get_ref() != FORMAT {
            let message = format!("format {} is not known", file.format.get_ref());
            let help = Some(format!("this version reads format = {FORMAT}"));
            problems.push(PolicyProblem::new(file.format.span(), message, help));
        }
        let unidentified = unidentified(file.unidentified.as_ref(), &mut problems);
        let mut rules: Vec<Rule> =
            file.rule.iter().filter_map(|row| rule(row, &mut problems)).collect();
        if file.standard {
            rules.extend(AccessControl::standard().rules().iter().cloned());
        }
        let access = note(AccessControl::new(rules), file.format.span(), &mut problems);
        match access {
            Some(access) if problems.is_empty() => Ok(Self { access, unidentified }),
            _ => Err(PolicyError::new(path, text, problems)),
        }
    }
}

fn unidentified(said: Option<&Spanned<String>>, problems: &mut Vec<PolicyProblem>) -> Option<Role> {
    match said {
        None => Some(Role::Observer),
        Some(said) if said.get_ref() == REFUSED => None,
        Some(said) => note(said.get_ref().parse(), said.span(), problems),
    }
}

fn rule(row: &Row, problems: &mut Vec<PolicyProblem>) -> Option<Rule> {
    let roles = note(row.role.get_ref().parse(), row.role.span(), problems);
    let topics = note(TopicTemplate::new(row.topics.get_ref()), row.topics.span(), problems);
    let action = match row.action {
        ActionWord::Publish => Action::Publish,
        ActionWord::Subscribe => Action::Subscribe,
    };
    let effect = match row.effect {
        EffectWord::Allow => Effect::Allow,
        EffectWord::Deny => Effect::Deny,
    };
    Some(Rule { roles: roles?, action, topics: topics?, effect })
}

fn note<T, E: Display>(
    result: Result<T, E>,
    span: Range<usize>,
    problems: &mut Vec<PolicyProblem>,
) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(PolicyProblem::new(span, error.to_string(), None));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::{Decision, Principal};

    const DENIES: &str = r#"
format = 1
unidentified = "refused"

[[rule]]
effect = "deny"
role = "observer"
action = "subscribe"
topics = "events.process.integrity"
"#;

    fn told(text: &str) -> String {
        Policy::parse(text, "policy.toml").expect_err("wrong").to_string()
    }

    #[test]
    fn rules_of_a_file_come_before_the_standard_ones() {
        let policy = Policy::parse(DENIES, "policy.toml").expect("valid");
        assert_eq!(policy.unidentified, None);
        let observer = Principal::new("reader", Role::Observer).expect("an id");
        let access = policy.access.access_of(&observer);
        let integrity = "events.process.integrity".parse().expect("a pattern");
        assert_eq!(access.may_subscribe(&integrity), Decision::Denied { rule: Some(1) });
        assert!(access.may_subscribe(&"events.network.#".parse().expect("one")).is_allowed());
    }

    #[test]
    fn a_file_may_stand_alone() {
        let alone = DENIES.replace("unidentified = \"refused\"", "standard = false");
        let policy = Policy::parse(&alone, "policy.toml").expect("valid");
        assert_eq!(policy.access.rules().len(), 1);
        assert_eq!(policy.unidentified, Some(Role::Observer));
        assert_eq!(Policy::parse("format = 1", "p").expect("valid"), Policy::standard());
    }

    #[test]
    fn everything_wrong_is_told_at_its_place() {
        let wrong = DENIES
            .replace("format = 1", "format = 2")
            .replace("role = \"observer\"", "role = \"king\"")
            .replace("integrity", "*");
        let told = told(&wrong);
        for part in [
            "format 2 is not known",
            "policy.toml:2:10",
            "no role is called \"king\"",
            "policy.toml:7:8",
            "write `+` for one level",
            "^^^^^^^^^^^^^^^^",
        ] {
            assert!(told.contains(part), "{part} is not in\n{told}");
        }
    }

    #[test]
    fn a_key_nobody_knows_is_told_with_the_nearest_one() {
        let told = told(&DENIES.replace("topics", "topcis"));
        assert!(told.contains("unknown field `topcis`"), "{told}");
        assert!(told.contains("did you mean `topics`?") && told.contains("^^^^^^"), "{told}");
    }

    #[test]
    fn a_file_that_is_missing_or_too_large_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("policy.toml");
        let missing = Policy::read(&path).expect_err("missing").to_string();
        assert!(missing.starts_with("error: cannot read"), "{missing}");
        let long = "#".repeat(usize::try_from(MAX_POLICY_BYTES).expect("it fits") + 1);
        fs::write(&path, long).expect("written");
        let large = Policy::read(&path).expect_err("too large").to_string();
        assert!(large.contains("the limit is 262144"), "{large}");
    }
}
