//! Which cases a command is about: scenario files, a profile, a pattern over case ids.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::plan::expand::{Demands, expand_all};
use crate::plan::gates::{GateCell, GateTable, Metric, matches_glob};
use crate::plan::{Bus, Case};
use crate::scenario::{self, Profile};

/// Name of the gate table in the folder of scenarios.
const GATES_FILE: &str = "gates.toml";
/// Version of its format.
const GATES_FORMAT: u32 = 1;

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

/// The file of gates, as said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GatesFile {
    format: u32,
    gate: Vec<Gate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gate {
    metric: Metric,
    cases: String,
    buses: Vec<Bus>,
    limit: f64,
    enforced: bool,
}

/// The gate table; a folder without one gates nothing.
fn gates(folder: &Path) -> Result<GateTable, String> {
    let path = folder.join(GATES_FILE);
    let shown = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            return Ok(GateTable::default());
        }
        Err(cause) => return Err(format!("cannot read {shown}: {cause}")),
    };
    let said: GatesFile = toml::from_str(&text).map_err(|cause| format!("{shown}: {cause}"))?;
    if said.format != GATES_FORMAT {
        return Err(format!("{shown}: format {} is not {GATES_FORMAT}", said.format));
    }
    let cells = said.gate.into_iter().flat_map(|gate| {
        let Gate { metric, cases, buses, limit, enforced } = gate;
        let cell = move |bus| GateCell { metric, case: cases.clone(), bus, limit, enforced };
        buses.into_iter().map(cell)
    });
    Ok(GateTable { cells: cells.collect() })
}
