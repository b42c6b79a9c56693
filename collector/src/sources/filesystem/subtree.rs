//! The part of a sorted table that lies at and below one path.
//!
//! Paths sort name by name, so that what is below a path follows it at once.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// The paths at and below `top`, folders before what is in them.
pub(super) fn paths<V>(table: &BTreeMap<PathBuf, V>, top: &Path) -> Vec<PathBuf> {
    let bounds: (Bound<&Path>, Bound<&Path>) = (Bound::Included(top), Bound::Unbounded);
    table
        .range::<Path, _>(bounds)
        .map(|(path, _)| path)
        .take_while(|path| path.starts_with(top))
        .cloned()
        .collect()
}

/// Takes what is at and below `top` out of the table.
pub(super) fn take<V>(table: &mut BTreeMap<PathBuf, V>, top: &Path) -> Vec<(PathBuf, V)> {
    let paths = paths(table, top);
    paths.into_iter().filter_map(|path| table.remove_entry(&path)).collect()
}

/// Where a path at or below `from` is once `from` is at `to`.
pub(super) fn moved(path: &Path, from: &Path, to: &Path) -> PathBuf {
    match path.strip_prefix(from) {
        Ok(rest) if rest.as_os_str().is_empty() => to.to_owned(),
        Ok(rest) => to.join(rest),
        Err(_) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(paths: &[&str]) -> BTreeMap<PathBuf, u8> {
        paths.iter().map(|path| (PathBuf::from(path), 0)).collect()
    }

    #[test]
    fn names_that_begin_alike_are_not_below() {
        let mut table = table(&["/a", "/a/b", "/a/b/c", "/a/b.d", "/a/b-e", "/a/bc", "/b"]);
        let below = take(&mut table, Path::new("/a/b"));
        let below: Vec<_> = below.into_iter().map(|(path, _)| path).collect();
        assert_eq!(below, [Path::new("/a/b"), Path::new("/a/b/c")]);
        let rest: Vec<_> = table.into_keys().collect();
        assert_eq!(rest, ["/a", "/a/b-e", "/a/b.d", "/a/bc", "/b"].map(PathBuf::from));
    }

    #[test]
    fn what_is_below_is_found_without_the_path_itself() {
        let table = table(&["/a/b/c", "/a/c"]);
        assert_eq!(paths(&table, Path::new("/a/b")), [Path::new("/a/b/c")]);
    }

    #[test]
    fn a_path_moves_with_its_folder() {
        let moved = |path: &str| moved(Path::new(path), Path::new("/a"), Path::new("/b"));
        assert_eq!(moved("/a").as_os_str(), "/b");
        assert_eq!(moved("/a/x/y"), Path::new("/b/x/y"));
        assert_eq!(moved("/c"), Path::new("/c"));
    }
}
