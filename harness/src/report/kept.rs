//! What is kept of runs, to be compared with later ones: ratios, by class of host.
//!
//! A folder for each class (METHOD §4: ratios of different ones may not be compared), in it a file for each
//! run, named so that they sort by time. Trials are left out: a report has them, a history need not.

use std::fs;
use std::path::{Path, PathBuf};

use super::write::{WriteError, put};
use super::{CurveRow, ReadError, Run, read_file};

/// Most files read of one class of hosts, the latest: a page must end somewhere.
const MOST_RUNS: usize = 200;
/// Characters of a revision in a name.
const REVISION: usize = 12;

/// Keeps a run below `folder`; returns its file.
pub fn keep(folder: &Path, run: &Run) -> Result<PathBuf, WriteError> {
    let class = folder.join(class_dir(&run.host.class()));
    fs::create_dir_all(&class)
        .map_err(|source| WriteError::File { path: class.clone(), source })?;
    let revision: String = run.revision.chars().take(REVISION).collect();
    // Ten digits until the year 2286.
    let name = format!("{:010}-{revision}.json", run.started_unix_s);
    put(&class, &name, &serde_json::to_string_pretty(&bare(run))?)?;
    Ok(class.join(name))
}

/// All runs of one class of hosts that are kept below `folder`, oldest first.
pub fn kept(folder: &Path, class: &str) -> Result<Vec<Run>, ReadError> {
    runs_in(&folder.join(class_dir(class)))
}

/// The runs of every class of hosts, each oldest first.
pub fn all_kept(folder: &Path) -> Result<Vec<Vec<Run>>, ReadError> {
    let mut classes = entries(folder)?;
    classes.retain(|path| path.is_dir());
    let runs: Result<Vec<Vec<Run>>, ReadError> =
        classes.iter().map(|class| runs_in(class)).collect();
    Ok(runs?.into_iter().filter(|runs| !runs.is_empty()).collect())
}

fn runs_in(class: &Path) -> Result<Vec<Run>, ReadError> {
    if !class.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = entries(class)?;
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    let beyond = files.len().saturating_sub(MOST_RUNS);
    files[beyond..].iter().map(|file| read_file(file)).collect()
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let failed = |source| ReadError::File { path: folder.to_path_buf(), source };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(failed)?;
    paths.sort();
    Ok(paths)
}

/// A class as the name of a folder: letters and digits in lower case, `-` for what is between.
fn class_dir(class: &str) -> String {
    let lower = class.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// The run without its trials.
fn bare(run: &Run) -> Run {
    let curve = |row: &CurveRow| CurveRow { trials: Vec::new(), ..row.clone() };
    let mut bare = Run {
        evidence: Vec::new(),
        traced: Vec::new(),
        curves: run.curves.iter().map(curve).collect(),
        ..run.clone()
    };
    for row in &mut bare.behaviour {
        row.processes.clear();
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Bus;
    use crate::report::sample::{run, traced};

    #[test]
    fn runs_are_kept_by_class_of_host_and_come_back_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut other = run();
        other.host.cores = 64;
        let mut later = run();
        later.started_unix_s += 1;
        let first = Run { traced: vec![traced(Bus::Process)], ..run() };
        for run in [&later, &first, &other] {
            keep(folder.path(), run).expect("it can be written");
        }
        let starts =
            |runs: &[Run]| -> Vec<u64> { runs.iter().map(|run| run.started_unix_s).collect() };
        let own = kept(folder.path(), &run().host.class()).expect("they can be read");
        assert_eq!(starts(&own), [1_000, 1_001]);
        assert_eq!(own[0].performance, run().performance);
        assert_eq!(own[0].traced, [], "trials are left out");
        assert_eq!(all_kept(folder.path()).expect("they can be read").len(), 2);
        assert!(kept(folder.path(), "another").expect("nothing is no error").is_empty());
    }

    #[test]
    fn a_class_is_a_plain_name() {
        let class = "Intel(R) Xeon(R), 2 cores, linux 6.1/x";
        assert_eq!(class_dir(class), "intel-r-xeon-r-2-cores-linux-6-1-x");
    }
}
