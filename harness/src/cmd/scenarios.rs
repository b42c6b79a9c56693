//! The folder of scenarios as every verb reads it: each file named after its path, hence no name twice;
//! no gate looser than the table's. What a scenario means is `plan::expand`'s.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::EXIT_INVALID;
use crate::plan::expand::Expanded;
use crate::plan::gates::{GateTable, Metric, TightenError};
use crate::plan::ledger::{self, Criterion, Known};
use crate::plan::refusals;
use crate::report::Exit;
use crate::scenario::{FilesError, OTHER_FILES, Problem, Problems, Scenario, find_files, load};

/// Name of the gate table in the folder of scenarios.
const GATES_FILE: &str = "gates.toml";
/// Name of the ledger of success criteria there.
const LEDGER_FILE: &str = "ledger.toml";

/// Every problem of every file.
#[derive(Debug, Default)]
pub struct ScenariosError {
    problems: Vec<String>,
    /// Whether one of them is a mistake, and not a file that cannot be read.
    is_invalid: bool,
}

impl fmt::Display for ScenariosError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n\n"))
    }
}

impl std::error::Error for ScenariosError {}

impl ScenariosError {
    /// A mistake is the user's; a file or folder that cannot be read is infrastructure.
    pub fn exit(&self) -> ExitCode {
        let code = if self.is_invalid { EXIT_INVALID } else { Exit::Infrastructure.code() };
        ExitCode::from(code)
    }

    /// One more mistake.
    pub(super) fn mistake(&mut self, problem: &dyn fmt::Display) {
        self.is_invalid = true;
        self.problems.push(problem.to_string());
    }

    /// A mistake that shows only beside other files, at the value of a key.
    fn at(&mut self, scenario: &Scenario, keys: &[&str], title: String, label: String) {
        let span = scenario.span_of(keys).unwrap_or_default();
        let list = vec![Problem::new(&span, title, label)];
        let told = Problems::of(&scenario.source, list).expect("there is one");
        self.mistake(&told);
    }

    fn file(&mut self, error: &FilesError) {
        match error {
            FilesError::Read { .. } => self.problems.push(format!("error: {error}")),
            FilesError::TooLarge { .. } => self.mistake(&format_args!("error: {error}")),
            FilesError::Syntax(_) => self.mistake(error),
        }
    }

