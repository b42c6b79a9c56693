//! Packages of the workspace and the files cargo builds from.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use super::Finding;
use super::tree::Tree;

/// A folder with a `Cargo.toml` that has a `[package]`.
#[derive(Debug)]
pub(super) struct Package {
    /// `bus`, `harness/fuzz`; never ends in `/`.
    pub(super) folder: String,
    pub(super) name: String,
    /// Names of packages under any dependency table.
    pub(super) dependencies: BTreeSet<String>,
    pub(super) targets: Vec<Target>,
}

/// A file cargo compiles as the root of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) kind: TargetKind,
    pub(super) root: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetKind {
    Library,
    Binary,
    /// Tests, benches and examples: code no user runs.
    Test,
    BuildScript,
}

/// Every package, fuzz crates outside the workspace included.
pub(super) fn all(tree: &Tree) -> (Vec<Package>, Vec<Finding>) {
    let mut packages = Vec::new();
    let mut findings = Vec::new();
    for (path, text) in tree.texts(&["toml"]) {
        let Some(folder) = path.strip_suffix("Cargo.toml") else { continue };
        match text.parse::<Table>() {
            Ok(manifest) => packages.extend(read(tree, folder.trim_end_matches('/'), &manifest)),
            Err(error) => findings.push(Finding::new(path, 1, format!("not TOML: {error}"))),
        }
    }
    (packages, findings)
}

fn read(tree: &Tree, folder: &str, manifest: &Table) -> Option<Package> {
    let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
    Some(Package {
        folder: folder.to_owned(),
        name,
        dependencies: dependencies(manifest),
        targets: targets(tree, folder, manifest),
    })
}

fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (key, value) in manifest {
        match (key.as_str(), value) {
            ("dependencies" | "dev-dependencies" | "build-dependencies", Value::Table(table)) => {
                names.extend(table.keys().cloned());
            }
            ("target", Value::Table(platforms)) => {
                let platforms = platforms.values().filter_map(Value::as_table);
                names.extend(platforms.flat_map(dependencies));
            }
            _ => {}
        }
    }
    names
}

fn targets(tree: &Tree, folder: &str, manifest: &Table) -> Vec<Target> {
    let mut targets = explicit(folder, manifest);
    for path in tree.paths() {
        let inside = if folder.is_empty() { Some(path) } else { inside(path, folder) };
        if let Some(kind) = inside.and_then(discovered) {
            let target = Target { kind, root: path.to_owned() };
            if !targets.iter().any(|known| known.root == target.root) {
                targets.push(target);
            }
        }
    }
    targets
}

fn inside<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// Cargo's own rules of where targets are.
fn discovered(path: &str) -> Option<TargetKind> {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["src", "lib.rs"] => Some(TargetKind::Library),
        ["src", "main.rs"] | ["src", "bin", _, "main.rs"] => Some(TargetKind::Binary),
        ["src", "bin", file] if is_rust(file) => Some(TargetKind::Binary),
        ["build.rs"] => Some(TargetKind::BuildScript),
        ["tests" | "benches" | "examples", _, "main.rs"] => Some(TargetKind::Test),
        ["tests" | "benches" | "examples", file] if is_rust(file) => Some(TargetKind::Test),
        _ => None,
    }
}

fn is_rust(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "rs")
}

fn explicit(folder: &str, manifest: &Table) -> Vec<Target> {
    let kinds = [
        ("lib", TargetKind::Library),
        ("bin", TargetKind::Binary),
        ("test", TargetKind::Test),
        ("bench", TargetKind::Test),
        ("example", TargetKind::Test),
    ];
    let mut targets = Vec::new();
    for (key, kind) in kinds {
        let tables = match manifest.get(key) {
            Some(Value::Array(tables)) => tables.iter().collect(),
            Some(table) => vec![table],
            None => Vec::new(),
        };
        let paths = tables.iter().filter_map(|table| table.get("path")?.as_str());
        targets.extend(paths.map(|path| {
            let root = if folder.is_empty() { path.into() } else { format!("{folder}/{path}") };
            Target { kind, root }
        }));
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::{TargetKind, Tree, all};

    #[test]
    fn targets_are_found_by_cargos_rules_and_by_name() {
        let tree = Tree::of(&[
            (
                "bus/Cargo.toml",
                "[package]\nname = 'b'\n[[bin]]\nname = 'x'\npath = 'src/tools/x.rs'\n",
            ),
            ("bus/src/lib.rs", ""),
            ("bus/src/topic.rs", ""),
            ("bus/src/bin/eventbus.rs", ""),
            ("bus/tests/a.rs", ""),
            ("bus/tests/inner/b.rs", ""),
        ]);
        let (packages, findings) = all(&tree);
        assert!(findings.is_empty());
        let roots = packages[0].targets.iter().map(|t| (t.kind, t.root.as_str()));
        assert_eq!(
            roots.collect::<Vec<_>>(),
            [
                (TargetKind::Binary, "bus/src/tools/x.rs"),
                (TargetKind::Binary, "bus/src/bin/eventbus.rs"),
                (TargetKind::Library, "bus/src/lib.rs"),
                (TargetKind::Test, "bus/tests/a.rs"),
            ]
        );
    }

    #[test]
    fn dependencies_of_every_table_count() {
        let tree = Tree::of(&[(
            "bus/Cargo.toml",
            "[package]\nname = 'b'\n[dependencies]\na = '1'\n[target.'cfg(unix)'.dependencies]\nc = '1'",
        )]);
        let names = &all(&tree).0[0].dependencies;
        assert_eq!(names.iter().collect::<Vec<_>>(), ["a", "c"]);
    }
}
