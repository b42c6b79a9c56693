//! `cargo xtask lean`: the collectors without the buses inside a process, as the last phase of a
//! migration leaves them. No crate of crossbeam comes in by whatever road, those of tests included,
//! and what is left compiles without a warning.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::{exit, run};

/// The package whose feature `legacy` has those buses, without it.
const LEAN: [&str; 3] = ["--package", "collector-core", "--no-default-features"];
/// How the names of the crates begin that are to be gone.
const GONE: &str = "crossbeam";

/// Checks both; the exit code to end with.
pub(crate) fn run(root: &Path) -> anyhow::Result<i32> {
    run::outlive_children()?;
    check(root)
}

/// The same for a caller that has installed its own Ctrl-C handler.
pub(crate) fn check(root: &Path) -> anyhow::Result<i32> {
    let tree = tree(root)?;
    let left = left(&tree);
    for name in &left {
        let command = format!("cargo tree {} --invert {name}", LEAN.join(" "));
        eprintln!("error: {name} still comes in; `{command}` shows how");
    }
    if !left.is_empty() {
        return Ok(exit::FAIL);
    }
    let mut lints = lints(root);
    println!("   {}", run::as_typed(&lints));
    Ok(if run::to_its_end(&mut lints)?.success() { exit::PASS } else { exit::FAIL })
}

/// What the package depends on, one crate on each line.
fn tree(root: &Path) -> anyhow::Result<String> {
    let mut command = run::cargo(root);
    command.arg("tree").args(LEAN).args(["--prefix", "none"]).stderr(Stdio::inherit());
    println!("   {}", run::as_typed(&command));
    let told = command.output().context("cannot run cargo")?;
    if !told.status.success() {
        bail!("cargo tells no dependencies of the package without its features");
    }
    Ok(String::from_utf8(told.stdout)?)
}

/// The crates of a tree that are to be gone.
fn left(tree: &str) -> BTreeSet<&str> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| name.starts_with(GONE)).collect()
}

fn lints(root: &Path) -> Command {
    let mut command = run::cargo(root);
    command.arg("clippy").args(LEAN).args(["--all-targets", "--quiet", "--", "-D", "warnings"]);
    command
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn every_crate_that_is_to_be_gone_is_found_once() {
        let tree = "collector-core v0.1.0\ncrossbeam-utils v0.8.23\nquanta v0.12.6\n\
                    crossbeam-utils v0.8.23 (*)\n[dev-dependencies]\ncrossbeam v0.8.5\n";
        assert_eq!(left(tree).into_iter().collect::<Vec<_>>(), ["crossbeam", "crossbeam-utils"]);
    }

    #[test]
    fn crates_of_other_names_may_stay() {
        assert!(left("collector-core v0.1.0\nnotify v8.2.0\nun-crossbeam v1.0.0\n").is_empty());
    }
}
