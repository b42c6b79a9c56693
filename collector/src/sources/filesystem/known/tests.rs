//! Made-up looks, and what is made of them.

use super::super::sight::{Inode, Kind};
use super::*;

fn file(id: u64) -> Sight {
    let inode = Inode {
        id: Some(id),
        changed_unix_ns: Some(1),
        permissions: Some(0o644),
        user_id: Some(0),
    };
    Sight { kind: Kind::File, size_bytes: 1, modified_unix_ns: 1, inode }
}

fn folder(id: u64) -> Sight {
    Sight { kind: Kind::Folder, ..file(id) }
}

fn path(path: &str) -> &Path {
    Path::new(path)
}

/// `/f` with a file, and a folder with a file in it.
fn known() -> Known {
    let mut known = Known::new(5);
    for (name, sight) in
        [("/f", folder(1)), ("/f/a", file(2)), ("/f/s", folder(3)), ("/f/s/b", file(4))]
    {
        known.put(path(name), Some(sight));
    }
    known
}

fn listing(entries: &[(&str, Sight)]) -> Vec<(PathBuf, Sight)> {
    entries.iter().map(|(path, sight)| (path.into(), *sight)).collect()
}

#[test]
fn a_listing_of_what_is_known_differs_in_nothing() {
    let same = listing(&[("/f/a", file(2)), ("/f/s", folder(3))]);
    assert_eq!(known().compare(path("/f"), &same), Comparison::default());
}

#[test]
fn what_is_missing_found_and_changed_is_told_apart_and_no_deeper_than_the_folder() {
    let mut longer = file(2);
    longer.size_bytes = 9;
    let now = listing(&[("/f/a", longer), ("/f/new", file(9))]);
    let comparison = known().compare(path("/f"), &now);
    let content = Difference { content: true, ..Difference::default() };
    let expected = Comparison {
        renamed: Vec::new(),
        missing: vec!["/f/s".into()],
        found: vec![("/f/new".into(), file(9))],
        changed: vec![("/f/a".into(), longer, content)],
    };
    assert_eq!(comparison, expected);
}

#[test]
fn the_same_by_another_name_is_renamed() {
    let now = listing(&[("/f/c", file(2)), ("/f/s", folder(3))]);
    let comparison = known().compare(path("/f"), &now);
    let renamed = vec![("/f/a".into(), "/f/c".into())];
    assert_eq!(comparison, Comparison { renamed, ..Comparison::default() });
}

#[test]
fn two_that_are_missing_are_not_found_in_one() {
    let mut known = known();
    known.put(path("/f/b"), Some(file(2)));
    let now = listing(&[("/f/c", file(2)), ("/f/s", folder(3))]);
    let comparison = known.compare(path("/f"), &now);
    assert_eq!(comparison.renamed.len(), 1);
    assert_eq!(comparison.missing, [path("/f/b")]);
    assert_eq!(comparison.found, []);
}

#[test]
fn two_names_of_one_file_are_found_by_two_names() {
    let mut known = known();
    known.put(path("/f/b"), Some(file(2)));
    let now = listing(&[("/f/c", file(2)), ("/f/d", file(2)), ("/f/s", folder(3))]);
    let comparison = known.compare(path("/f"), &now);
    let renamed = vec![("/f/a".into(), "/f/c".into()), ("/f/b".into(), "/f/d".into())];
    assert_eq!(comparison, Comparison { renamed, ..Comparison::default() });
}

#[test]
fn what_vanishes_takes_along_what_is_below_it_children_first() {
    let mut known = known();
    assert_eq!(known.vanish(path("/f/s")), [path("/f/s/b"), path("/f/s")]);
    assert_eq!(known.vanish(path("/f/s")), [] as [&Path; 0]);
    assert!(known.contains(path("/f/a")));
}

#[test]
fn what_is_renamed_takes_along_what_is_below_it_and_replaces_what_was_there() {
    let mut known = known();
    known.rename(path("/f/s"), path("/f/a"));
    assert_eq!(known.vanish(path("/f")), [path("/f/a/b"), path("/f/a"), path("/f")]);
}

#[test]
fn what_appears_twice_is_news_once() {
    let mut known = Known::new(5);
    assert!(known.is_unknown(path("/a")));
    assert!(known.appear(path("/a"), None), "gone before the look, but told");
    assert!(!known.appear(path("/a"), Some(file(1))));
    assert!(!known.is_unknown(path("/a")));
    assert_eq!(known.vanish(path("/a")), [path("/a")]);
    assert!(known.appear(path("/a"), Some(file(2))));
}

#[test]
fn a_file_is_known_by_its_id_unless_it_is_gone() {
    let known = known();
    assert!(known.is_known_as(path("/f/a"), Some(file(2))));
    assert!(known.is_known_as(path("/f/a"), None));
    assert!(!known.is_known_as(path("/f/a"), Some(file(3))));
    assert!(!known.is_known_as(path("/f/x"), None));
}

#[test]
fn the_last_look_is_kept_when_there_is_none() {
    let mut known = known();
    known.refresh(path("/f/a"), None);
    assert_eq!(known.difference(path("/f/a"), &file(2)), Difference::default());
    known.refresh(path("/f/x"), Some(file(7)));
    assert!(!known.contains(path("/f/x")));
}

#[test]
fn content_is_told_until_the_path_vanishes() {
    let mut known = known();
    assert!(!known.is_content_told(path("/f/a")));
    known.tell_content(path("/f/a"));
    known.rename(path("/f/a"), path("/f/b"));
    assert!(known.is_content_told(path("/f/b")));
    known.vanish(path("/f/b"));
    known.appear(path("/f/b"), None);
    assert!(!known.is_content_told(path("/f/b")));
}

#[test]
fn beyond_the_limit_everything_is_given_up_and_everything_is_news() {
    let mut known = known();
    assert!(known.appear(path("/f/5"), None));
    assert!(known.is_complete());
    assert!(known.appear(path("/f/6"), None));
    assert!(!known.is_complete());
    assert!(!known.contains(path("/f")) && !known.is_unknown(path("/f")));
    assert!(known.appear(path("/f/a"), None));
    assert!(known.appear(path("/f/a"), None));
    known.put(path("/f/a"), None);
    assert!(!known.contains(path("/f/a")));
}

#[test]
fn when_nothing_is_known_the_end_of_a_path_is_news_once_until_it_appears_again() {
    let mut known = Known::new(0);
    known.put(path("/a"), None);
    assert_eq!(known.vanish(path("/f")), [path("/f")]);
    assert_eq!(known.vanish(path("/f")), [] as [&Path; 0]);
    known.appear(path("/f"), None);
    assert_eq!(known.vanish(path("/f")), [path("/f")]);
}
