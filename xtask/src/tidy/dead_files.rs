//! Every Rust file is part of a crate, and every declared module has a file.

use std::collections::BTreeSet;

use super::Finding;
use super::modules::Crate;
use super::tree::Tree;

/// Files no target reaches, and declarations that reach no file.
pub(super) fn check(tree: &Tree, crates: &[Crate]) -> Vec<Finding> {
    let modules = crates.iter().flat_map(|one| &one.modules);
    let reached: BTreeSet<&str> = modules.map(|module| module.file.as_str()).collect();
    let mut findings = Vec::new();
    for (file, line, what) in crates.iter().flat_map(|one| &one.unread) {
        findings.push(Finding::new(file, *line, what.as_str()));
    }
    for (path, _) in tree.texts(&["rs"]) {
        let told = findings.iter().any(|finding| finding.path == path);
        if !reached.contains(path) && !told {
            let message = "dead file: no `mod` declaration or cargo target reaches it";
            findings.push(Finding::new(path, 1, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::package;
    use super::super::tree::Tree;
    use super::{Crate, check};

    #[test]
    fn a_file_nobody_declares_is_dead_and_a_declaration_without_file_is_told() {
        let tree = Tree::of(&[
            ("p/Cargo.toml", "[package]\nname = 'p'"),
            ("p/src/lib.rs", "mod a;\nmod gone;"),
            ("p/src/a.rs", ""),
            ("p/src/a/orphan.rs", ""),
            ("p/tests/suite.rs", ""),
        ]);
        let crates = Crate::all(&tree, &package::all(&tree).0);
        let found: Vec<_> = check(&tree, &crates).into_iter().map(|f| (f.path, f.line)).collect();
        assert_eq!(found, [("p/src/lib.rs".to_owned(), 2), ("p/src/a/orphan.rs".to_owned(), 1)]);
    }
}