    /// The value, unless there are problems.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.problems.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// Reads the files named, those below the folders named, or all of the scenarios' folder; every problem
/// is told, not only the first file's.
pub(super) fn load_all(
    folder: &Path,
    named: &[PathBuf],
    problems: &mut ScenariosError,
) -> Vec<Scenario> {
    let files = if named.is_empty() {
        find_files(folder).map_err(|error| problems.file(&error)).unwrap_or_default()
    } else {
        named.iter().flat_map(|path| files_of(path, problems)).collect()
    };
    let mut scenarios = Vec::new();
    let is_other =
        |file: &Path| OTHER_FILES.iter().any(|name| file.file_name() == Some(OsStr::new(name)));
    for file in files.iter().filter(|file| !is_other(file)) {
        match load(file) {
            Ok(scenario) => {
                if let Some(own) = inside(file, folder) {
                    hold_to_path(&scenario, &own, problems);
                }
                scenarios.push(scenario);
            }
            Err(error) => problems.file(&error),
        }
    }
    scenarios
}

/// A file that is named, or all scenario files below a folder that is. One that is not there, or a
/// folder without any, is a mistake of whoever named it.
fn files_of(path: &Path, problems: &mut ScenariosError) -> Vec<PathBuf> {
    if !path.exists() {
        problems.mistake(&format_args!("error: there is no file or folder {}", path.display()));
        return Vec::new();
    }
    if !path.is_dir() {
        return vec![path.to_path_buf()];
    }
    match find_files(path) {
        Ok(files) if files.is_empty() => {
            let path = path.display();
            problems.mistake(&format_args!("error: there is no scenario file below {path}"));
            files
        }
        Ok(files) => files,
        Err(error) => {
            problems.file(&error);
            Vec::new()
        }
    }
}

/// The gate table; a folder without one gates nothing.
pub(super) fn gates(folder: &Path, problems: &mut ScenariosError) -> GateTable {
    let path = folder.join(GATES_FILE);
    if !path.is_file() {
        return GateTable::default();
    }
    GateTable::load(&path).map_err(|error| problems.mistake(&error)).unwrap_or_default()
}

/// The success criteria; a folder without a ledger has none. It may name these scenarios, all of the folder.
pub(super) fn criteria(
    folder: &Path,
    known: &[Known],
    table: &GateTable,
    problems: &mut ScenariosError,
) -> Vec<Criterion> {
    let path = folder.join(LEDGER_FILE);
    // A scenario with a mistake is known to nobody yet: that the ledger names it is no mistake of its own.
    if !path.is_file() || !problems.problems.is_empty() {
        return Vec::new();
    }
    let read = ledger::load(&path, known, table);
    read.map_err(|error| problems.mistake(&error)).unwrap_or_default()
}

/// What was refused must be of one of these scenarios, all of the folder.
pub(super) fn refusals(folder: &Path, known: &[Known], problems: &mut ScenariosError) {
    // As of the ledger: a scenario with a mistake is known to nobody yet.
    if !problems.problems.is_empty() {
        return;
    }
    let names: Vec<&str> = known.iter().map(|known| known.scenario.as_str()).collect();
    if let Err(error) = refusals::load(folder, &names) {
        problems.mistake(&error);
    }
}

/// Enters the gates of a scenario's cases; one that would loosen the table's, or that has none there to
/// tighten, is a mistake.
pub(super) fn tighten(
    scenario: &Scenario,
    expanded: &Expanded,
    table: &mut GateTable,
    problems: &mut ScenariosError,
) {
    for (metric, limit) in &expanded.demands.gates {
        let mut refused = None;
        for case in &expanded.cases {
            let error = table.tighten(*metric, &case.id, *limit).err();
            refused = refused.or(error.map(|error| (case.id.as_str(), error)));
        }
        if let Some((case, error)) = refused {
            let (title, label) = match error {
                TightenError::Looser(in_force) => looser(*metric, *limit, in_force),
                TightenError::Uncovered => uncovered(*metric, case, table),
            };
            problems.at(scenario, &["gate", metric.as_str(), "limit"], title, label);
        }
    }
}

fn looser(metric: Metric, limit: f64, in_force: f64) -> (String, String) {
    let metric = metric.as_str();
    let title = format!("gate {metric} of {limit} would loosen the {in_force} in {GATES_FILE}");
    let label = format!("a scenario may only be stricter: write {in_force}, or leave it out");
    (title, label)
}

/// The limit of a case that no gate covers, with the cases that some gate does.
fn uncovered(metric: Metric, case: &str, table: &GateTable) -> (String, String) {
    let name = metric.as_str();
    let title = format!("no gate {name} in {GATES_FILE} covers {case}: there is none to tighten");
    let label = match table.patterns(metric).as_slice() {
        [] => format!("add a `[[gate]]` for {name} to {GATES_FILE}, or leave it out"),
        patterns => {
            let patterns = patterns.join(", ");
            format!("it has one for {patterns}; name the scenario so, or add a `[[gate]]` there")
        }
    };
    (title, label)
}

/// The name a file of the folder stands for: its path below it, without an extension. `None` where it is
/// none of the folder's: a copy elsewhere may be called anything.
fn inside(file: &Path, folder: &Path) -> Option<String> {
    let file = std::path::absolute(file).ok()?;
    // A link is a file of the folder it lies in, wherever it leads.
    let parent = file.parent()?.canonicalize().ok()?;
    let below = parent.strip_prefix(folder.canonicalize().ok()?).ok()?;
    let own = below.join(file.file_stem()?);
    let words: Vec<_> = own.iter().map(OsStr::to_string_lossy).collect();
    Some(words.join("/"))
}

/// Tells a name that is not the path; one that was refused is told by the plan.
fn hold_to_path(scenario: &Scenario, own: &str, problems: &mut ScenariosError) {
    let Scenario { name, source, .. } = scenario;
    if name.is_empty() || name == own {
        return;
    }
    let title = format!("{} is named {name:?}", source.path);
    let label = format!("a scenario is named after its path: write {own:?}");
    problems.at(scenario, &["name"], title, label);
}
