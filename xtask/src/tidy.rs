//! `cargo xtask tidy`: what the compiler and clippy do not check.
//!
//! Each check is one file: a function from the [`Tree`] of the workspace to [`Finding`]s. Rust is
//! read as tokens, so comments and strings are never mistaken for code.

use std::path::Path;

use anyhow::Context as _;

use crate::exit;

mod tree;

mod package;

mod scan;

mod modules;

mod rooms;

mod layers;

mod cycles;

mod citations;
mod dead_files;
mod file_names;
mod first_lines;
mod links;
mod machine_paths;
mod phrases;
mod root_folder;
mod verbs;

use modules::Crate;
use tree::Tree;

/// One defect and its place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the workspace, with `/`.
    path: String,
    /// Counted from 1.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

/// Prints every finding as `path:line: message`; the exit code says whether there were any.
pub(crate) fn run(root: &Path) -> anyhow::Result<i32> {
    let tree = Tree::open(root).with_context(|| format!("cannot read {}", root.display()))?;
    let findings = findings(&tree);
    for Finding { path, line, message } in &findings {
        println!("{path}:{line}: {message}");
    }
    println!("tidy: {} findings in {} files", findings.len(), tree.len());
    Ok(if findings.is_empty() { exit::PASS } else { exit::FAIL })
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let (packages, mut findings) = package::all(tree);
    let crates = Crate::all(tree, &packages);
    findings.extend(layers::check(&crates));
    findings.extend(layers::check_manifests(&packages));
    findings.extend(cycles::check(&crates));
    findings.extend(dead_files::check(tree, &crates));
    findings.extend(first_lines::check(tree));
    findings.extend(file_names::check(tree));
    findings.extend(citations::check(tree));
    findings.extend(links::check(tree));
    findings.extend(machine_paths::check(tree));
    findings.extend(phrases::check(&crates));
    findings.extend(root_folder::check(tree));
    findings.extend(verbs::check(tree));
    findings.sort();
    findings.dedup();
    findings
}
