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
    /// A pattern over case ids and scenario names, `*` for any run of characters.
    pub pattern: Option<String>,
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

    /// Why nothing was selected, and what may have been meant.
    pub fn nothing(&self) -> String {
        let profile = self.profile.as_str();
        let Some(pattern) = &self.pattern else {
            return format!("error: no scenario is part of profile {profile}");
        };
        let elsewhere = Profile::ALL.into_iter().find(|other| !self.names(*other).0.is_empty());
        if let Some(other) = elsewhere {
            let other = other.as_str();
            return format!(
                "error: {pattern:?} is not part of profile {profile}; add `--profile {other}`"
            );
        }
        let known: Vec<String> =
            Profile::ALL.into_iter().flat_map(|profile| self.names(profile).1).collect();
        match scenario::suggestion(pattern, known.iter().map(String::as_str)) {
            Some(meant) => format!("error: no scenario {pattern:?}; did you mean {meant:?}?"),
            None => format!("error: no scenario {pattern:?}; `equivalence list` names them all"),
        }
    }

    /// Ids of a profile's wanted cases, and the names of all its cases and scenarios.
    fn names(&self, profile: Profile) -> (Vec<String>, Vec<String>) {
        let all = Self { profile, pattern: None, ..self.clone() };
        let cases = all.select().unwrap_or_default().cases;
        let wanted = cases.iter().filter(|case| self.is_wanted(case));
        let wanted = wanted.map(|case| case.id.clone()).collect();
        let known = cases.into_iter().flat_map(|case| [case.scenario, case.id]);
        (wanted, known.collect())
    }

    fn is_wanted(&self, case: &Case) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| {
            matches_glob(pattern, &case.id) || matches_glob(pattern, &case.scenario)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn project(profile: Profile, seed: u64, pattern: Option<&str>) -> Wanted {
        let folder = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"));
        let pattern = pattern.map(str::to_owned);
        Wanted { folder, profile, pattern, seed, baseline: Bus::Crossbeam }
    }

    #[test]
    fn a_pattern_of_another_profile_is_told_from_a_typo() {
        let typo = project(Profile::Smoke, 1, Some("delivery/stedy-small"));
        let meant =
            r#"error: no scenario "delivery/stedy-small"; did you mean "delivery/steady-small"?"#;
        assert_eq!(typo.nothing(), meant);
        let nowhere = project(Profile::Smoke, 1, Some("x*y"));
        assert!(nowhere.nothing().ends_with("`equivalence list` names them all"));
        let cases = |profile| project(profile, 1, None).select().expect("valid scenarios").cases;
        let smoke: Vec<String> = cases(Profile::Smoke).into_iter().map(|case| case.id).collect();
        let later = cases(Profile::Nightly).into_iter().find(|case| !smoke.contains(&case.id));
        let id = later.expect("nightly has more than smoke").id;
        let told = project(Profile::Smoke, 1, Some(&id)).nothing();
        assert!(told.contains("is not part of profile smoke; add `--profile "), "{told}");
    }
}
