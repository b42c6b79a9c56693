//! `check [FILE…]`: every mistake of every file, each at its place.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{EXIT_INVALID, complain, folder_or_default};
use crate::plan::expand::{check, expand_all};
use crate::plan::gates::GateTable;
use crate::report::counted;
use crate::scenario::{Profile, Scenario, find_files, load};

/// Name of the gate table in the folder of scenarios.
const GATES_FILE: &str = "gates.toml";

/// Check scenario files without running anything. Exits 0 when all are valid, else 2.
#[derive(Debug, Clone, Default, Args)]
pub struct CheckArgs {
    /// Files to check; all scenarios and the gate table when none is named.
    pub files: Vec<PathBuf>,
    /// Folder of the scenarios, instead of the project's own.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Checks, and tells the mistakes on standard error.
pub fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let folder = folder_or_default(args.folder.as_deref());
    let gates_file = folder.join(GATES_FILE);
    let mut told = Vec::new();
    let gates = read_gates(&gates_file, &mut told);
    let files = if args.files.is_empty() { find_files(&folder)? } else { args.files.clone() };
    let mut valid = 0;
    for file in files.iter().filter(|file| file.file_name() != gates_file.file_name()) {
        let mistakes = mistakes(file, &folder, &gates);
        valid += usize::from(mistakes.is_empty());
        told.extend(mistakes);
    }
    if told.is_empty() {
        let files = counted(valid, "scenario file is", "scenario files are");
        writeln!(stdout(), "{files} valid")?;
        return Ok(ExitCode::SUCCESS);
    }
    complain(&told.join("\n\n"));
    Ok(ExitCode::from(EXIT_INVALID))
}

fn read_gates(path: &Path, told: &mut Vec<String>) -> GateTable {
    if !path.exists() {
        return GateTable::default();
    }
    GateTable::load(path).unwrap_or_else(|error| {
        told.push(error.to_string());
        GateTable::default()
    })
}

fn mistakes(file: &Path, folder: &Path, gates: &GateTable) -> Vec<String> {
    let scenario = match load(file) {
        Ok(scenario) => scenario,
        Err(error) => return vec![error.to_string()],
    };
    let mut told: Vec<String> = check(&scenario).err().iter().map(ToString::to_string).collect();
    if told.is_empty() {
        told.extend(loosened(&scenario, gates));
    }
    if lies_in(file, folder) && !has_its_path(&scenario, file) {
        told.push(format!(
            "error: {} is named {:?}; a scenario is named after its path",
            file.display(),
            scenario.name
        ));
    }
    told
}

/// Gates the scenario would loosen.
fn loosened(scenario: &Scenario, gates: &GateTable) -> Vec<String> {
    let mut told = Vec::new();
    let Ok(expanded) = expand_all(scenario, Profile::Release, 0) else { return told };
    for (metric, limit) in &expanded.demands.gates {
        let tightened = |id: &str| gates.clone().tighten(*metric, id, *limit);
        if let Some(in_force) = expanded.cases.iter().find_map(|case| tightened(&case.id).err()) {
            told.push(format!(
                "error: {}: gate {} of {limit} would loosen the {in_force} in {GATES_FILE}",
                scenario.source.path,
                metric.as_str(),
            ));
        }
    }
    told
}

/// Whether the file is one of the folder's; a copy elsewhere may be called anything.
fn lies_in(file: &Path, folder: &Path) -> bool {
    match (file.canonicalize(), folder.canonicalize()) {
        (Ok(file), Ok(folder)) => file.starts_with(folder),
        _ => false,
    }
}

/// Whether the file's path ends with the scenario's name.
fn has_its_path(scenario: &Scenario, file: &Path) -> bool {
    let wanted: PathBuf = scenario.name.split('/').collect();
    file.with_extension("").ends_with(wanted)
}
