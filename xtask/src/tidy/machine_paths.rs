//! No text of the project names a folder of the machine it was written on.
//!
//! Rust is left to the first entry alone: tests rightly speak of `/home/…` in events of hosts.

use super::Finding;
use super::tree::Tree;

/// Prefixes that exist on one machine only. Written in parts, or this file would find itself.
const EVERYWHERE: [&str; 1] = [concat!("/", "work/")];
/// The same where no example needs them.
const IN_PROSE: [&str; 5] =
    [concat!("/", "tmp/"), concat!("/", "home/"), concat!("/", "root/"), "/Users/", "C:\\Users\\"];

/// Lines that name such a folder.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut look = |extensions: &[&str], prefixes: &[&str]| {
        for (path, text) in tree.texts(extensions) {
            for (index, line) in text.lines().enumerate() {
                for prefix in prefixes.iter().filter(|prefix| names(line, prefix)) {
                    let message = format!("`{prefix}` is a path of one machine");
                    findings.push(Finding::new(path, index + 1, message));
                }
            }
        }
    };
    look(&["rs", "toml", "md", "yml", "json", "proto", "txt"], &EVERYWHERE);
    look(&["md"], &IN_PROSE);
    findings
}

/// Whether a line says a prefix as the start of a path, not as the middle of one.
fn names(line: &str, prefix: &str) -> bool {
    line.match_indices(prefix).any(|(at, _)| {
        !line[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || before == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_path_of_one_machine_is_found_in_prose_and_code() {
        let home = concat!("see /", "home/me/notes");
        let code = concat!("//! Reads /", "work/x.");
        let inside = concat!("a/home", "/page and artwork/x");
        let tree = Tree::of(&[("a.md", home), ("b.rs", code), ("c.rs", home), ("d.md", inside)]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["b.rs", "a.md"]);
    }
}
