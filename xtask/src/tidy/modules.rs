//! The module tree of every crate: which file is which module, and what its paths mean.

use std::collections::BTreeMap;

use super::package::{Package, Target, TargetKind};
use super::scan::{PathUse, Scan};
use super::tree::Tree;

/// One compiled crate: a target and every file its `mod` declarations reach.
#[derive(Debug)]
pub(super) struct Crate {
    pub(super) package: String,
    pub(super) kind: TargetKind,
    pub(super) modules: Vec<Module>,
    /// Declarations whose file does not exist or does not read: `(path, line, what)`.
    pub(super) unread: Vec<(String, usize, String)>,
    /// Per module, names it re-exports and the child they come from.
    exports: BTreeMap<Vec<String>, BTreeMap<String, String>>,
}

/// One file of a crate.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) file: String,
    /// `[]` for the root, `["topic", "name"]` for `topic/name.rs`.
    pub(super) path: Vec<String>,
    /// Line of its declaration, in the file of its parent.
    pub(super) declared: usize,
    pub(super) test: bool,
    pub(super) scan: Scan,
}

/// What a path means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Something of the same crate, from its root; re-exports are followed one step at a time.
    Local(Vec<String>),
    /// Something of another crate, the crate's name first.
    External(Vec<String>),
}

impl Crate {
    /// Every crate of every package.
    pub(super) fn all(tree: &Tree, packages: &[Package]) -> Vec<Self> {
        let targets = packages.iter().flat_map(|p| p.targets.iter().map(|t| (p.name.as_str(), t)));
        targets.map(|(package, target)| Self::of(tree, package, target)).collect()
    }

    fn of(tree: &Tree, package: &str, target: &Target) -> Self {
        let mut this = Self {
            package: package.to_owned(),
            kind: target.kind,
            modules: Vec::new(),
            unread: Vec::new(),
            exports: BTreeMap::new(),
        };
        let test = target.kind == TargetKind::Test;
        this.read(tree, &target.root, Vec::new(), 0, test);
        this.exports = this.modules.iter().map(|m| (m.path.clone(), this.exported(m))).collect();
        this
    }

    fn read(&mut self, tree: &Tree, file: &str, path: Vec<String>, declared: usize, test: bool) {
        let scan = match tree.text(file).map(Scan::of) {
            Some(Ok(scan)) => scan,
            Some(Err(line)) => return self.unread.push((file.into(), line, "not Rust".into())),
            None => return self.unread.push((file.into(), 1, "no such file".into())),
        };
        let is_root = path.is_empty();
        let mut children = Vec::new();
        for module in &scan.modules {
            let mut child = path.clone();
            child.extend(module.parents.iter().cloned());
            let place = place_of_children(file, is_root, &module.parents);
            child.push(module.name.clone());
            let nested = format!("{place}/{}/mod.rs", module.name);
            let found = match &module.file {
                Some(given) => format!("{}/{given}", parent(file)),
                None if tree.exists(&nested) => nested,
                None => format!("{place}/{}.rs", module.name),
            };
            if tree.exists(&found) {
                children.push((found, child, module.line, test || module.test));
            } else {
                let what = format!("`mod {}` has no file {found}", module.name);
                self.unread.push((file.to_owned(), module.line, what));
            }
        }
        self.modules.push(Module { file: file.to_owned(), path, declared, test, scan });
        for (file, path, line, test) in children {
            self.read(tree, &file, path, line, test);
        }
    }

    fn exported(&self, module: &Module) -> BTreeMap<String, String> {
        let uses = module.scan.paths.iter().filter(|path| path.parents.is_empty());
        let named = uses.filter_map(|path| match self.meaning(module, path) {
            Meaning::Local(target) if target.len() > module.path.len() + 1 => {
                let child = target.strip_prefix(&module.path[..])?.first()?.clone();
                Some((path.name().to_owned(), child))
            }
            _ => None,
        });
        named.collect()
    }

