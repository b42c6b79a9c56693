//! A name says what is inside; some names say nothing.

use super::Finding;
use super::tree::Tree;

/// Names of files and folders of Rust code that invite anything to move in.
const ATTICS: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "misc", "imp"];

/// Files and folders with a banned name.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in tree.texts(&["rs"]) {
        for part in path.trim_end_matches(".rs").split('/') {
            if part == "mod" {
                findings.push(Finding::new(path, 1, "`mod.rs`: name the file after its module"));
            } else if ATTICS.contains(&part) {
                let message = format!("`{part}` says nothing: name what it is about");
                findings.push(Finding::new(path, 1, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn names_that_say_nothing_are_found_in_files_and_folders() {
        let tree = Tree::of(&[
            ("a/src/utils.rs", ""),
            ("a/src/topic/mod.rs", ""),
            ("a/tests/common/bus.rs", ""),
            ("a/src/test_utils.rs", ""),
            ("a/src/important.rs", ""),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["a/src/topic/mod.rs", "a/src/utils.rs", "a/tests/common/bus.rs"]);
    }
}
