//! Made-up statements, and what they come to.

use proptest::prelude::*;

use super::super::pending::OPEN_LIMIT_NS;
use super::*;

const SETTLE: Duration = Duration::from_nanos(100);
const SETTLE_NS: u64 = 100;

fn stamp(ns: u64) -> Stamp {
    Stamp { unix_ns: 1_000 + ns, monotonic_ns: ns }
}

fn fold() -> Fold {
    Fold::new(SETTLE, Dialect::Inotify)
}

/// Says one thing, and shows what it settles.
fn say(fold: &mut Fold, path: &str, what: What, ns: u64) -> Vec<String> {
    shown(fold.take(Happening { path: path.into(), what, at: stamp(ns) }))
}

fn settle(fold: &mut Fold, ns: u64) -> Vec<String> {
    shown(fold.settle(ns))
}

/// An operation and its path and time, in few letters.
fn shown(operations: Vec<Operation>) -> Vec<String> {
    let show = |operation: Operation| {
        let what = match operation.what {
            Settled::Modified { still_open: true } => "still open".to_owned(),
            Settled::Modified { still_open: false } => "modified".to_owned(),
            Settled::Renamed { from } => format!("renamed from {}", from.display()),
            Settled::Changed { content: true } => "look at content".to_owned(),
            Settled::Changed { content: false } => "look".to_owned(),
            what => format!("{what:?}").to_lowercase(),
        };
        format!("{} {what} {}", operation.path.display(), operation.at.monotonic_ns)
    };
    operations.into_iter().map(show).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn many_writes_and_a_close_are_one_change_told_at_the_close() {
    let mut fold = fold();
    for ns in 1..=50 {
        assert_eq!(say(&mut fold, "/a", What::Written, ns), NOTHING);
    }
    assert_eq!(settle(&mut fold, 10_000), NOTHING, "it is still open");
    assert_eq!(say(&mut fold, "/a", What::Closed, 20_000), ["/a modified 20000"]);
    assert_eq!(fold.due_ns(), None);
}

#[test]
fn a_close_without_a_write_is_nothing() {
    let mut fold = fold();
    assert_eq!(say(&mut fold, "/a", What::Created, 1), ["/a created 1"]);
    assert_eq!(say(&mut fold, "/a", What::Closed, 2), NOTHING);
    assert_eq!(fold.due_ns(), None);
}

#[test]
fn each_close_after_a_write_is_a_change_of_its_own() {
    let mut fold = fold();
    for ns in [1, 3] {
        say(&mut fold, "/a", What::Written, ns);
        let closed = say(&mut fold, "/a", What::Closed, ns + 1);
        assert_eq!(closed, [format!("/a modified {}", ns + 1)]);
    }
}

#[test]
fn a_file_that_stays_open_is_told_when_its_time_is_up_and_again_when_it_is_closed() {
    let mut fold = fold();
    say(&mut fold, "/log", What::Written, 5);
    say(&mut fold, "/log", What::Written, 6);
    assert_eq!(fold.due_ns(), Some(5 + OPEN_LIMIT_NS));
    assert_eq!(settle(&mut fold, 4 + OPEN_LIMIT_NS), NOTHING);
    assert_eq!(settle(&mut fold, 5 + OPEN_LIMIT_NS), ["/log still open 6"]);
    let later = 6 + OPEN_LIMIT_NS;
    assert_eq!(say(&mut fold, "/log", What::Written, later), NOTHING);
    let closed = say(&mut fold, "/log", What::Closed, later + 1);
    assert_eq!(closed, [format!("/log modified {}", later + 1)]);
}

#[test]
fn what_is_removed_while_written_was_changed_before() {
    let mut fold = fold();
    say(&mut fold, "/a", What::Written, 1);
    say(&mut fold, "/a", What::Attributes, 2);
    let removed = say(&mut fold, "/a", What::Removed, 3);
    assert_eq!(removed, ["/a still open 1", "/a attributes 2", "/a deleted 3"]);
    assert_eq!(say(&mut fold, "/a", What::Closed, 4), NOTHING);
}

#[test]
fn a_rename_is_one_and_takes_along_what_waits() {
    let mut fold = fold();
    let cookie = Some(1);
    say(&mut fold, "/a/x", What::Written, 1);
    assert_eq!(say(&mut fold, "/a", What::MovedFrom { cookie }, 2), NOTHING);
    assert_eq!(say(&mut fold, "/b", What::MovedTo { cookie }, 3), ["/b renamed from /a 3"]);
    assert_eq!(settle(&mut fold, 3 + SETTLE_NS), NOTHING);
    assert_eq!(say(&mut fold, "/b/x", What::Closed, 4), ["/b/x modified 4"]);
}

#[test]
fn what_waits_of_a_name_is_told_before_another_comes_to_it() {
    let mut fold = fold();
    let cookie = Some(1);
    say(&mut fold, "/b", What::Written, 1);
    say(&mut fold, "/a", What::MovedFrom { cookie }, 2);
    let renamed = say(&mut fold, "/b", What::MovedTo { cookie }, 3);
    assert_eq!(renamed, ["/b still open 1", "/b renamed from /a 3"]);
}

#[test]
fn who_left_and_came_nowhere_has_moved_out() {
    let mut fold = fold();
    say(&mut fold, "/a", What::MovedFrom { cookie: Some(1) }, 5);
    assert_eq!(fold.due_ns(), Some(5 + SETTLE_NS));
    assert_eq!(settle(&mut fold, 4 + SETTLE_NS), NOTHING);
    assert_eq!(settle(&mut fold, 5 + SETTLE_NS), ["/a movedout 5"]);
}

#[test]
fn who_came_from_nowhere_has_moved_in() {
    let mut fold = fold();
    assert_eq!(say(&mut fold, "/a", What::MovedTo { cookie: Some(1) }, 5), ["/a movedin 5"]);
}

#[test]
fn two_names_may_be_exchanged_through_a_third() {
    let mut fold = fold();
    let mut moved = |from: &str, to: &str, cookie, ns| {
        say(&mut fold, from, What::MovedFrom { cookie: Some(cookie) }, ns);
        say(&mut fold, to, What::MovedTo { cookie: Some(cookie) }, ns)
    };
    assert_eq!(moved("/a", "/c", 1, 1), ["/c renamed from /a 1"]);
    assert_eq!(moved("/b", "/a", 2, 2), ["/a renamed from /b 2"]);
    assert_eq!(moved("/c", "/b", 3, 3), ["/b renamed from /c 3"]);
}

#[test]
fn a_name_is_left_before_it_is_taken_again() {
    let mut fold = fold();
    say(&mut fold, "/a", What::MovedFrom { cookie: Some(1) }, 1);
    let created = say(&mut fold, "/a", What::Created, 2);
    assert_eq!(created, ["/a movedout 1", "/a created 2"]);
}

#[test]
fn who_left_from_a_folder_is_gone_before_the_folder_is() {
    let mut fold = fold();
    say(&mut fold, "/f/a", What::MovedFrom { cookie: Some(1) }, 1);
    let removed = say(&mut fold, "/f", What::Removed, 2);
    assert_eq!(removed, ["/f/a movedout 1", "/f deleted 2"]);
}

#[test]
fn attributes_are_told_once_in_a_while_however_often_they_change() {
    let mut fold = fold();
    for ns in 1..=150 {
        assert_eq!(say(&mut fold, "/a", What::Attributes, ns), NOTHING);
    }
    assert_eq!(settle(&mut fold, SETTLE_NS), NOTHING);
    assert_eq!(settle(&mut fold, 1 + SETTLE_NS), ["/a attributes 150"]);
}

#[test]
fn an_opening_is_an_access_unless_it_was_for_writing() {
    let mut fold = fold();
    for path in ["/read", "/written", "/closed"] {
        say(&mut fold, path, What::Opened, 1);
    }
    say(&mut fold, "/written", What::Written, 2);
    say(&mut fold, "/closed", What::Closed, 3);
    assert_eq!(settle(&mut fold, 1 + SETTLE_NS), ["/read accessed 1"]);
    assert_eq!(settle(&mut fold, 10 * SETTLE_NS), NOTHING);
}

#[test]
fn a_file_that_was_found_written_waits_for_a_close_that_may_come() {
    let mut fold = fold();
    fold.find_written("/closed".into(), stamp(1));
    fold.find_written("/quiet".into(), stamp(1));
    fold.find_written("/open".into(), stamp(1));
    assert_eq!(say(&mut fold, "/closed", What::Closed, 2), ["/closed modified 2"]);
    say(&mut fold, "/open", What::Written, 3);
    assert_eq!(settle(&mut fold, 1 + SETTLE_NS), ["/quiet modified 1"]);
    assert_eq!(say(&mut fold, "/open", What::Closed, 500), ["/open modified 500"]);
}

#[test]
fn what_only_says_look_waits_for_quiet_but_not_for_ever() {
    let mut fold = Fold::new(SETTLE, Dialect::FsEvents);
    let changed = |content| What::Changed { content };
    say(&mut fold, "/a", changed(true), 1);
    say(&mut fold, "/a", changed(false), 90);
    assert_eq!(settle(&mut fold, 1 + SETTLE_NS), NOTHING);
    assert_eq!(settle(&mut fold, 90 + SETTLE_NS), ["/a look at content 90"]);
    say(&mut fold, "/a", changed(false), 1_000);
    say(&mut fold, "/a", changed(false), 1_000 + OPEN_LIMIT_NS);
    assert_eq!(fold.due_ns(), Some(1_000 + OPEN_LIMIT_NS));
}

#[test]
fn both_names_of_a_rename_are_looked_at_together() {
    let mut fold = Fold::new(SETTLE, Dialect::FsEvents);
    say(&mut fold, "/a", What::Changed { content: false }, 1);
    say(&mut fold, "/b", What::Changed { content: false }, 20);
    assert_eq!(settle(&mut fold, 1 + SETTLE_NS), ["/a look 1", "/b look 20"]);
}

#[test]
fn at_the_end_everything_is_told() {
    let mut fold = fold();
    say(&mut fold, "/gone", What::MovedFrom { cookie: Some(1) }, 3);
    say(&mut fold, "/b", What::Written, 2);
    say(&mut fold, "/a", What::Attributes, 4);
    let all = shown(fold.finish());
    assert_eq!(all, ["/gone movedout 3", "/b still open 2", "/a attributes 4"]);
    assert_eq!(fold.due_ns(), None);
}

#[test]
fn beyond_the_limit_nothing_waits_any_longer() {
    let mut fold = fold();
    for index in 0..MAX_PENDING {
        assert_eq!(say(&mut fold, &format!("/{index}"), What::Written, 1), NOTHING);
    }
    assert_eq!(say(&mut fold, "/more", What::Written, 2).len(), MAX_PENDING);
    assert_eq!(say(&mut fold, "/more", What::Closed, 3), ["/more modified 3"]);
}

/// What one path is, said by someone who only counts.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    unsaid: bool,
    changes: usize,
}

