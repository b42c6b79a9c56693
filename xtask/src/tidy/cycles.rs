//! Modules beside each other do not use each other in a circle.
//!
//! Edges count outside tests only, re-exports of the parent followed.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::modules::{Crate, Meaning};

/// Who uses whom below one parent, with the first place that shows it.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, (&'a str, usize)>>;

/// One finding per circle.
pub(super) fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for library in crates {
        let parents: BTreeSet<&[String]> =
            library.modules.iter().filter_map(|m| Some(m.path.split_last()?.1)).collect();
        let meanings = meanings(library);
        for parent in parents {
            let edges = edges(library, parent, &meanings);
            findings.extend(circles(&edges));
        }
    }
    findings
}

/// `(module index, line, local path)` of every use inside the crate.
fn meanings(library: &Crate) -> Vec<(usize, usize, Vec<String>)> {
    let mut all = Vec::new();
    for (index, module) in library.modules.iter().enumerate().filter(|(_, m)| !m.test) {
        for path in module.scan.paths.iter().filter(|path| !path.test) {
            if let Meaning::Local(local) = library.meaning(module, path) {
                all.push((index, path.line, local));
            }
        }
    }
    all
}

fn edges<'a>(
    library: &'a Crate,
    parent: &[String],
    meanings: &'a [(usize, usize, Vec<String>)],
) -> Edges<'a> {
    let mut edges = Edges::new();
    for (index, line, local) in meanings {
        let module = &library.modules[*index];
        let from = module.path.strip_prefix(parent).and_then(|below| below.first());
        let to = library.child_on(parent, local);
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            edges.entry(from).or_default().entry(to).or_insert((module.file.as_str(), *line));
        }
    }
    edges
}

fn circles(edges: &Edges<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut reported = BTreeSet::new();
    for start in edges.keys() {
        let Some(circle) = circle_through(edges, start) else { continue };
        if circle.iter().any(|name| reported.contains(name)) {
            continue;
        }
        reported.extend(circle.iter().copied());
        let (file, line) = edges[start][circle.get(1).unwrap_or(start)];
        let mut names = circle.clone();
        names.push(start);
        findings.push(Finding::new(file, line, format!("cycle: {}", names.join(" → "))));
    }
    findings
}

/// The shortest way from a module back to itself.
fn circle_through<'a>(edges: &Edges<'a>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way.last().copied().unwrap_or(start);
            for next in edges.get(last).into_iter().flat_map(BTreeMap::keys) {
                if *next == start {
                    return Some(way);
                }
                if seen.insert(*next) {
                    longer.push(way.iter().copied().chain([*next]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::package;
    use super::super::tree::Tree;
    use super::{Crate, check};

    fn messages(files: &[(&str, &str)]) -> Vec<String> {
        let mut all = vec![("p/Cargo.toml", "[package]\nname = 'p'")];
        all.extend(files);
        let tree = Tree::of(&all);
        let findings = check(&Crate::all(&tree, &package::all(&tree).0));
        findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.message)).collect()
    }

    #[test]
    fn a_circle_through_re_exports_of_the_parent_is_found_once() {
        let found = messages(&[
            ("p/src/lib.rs", "mod room;"),
            ("p/src/room.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("p/src/room/a.rs", "\nuse super::B;"),
            ("p/src/room/b.rs", "use super::A;"),
        ]);
        assert_eq!(found, ["p/src/room/a.rs:2: cycle: a → b → a"]);
    }

    #[test]
    fn a_line_of_uses_is_no_circle() {
        let found = messages(&[
            ("p/src/lib.rs", "mod a; mod b; mod c;"),
            ("p/src/a.rs", "#[cfg(test)] mod tests { use crate::c::C; }"),
            ("p/src/b.rs", "use crate::a::A;"),
            ("p/src/c.rs", "use crate::{a::A, b::B};"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_long_circle_is_found() {
        let found = messages(&[
            ("p/src/lib.rs", "mod a; mod b; mod c;"),
            ("p/src/a.rs", "use crate::b::B;"),
            ("p/src/b.rs", "use crate::c::C;"),
            ("p/src/c.rs", "fn f() { crate::a::g() }"),
        ]);
        assert_eq!(found, ["p/src/a.rs:1: cycle: a → b → c → a"]);
    }
}
