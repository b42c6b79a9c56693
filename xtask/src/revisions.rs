//! Another revision's harness, built beside this one's: its actors take part in a run as the baseline.
//!
//! A revision is checked out into a folder of its own below `target/revisions/`, built there and kept as one
//! executable by its commit, so that the next run against it has nothing to build. Your working tree stays as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::run;

/// What asks for another revision: `--baseline process@REV`.
const OPTION: &str = "--baseline";

/// A bus as another revision has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Which word of the arguments says so.
    at: usize,
    bus: String,
    revision: String,
    /// Whether option and value are one word, `--baseline=process@REV`.
    joined: bool,
}

impl Asked {
    /// Whether its bus is one of these: each begins a line.
    pub(crate) fn is_of_one(&self, buses: &str) -> bool {
        buses.lines().any(|line| line.split_whitespace().next() == Some(&self.bus))
    }
}

/// The revision that arguments ask for, if they do.
pub(crate) fn asked(arguments: &[String]) -> Option<Asked> {
    let split = |value: &str| {
        let (bus, revision) = value.split_once('@')?;
        (!revision.is_empty()).then(|| (bus.to_owned(), revision.to_owned()))
    };
    arguments.iter().enumerate().find_map(|(at, word)| {
        let (value, joined) = match word.strip_prefix(OPTION) {
            Some("") => (arguments.get(at + 1)?.as_str(), false),
            Some(rest) => (rest.strip_prefix('=')?, true),
            None => return None,
        };
        let (bus, revision) = split(value)?;
        Some(Asked { at, bus, revision, joined })
    })
}

/// Builds a commit of what is asked for; the arguments for the harness, which name it and the executable.
pub(crate) fn built(
    root: &Path,
    (asked, commit): (&Asked, &str),
    features: &[&str],
    arguments: &[String],
) -> anyhow::Result<Vec<String>> {
    let executable = executable(root, commit, features)?;
    Ok(replaced(asked, commit, &executable, arguments))
}

fn replaced(asked: &Asked, commit: &str, executable: &Path, arguments: &[String]) -> Vec<String> {
    let words = if asked.joined { 1 } else { 2 };
    let mut own = arguments.to_vec();
    let named = [
        OPTION.to_owned(),
        format!("{}@{commit}", asked.bus),
        "--baseline-executable".to_owned(),
        executable.display().to_string(),
    ];
    own.splice(asked.at..asked.at + words, named);
    own
}

/// The full name of the commit that is asked for.
pub(crate) fn commit(root: &Path, asked: &Asked) -> anyhow::Result<String> {
    let revision = &asked.revision;
    let wanted = format!("{revision}^{{commit}}");
    let output = Command::new("git")
        .current_dir(root)
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])
        .output()
        .context("git is needed to find another revision")?;
    if !output.status.success() {
        bail!("there is no revision {revision:?}; `git log --oneline` names them");
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The harness of a commit, built unless it was before.
fn executable(root: &Path, commit: &str, features: &[&str]) -> anyhow::Result<PathBuf> {
    let folder = root.join("target/revisions");
    let suffix = std::env::consts::EXE_SUFFIX;
    let built_in: Vec<&str> = features.iter().filter_map(|one| one.split('/').nth(1)).collect();
    let kept = folder
        .join(format!("equivalence-{}{suffix}", [&[commit], &built_in[..]].concat().join("+")));
    if kept.is_file() {
        return Ok(kept);
    }
    let tree = folder.join(format!("tree-{commit}"));
    checked_out(root, commit, &tree)?;
    let ended = build(&tree, &folder.join("build"), features);
    let found = folder.join("build/release").join(format!("equivalence{suffix}"));
    // Renamed into its place: a run that is killed leaves no half of one.
    let placed = ended.and_then(|()| {
        let partial = kept.with_extension("partial");
        fs::copy(&found, &partial)?;
        Ok(fs::rename(&partial, &kept)?)
    });
    removed(root, &tree);
    placed.map(|()| kept)
}

fn checked_out(root: &Path, commit: &str, tree: &Path) -> anyhow::Result<()> {
    // What a killed run left is in the way.
    removed(root, tree);
    let mut command = Command::new("git");
    command
        .current_dir(root)
        .args(["worktree", "add", "--quiet", "--detach"])
        .arg(tree)
        .arg(commit);
    if !run::to_its_end(&mut command)?.success() {
        bail!("{commit} cannot be checked out into {}", tree.display());
    }
    Ok(())
}

fn removed(root: &Path, tree: &Path) {
    let mut command = Command::new("git");
    command.current_dir(root).args(["worktree", "remove", "--force"]).arg(tree);
    // Where there is none git says so, which is of no interest.
    let _ = command.output();
}

fn build(tree: &Path, target: &Path, features: &[&str]) -> anyhow::Result<()> {
    let mut command = run::cargo(tree);
    command.args(["build", "--release", "--bin", "equivalence", "-p", "equivalence"]);
    command.arg("--target-dir").arg(target);
    for feature in features {
        command.args(["--features", feature]);
    }
    eprintln!("building the baseline: {}", run::as_typed(&command));
    if !run::to_its_end(&mut command)?.success() {
        bail!("the baseline's revision does not build");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_revision_is_asked_for_in_one_word_or_two() {
        for line in
            ["run --baseline process@HEAD~1 --seed 1", "run --baseline=process@HEAD~1 --seed 1"]
        {
            let arguments = words(line);
            let asked = asked(&arguments).expect("a revision");
            let own = replaced(&asked, "abc", Path::new("there"), &arguments);
            let expected = "run --baseline process@abc --baseline-executable there --seed 1";
            assert_eq!(own, words(expected), "{line}");
        }
    }

    #[test]
    fn a_bus_is_one_that_the_harness_lists() {
        let asked = asked(&words("--baseline process@HEAD")).expect("a revision");
        assert!(asked.is_of_one("agent    all in one\nprocess  each alone\n"));
        assert!(!asked.is_of_one("processes  each alone\n"));
    }

    #[test]
    fn a_bus_of_this_revision_asks_for_none() {
        for line in
            ["--baseline process", "--baseline", "--baseline process@", "--baselines a@b", ""]
        {
            assert_eq!(asked(&words(line)), None, "{line}");
        }
    }
}