    /// What a path in a module means.
    pub(super) fn meaning(&self, module: &Module, path: &PathUse) -> Meaning {
        let mut base = module.path.clone();
        base.extend(path.parents.iter().cloned());
        let mut rest = &path.segments[..];
        match rest.first().map(String::as_str) {
            Some("crate") => base.clear(),
            Some("self" | "super") => {}
            Some(first) if self.is_module(&module.path, first) => base.clone_from(&module.path),
            _ => return Meaning::External(path.segments.clone()),
        }
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "crate" | "self" => {}
                "super" => drop(base.pop()),
                _ => break,
            }
            rest = after;
        }
        base.extend(rest.iter().filter(|segment| *segment != "self").cloned());
        Meaning::Local(base)
    }

    /// The child of `parent` a local path goes through, re-exports followed.
    pub(super) fn child_on<'a>(
        &'a self,
        parent: &[String],
        local: &'a [String],
    ) -> Option<&'a str> {
        let name = local.strip_prefix(parent)?.first()?;
        if self.is_module(parent, name) {
            return Some(name);
        }
        self.exports.get(parent)?.get(name).map(String::as_str)
    }

    fn is_module(&self, parent: &[String], name: &str) -> bool {
        self.modules.iter().any(|module| {
            module.path.split_last().is_some_and(|(last, above)| last == name && above == parent)
        })
    }
}

fn place_of_children(file: &str, is_root: bool, inline: &[String]) -> String {
    let stem = file.trim_end_matches(".rs");
    let owns_folder = is_root || stem.ends_with("/mod");
    let mut place = if owns_folder { parent(file).to_owned() } else { stem.to_owned() };
    for name in inline {
        place.push('/');
        place.push_str(name);
    }
    place
}

fn parent(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::super::package;
    use super::{Crate, Meaning};
    use crate::tidy::tree::Tree;

    fn bus(files: &[(&str, &str)]) -> Crate {
        let manifest = ("bus/Cargo.toml", "[package]\nname = 'daemoneye-eventbus'\n");
        let files: Vec<_> = [manifest].into_iter().chain(files.iter().copied()).collect();
        let tree = Tree::of(&files);
        let (packages, _) = package::all(&tree);
        Crate::all(&tree, &packages).remove(0)
    }

    #[test]
    fn a_module_is_found_beside_or_below_its_parent() {
        let found = bus(&[
            ("bus/src/lib.rs", "mod topic;\n#[cfg(test)] mod trial;"),
            ("bus/src/topic.rs", "mod name;"),
            ("bus/src/topic/name.rs", ""),
            ("bus/src/trial.rs", ""),
        ]);
        let files = found.modules.iter().map(|m| (m.file.as_str(), m.test)).collect::<Vec<_>>();
        assert_eq!(
            files,
            [
                ("bus/src/lib.rs", false),
                ("bus/src/topic.rs", false),
                ("bus/src/topic/name.rs", false),
                ("bus/src/trial.rs", true),
            ]
        );
        assert!(found.unread.is_empty());
    }

    #[test]
    fn a_re_export_leads_to_the_room_it_comes_from() {
        let found = bus(&[
            ("bus/src/lib.rs", "mod topic; mod wire; pub use topic::Topic as T;"),
            ("bus/src/topic.rs", ""),
            ("bus/src/wire.rs", "use crate::T; use super::topic::Name;"),
        ]);
        let wire = &found.modules[2];
        let rooms: Vec<_> = wire.scan.paths.iter().map(|path| found.meaning(wire, path)).collect();
        let Meaning::Local(first) = &rooms[0] else { panic!("{rooms:?}") };
        assert_eq!(found.child_on(&[], first), Some("topic"));
        let Meaning::Local(second) = &rooms[1] else { panic!("{rooms:?}") };
        assert_eq!(found.child_on(&[], second), Some("topic"));
    }

    #[test]
    fn a_declaration_without_a_file_is_kept() {
        let found = bus(&[("bus/src/lib.rs", "\nmod gone;")]);
        assert_eq!(found.unread[0].1, 2);
    }
}
