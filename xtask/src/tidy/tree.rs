//! The files of the workspace, read once.
//!
//! What cargo or a run generates (`target`, `reports/latest`) is not part of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Folders left out wherever they are.
const GENERATED_ANYWHERE: [&str; 2] = ["target", ".git"];
/// Folders left out by path.
const GENERATED: [&str; 1] = ["reports/latest"];
/// Extensions of files whose text the checks read.
const TEXT: [&str; 7] = ["rs", "md", "toml", "yml", "proto", "json", "txt"];

/// Every file by its path relative to the root, with `/`; text only where a check reads it.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads a workspace from disk.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    /// A workspace that exists only here, as `(path, text)`.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).into(), Some((*text).into())));
        Self { files: files.collect() }
    }

    fn read_folder(&mut self, folder: &Path, relative: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path =
                if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
            let left_out = GENERATED_ANYWHERE.contains(&name.as_str());
            if left_out || GENERATED.contains(&path.as_str()) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.read_folder(&entry.path(), &path)?;
            } else {
                let text = is_text(&path).then(|| fs::read_to_string(entry.path())).transpose()?;
                self.files.insert(path, text);
            }
        }
        Ok(())
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether a file or folder exists.
    pub(super) fn exists(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self
                .files
                .range(folder.clone()..)
                .next()
                .is_some_and(|(p, _)| p.starts_with(&folder))
    }

    /// Every path.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Files with one of these extensions, and their text.
    pub(super) fn texts<'a>(
        &'a self,
        extensions: &'a [&str],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let texts = self.files.iter().filter_map(|(path, text)| Some((&**path, text.as_deref()?)));
        texts.filter(|(path, _)| extensions.contains(&extension(path)))
    }
}

fn is_text(path: &str) -> bool {
    TEXT.contains(&extension(path))
}

/// What a file's name ends in, without the dot.
pub(super) fn extension(path: &str) -> &str {
    Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Tree;

    #[test]
    fn what_is_generated_is_not_part_of_the_tree() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in [
            ("bus/src/lib.rs", "//! Bus."),
            ("bus/fuzz/target/a.rs", "x"),
            ("target/b.rs", "x"),
            ("reports/latest/summary.md", "x"),
            ("reports/README.md", "x"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let tree = Tree::open(folder.path()).expect("a readable tree");
        assert_eq!(tree.paths().collect::<Vec<_>>(), ["bus/src/lib.rs", "reports/README.md"]);
        assert_eq!(tree.text("bus/src/lib.rs"), Some("//! Bus."));
    }

    #[test]
    fn a_folder_exists_when_a_file_is_in_it() {
        let tree = Tree::of(&[("bus/src/lib.rs", "")]);
        assert!(tree.exists("bus") && tree.exists("bus/src") && tree.exists("bus/src/lib.rs"));
        assert!(!tree.exists("bu") && !tree.exists("bus/src/lib"));
    }
}
