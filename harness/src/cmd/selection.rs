//! Which cases a command is about: scenario files, a profile, a pattern over case ids.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::plan::expand::{Demands, expand_all};
use crate::plan::gates::{GateTable, matches_glob};
use crate::plan::{Bus, Case};
use crate::scenario::{self, Profile};

/// Name of the gate table in the folder of scenarios.
const GATES_FILE: &str = "gates.toml";

/// Cases to run and the gates over them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// In order of files, then of the matrix.
    pub cases: Vec<Case>,
    /// The gates, tightened by scenarios.
    pub table: GateTable,
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
}

/// Every problem of every file.
#[derive(Debug, Default)]
pub struct SelectionError {
    problems: Vec<String>,
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n\n"))
    }
}

impl std::error::Error for SelectionError {}

impl Wanted {
    /// Reads all files; a mistake in one that is not wanted is a mistake too.
    pub fn select(&self) -> Result<Selection, SelectionError> {
        let folder = self.folder.clone().unwrap_or_else(scenario::default_folder);
        let mut problems = Vec::new();
        let mut selection = Selection::default();
        match gates(&folder) {
            Ok(table) => selection.table = table,
            Err(problem) => problems.push(problem),
        }
        match scenario::find_files(&folder) {
            Ok(files) => {
                for file in files {
                    self.add(&file, &mut selection, &mut problems);
                }
            }
            Err(error) => problems.push(error.to_string()),
        }
        if problems.is_empty() { Ok(selection) } else { Err(SelectionError { problems }) }
    }

    /// The command that runs one of these cases alone on a bus, exactly as it ran here.
    pub fn rerun(&self, case: &str, bus: Bus) -> String {
        let Self { folder, profile, pattern: _, seed } = self;
        let from = folder
            .as_ref()
            .map_or_else(String::new, |folder| format!(" --scenarios '{}'", folder.display()));
        format!(
            "cargo xtask equivalence --scenario '{case}' --candidate {} --seed {seed} --profile \
             {}{from}",
            bus.as_str(),
            profile.as_str()
        )
    }

    fn add(&self, file: &Path, selection: &mut Selection, problems: &mut Vec<String>) {
        let expanded = scenario::load(file)
            .map_err(|error| error.to_string())
            .and_then(|said| expand_all(&said, self.profile, self.seed).map_err(|e| e.to_string()));
        match expanded {
            Ok(expanded) => {
                let wanted = expanded.cases.into_iter().filter(|case| self.is_wanted(case));
                for case in wanted {
                    tighten(&case, &expanded.demands, &mut selection.table, problems);
                    selection.cases.push(case);
                }
            }
            Err(problem) => problems.push(problem),
        }
    }

    fn is_wanted(&self, case: &Case) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| {
            matches_glob(pattern, &case.id) || matches_glob(pattern, &case.scenario)
        })
    }
}

fn tighten(case: &Case, demands: &Demands, table: &mut GateTable, problems: &mut Vec<String>) {
    for (metric, limit) in &demands.gates {
        if let Err(in_force) = table.tighten(*metric, &case.id, *limit) {
            problems.push(format!(
                "{}: gate {} of {limit} would loosen the {in_force} in {GATES_FILE}",
                case.id,
                metric.as_str()
            ));
        }
    }
}

/// The gate table; a folder without one gates nothing.
fn gates(folder: &Path) -> Result<GateTable, String> {
    let path = folder.join(GATES_FILE);
    if path.is_file() {
        GateTable::load(&path).map_err(|error| error.to_string())
    } else {
        Ok(GateTable::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(profile: Profile, seed: u64, pattern: Option<&str>) -> Wanted {
        let folder = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"));
        Wanted { folder, profile, pattern: pattern.map(str::to_owned), seed }
    }

    /// What follows an option in a command.
    fn value<'a>(command: &'a str, option: &str) -> &'a str {
        let mut words = command.split(' ').skip_while(|word| *word != option);
        words.nth(1).expect("the option has a value").trim_matches('\'')
    }

    #[test]
    fn a_rerun_derives_the_same_seed_for_the_same_case() {
        let wanted = project(Profile::Nightly, 7, Some("delivery/*"));
        let cases = wanted.select().expect("valid scenarios").cases;
        assert!(cases.iter().any(|case| case.id.contains('[')), "a matrix is among them");
        for case in cases {
            let command = wanted.rerun(&case.id, Bus::Process);
            let profile = Profile::ALL
                .into_iter()
                .find(|profile| profile.as_str() == value(&command, "--profile"));
            let again = project(
                profile.expect("a profile"),
                value(&command, "--seed").parse().expect("a number"),
                Some(value(&command, "--scenario")),
            );
            let found = again.select().expect("valid scenarios").cases;
            let seeds: Vec<_> = found.iter().map(|case| (case.id.as_str(), case.seed)).collect();
            assert_eq!(seeds, [(case.id.as_str(), case.seed)], "{command}");
        }
    }

    #[test]
    fn a_rerun_names_a_folder_that_is_not_the_projects_own() {
        let mut wanted = project(Profile::Pr, 1, None);
        wanted.folder = None;
        let own = "cargo xtask equivalence --scenario 'a/b[n=1]' --candidate agent --seed 1 \
                   --profile pr";
        assert_eq!(wanted.rerun("a/b[n=1]", Bus::Agent), own);
        wanted.folder = Some("elsewhere".into());
        assert_eq!(wanted.rerun("a/b[n=1]", Bus::Agent), format!("{own} --scenarios 'elsewhere'"));
    }
}
