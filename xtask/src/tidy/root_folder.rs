//! The root holds the house and nothing else.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::Tree;

/// Everything that may stand at the root; see the code map in ARCHITECTURE.md.
const ROOT: [&str; 26] = [
    ".cargo",
    ".ci",
    ".config",
    ".gitattributes",
    ".github",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "STYLE.md",
    "benches",
    "bus",
    "clippy.toml",
    "collector",
    "deny.toml",
    "harness",
    "legacy",
    "reports",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "scenarios",
    "xtask",
];

/// Files and folders at the root that do not belong there.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let entries = tree.paths().filter_map(|path| path.split('/').next());
    let strangers: BTreeSet<&str> = entries.filter(|entry| !ROOT.contains(entry)).collect();
    let message = "the root holds only what ARCHITECTURE.md lists";
    strangers.into_iter().map(|entry| Finding::new(entry, 1, message)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_stranger_at_the_root_is_found_once() {
        let tree =
            Tree::of(&[("bus/a", ""), ("scratch/a", ""), ("scratch/b", ""), ("notes.md", "")]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["notes.md", "scratch"]);
    }
}