proptest! {
    /// No write is lost and none is told twice: a path has changed as often as it was closed or
    /// removed with something written since the last time, and once more if that is so at the end.
    #[test]
    fn every_write_is_told_exactly_once(
        steps in prop::collection::vec((0_usize..3, 0_usize..4), 0..60),
    ) {
        let paths = ["/a", "/a/b", "/c"];
        let mut fold = fold();
        let mut counts = [Count::default(); 3];
        let mut told = Vec::new();
        for (ns, (path, step)) in (1..).zip(steps) {
            let what = [What::Written, What::Closed, What::Attributes, What::Removed][step];
            told.extend(fold.take(Happening { path: paths[path].into(), what, at: stamp(ns) }));
            told.extend(fold.settle(ns));
            for (index, count) in counts.iter_mut().enumerate() {
                let ends = match what {
                    What::Closed => index == path,
                    What::Removed => Path::new(paths[index]).starts_with(paths[path]),
                    _ => false,
                };
                if ends && std::mem::take(&mut count.unsaid) {
                    count.changes += 1;
                }
            }
            counts[path].unsaid |= what == What::Written;
        }
        told.extend(fold.finish());
        for (path, count) in paths.iter().zip(counts) {
            let modified = |operation: &&Operation| {
                operation.path == Path::new(path)
                    && matches!(operation.what, Settled::Modified { .. })
            };
            let expected = count.changes + usize::from(count.unsaid);
            prop_assert_eq!(told.iter().filter(modified).count(), expected, "{}", path);
        }
    }
}
