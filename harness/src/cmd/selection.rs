//! Which cases a command is about: scenario files, a profile, a pattern over case ids.

use std::path::PathBuf;

use super::folder_or_default;
use super::scenarios::{ScenariosError, criteria, gates, load_all, tighten};
use crate::plan::expand::expand_all;
use crate::plan::gates::{GateTable, matches_glob};
use crate::plan::ledger::{Criterion, Known};
use crate::plan::{Bus, Case};
use crate::scenario::{self, Profile, Scenario};

/// Cases to run and the gates over them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// In order of files, then of the matrix.
    pub cases: Vec<Case>,
    /// The gates, tightened by scenarios.
    pub table: GateTable,
    /// The success criteria, with the cases of the profile that are evidence for them.
    pub criteria: Vec<Criterion>,
    /// Every scenario of the folder, wanted or not.
    pub scenarios: Vec<Scenario>,
}

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Folder of scenario files; `None` for the project's own.
    pub folder: Option<PathBuf>,
    /// How much of every scenario.
    pub profile: Profile,
    /// Patterns over case ids and scenario names, `*` for any run of characters: a case is wanted by any
    /// of them, without one every case is.
    pub patterns: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
    /// The bus the others are compared with.
    pub baseline: Bus,
}

impl Wanted {
    /// Reads all files; a mistake in one that is not wanted is a mistake too.
    pub fn select(&self) -> Result<Selection, ScenariosError> {
        let folder = folder_or_default(self.folder.as_deref());
        let mut problems = ScenariosError::default();
        let mut table = gates(&folder, &mut problems);
        let (mut cases, mut known) = (Vec::new(), Vec::new());
        let scenarios = load_all(&folder, &[], &mut problems);
        for scenario in &scenarios {
            match expand_all(scenario, self.profile, self.seed) {
                Ok(mut expanded) => {
                    known.push(Known::of(scenario, &expanded.cases));
                    expanded.cases.retain(|case| self.is_wanted(case));
                    tighten(scenario, &expanded, &mut table, &mut problems);
                    cases.extend(expanded.cases);
                }
                Err(mistakes) => problems.mistake(&mistakes),
            }
        }
        let criteria = criteria(&folder, &known, &table, &mut problems);
        problems.or(Selection { cases, table, criteria, scenarios })
    }

    /// Why a pattern, or all of them, selects nothing, and what may have been meant.
    pub fn complaint(&self, selection: &Selection) -> Option<String> {
        let selects =
            |pattern: &&String| selection.cases.iter().any(|case| is_named(pattern, case));
        match self.patterns.iter().find(|pattern| !selects(pattern)) {
            Some(pattern) => Some(self.nothing(pattern)),
            None if selection.cases.is_empty() => {
                let profile = self.profile.as_str();
                Some(format!("error: no scenario is part of profile {profile}"))
            }
            None => None,
        }
    }

    fn nothing(&self, pattern: &str) -> String {
        let profile = self.profile.as_str();
        let elsewhere =
            Profile::ALL.into_iter().find(|other| !self.names(*other, pattern).0.is_empty());
        if let Some(other) = elsewhere {
            let other = other.as_str();
            return format!(
                "error: {pattern:?} is not part of profile {profile}; add `--profile {other}`"
            );
        }
        let known: Vec<String> =
            Profile::ALL.into_iter().flat_map(|profile| self.names(profile, pattern).1).collect();
        match scenario::suggestion(pattern, known.iter().map(String::as_str)) {
            Some(meant) => format!("error: no scenario {pattern:?}; did you mean {meant:?}?"),
            None => format!("error: no scenario {pattern:?}; `equivalence list` names them all"),
        }
    }

    /// Ids of a profile's cases that a pattern names, and the names of all its cases and scenarios.
    fn names(&self, profile: Profile, pattern: &str) -> (Vec<String>, Vec<String>) {
        let all = Self { profile, patterns: Vec::new(), ..self.clone() };
        let cases = all.select().unwrap_or_default().cases;
        let named = cases.iter().filter(|case| is_named(pattern, case));
        let named = named.map(|case| case.id.clone()).collect();
        let known = cases.into_iter().flat_map(|case| [case.scenario, case.id]);
        (named, known.collect())
    }

    fn is_wanted(&self, case: &Case) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| is_named(pattern, case))
    }
}

fn is_named(pattern: &str, case: &Case) -> bool {
    matches_glob(pattern, &case.id) || matches_glob(pattern, &case.scenario)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn project(profile: Profile, seed: u64, pattern: Option<&str>) -> Wanted {
        let folder = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"));
        let patterns = pattern.map(str::to_owned).into_iter().collect();
        Wanted { folder, profile, patterns, seed, baseline: Bus::Crossbeam }
    }

    /// What is complained of.
    fn complaint(wanted: &Wanted) -> String {
        let selection = wanted.select().expect("valid scenarios");
        wanted.complaint(&selection).expect("a pattern selects nothing")
    }

    #[test]
    fn a_pattern_of_another_profile_is_told_from_a_typo() {
        let typo = project(Profile::Smoke, 1, Some("delivery/stedy-small"));
        let meant =
            r#"error: no scenario "delivery/stedy-small"; did you mean "delivery/steady-small"?"#;
        assert_eq!(complaint(&typo), meant);
        let nowhere = project(Profile::Smoke, 1, Some("x*y"));
        assert!(complaint(&nowhere).ends_with("`equivalence list` names them all"));
        let cases = |profile| project(profile, 1, None).select().expect("valid scenarios").cases;
        let smoke: Vec<String> = cases(Profile::Smoke).into_iter().map(|case| case.id).collect();
        let later = cases(Profile::Nightly).into_iter().find(|case| !smoke.contains(&case.id));
        let id = later.expect("nightly has more than smoke").id;
        let told = complaint(&project(Profile::Smoke, 1, Some(&id)));
        assert!(told.contains("is not part of profile smoke; add `--profile "), "{told}");
    }

    #[test]
    fn each_of_several_patterns_must_select_something() {
        let mut wanted = project(Profile::Smoke, 1, Some("delivery/*"));
        let alone = wanted.select().expect("valid scenarios");
        assert_eq!(wanted.complaint(&alone), None);
        wanted.patterns.push("topics/*".to_owned());
        let both = wanted.select().expect("valid scenarios");
        assert!(both.cases.len() > alone.cases.len());
        wanted.patterns.push("delivery/stedy-small".to_owned());
        assert!(complaint(&wanted).contains("did you mean"));
    }
}
