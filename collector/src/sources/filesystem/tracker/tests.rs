//! The tracker in a world that is made up: what comes late, twice, or not at all.

mod world;

use std::cell::{RefCell, RefMut};
use std::collections::BTreeSet;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use self::world::{Window, World};
use super::super::pending::OPEN_LIMIT_NS;
use super::super::scope::Root;
use super::super::subtree;
use super::*;
use crate::sources::page;

/// Longer than anything waits.
const LONG_NS: u64 = 3_600_000_000_000;
const NOTHING: [&str; 0] = [];
const NS_PER_S: u64 = 1_000_000_000;

#[test]
fn how_long_it_waits_is_on_the_page() {
    for (what, limit_ns) in [
        ("seconds that `fsmond` waits until a written file is closed", OPEN_LIMIT_NS),
        ("seconds between two looks of `fsmond` for a watched folder that is gone", RETURN_POLL_NS),
    ] {
        assert_eq!(page::limit(what) * NS_PER_S, limit_ns, "{what}");
    }
}

/// A tracker of `/r` in a world that also has `/o`, which nobody watches.
struct Stage {
    world: Rc<RefCell<World>>,
    tracker: Tracker<Window>,
    told: Vec<FilesystemEvent>,
}

impl Stage {
    fn new() -> Self {
        Self::with(&FsmondConfig::default(), |_| {})
    }

    /// With a configuration, and what is there from the beginning.
    fn with(config: &FsmondConfig, prepare: impl FnOnce(&mut World)) -> Self {
        Self::speaking(Dialect::Inotify, config, prepare)
    }

    fn speaking(dialect: Dialect, config: &FsmondConfig, prepare: impl FnOnce(&mut World)) -> Self {
        let roots = vec![Root { path: "/r".into(), is_folder: true }];
        Self::watching(roots, dialect, config, prepare)
    }

    /// The same with other roots.
    fn watching(
        roots: Vec<Root>,
        dialect: Dialect,
        config: &FsmondConfig,
        prepare: impl FnOnce(&mut World),
    ) -> Self {
        let mut world = World::default();
        world.make_folder("/r");
        world.make_folder("/o");
        prepare(&mut world);
        let world = Rc::new(RefCell::new(world));
        let scope = Scope::new(roots, config.recursive, config.excluded().expect("sound patterns"));
        let window = Window(Rc::clone(&world));
        let tracker = Tracker::new(window, dialect, scope, config);
        let mut stage = Self { world, tracker, told: Vec::new() };
        stage.hear(0);
        assert_eq!(stage.told, [], "what is there at first is not told");
        stage
    }

    fn world(&self) -> RefMut<'_, World> {
        self.world.borrow_mut()
    }

    /// Lets the tracker hear up to so many notices.
    fn hear(&mut self, most: usize) {
        let notices = self.world().hear(most);
        let now = self.world().stamp();
        self.told.append(&mut self.tracker.run(notices, now));
    }

    /// Lets it hear everything, and time pass until nothing waits.
    fn settle(&mut self) {
        self.hear(usize::MAX);
        for _ in 0..3 {
            self.world().now_ns += LONG_NS;
            self.hear(usize::MAX);
        }
    }

    /// What was told since the last time, one line each.
    fn lines(&mut self) -> Vec<String> {
        self.told.drain(..).map(|event| line(&event)).collect()
    }

    /// What is told once everything has settled.
    fn settled(&mut self) -> Vec<String> {
        self.settle();
        self.lines()
    }
}

fn line(event: &FilesystemEvent) -> String {
    let what = format!("{:?}", event.operation).to_lowercase();
    match &event.previous_path {
        Some(from) => format!("{what} {} from {from}", event.path),
        None => format!("{what} {}", event.path),
    }
}

#[test]
fn a_file_that_is_made_written_and_removed_is_told_step_by_step() {
    let mut stage = Stage::new();
    stage.world().make_file("/r/a");
    stage.world().write("/r/a");
    stage.hear(usize::MAX);
    assert_eq!(stage.lines(), ["created /r/a", "modified /r/a"]);
    stage.world().change_mode("/r/a", 0o600);
    stage.settle();
    assert_eq!(stage.told[0].permissions, Some(0o600));
    assert_eq!(stage.lines(), ["attributes /r/a"]);
    stage.world().remove("/r/a");
    assert_eq!(stage.settled(), ["deleted /r/a"]);
}

#[test]
fn steps_that_are_heard_late_are_told_as_well() {
    let mut stage = Stage::new();
    stage.world().make_file("/r/a");
    stage.world().write("/r/a");
    stage.world().remove("/r/a");
    stage.hear(usize::MAX);
    assert!(stage.told.iter().all(|event| event.size_bytes.is_none()), "it was gone by then");
    assert_eq!(stage.lines(), ["created /r/a", "modified /r/a", "deleted /r/a"]);
}

#[test]
fn what_is_in_a_new_folder_before_it_is_watched_is_told_once() {
    let mut stage = Stage::new();
    for folder in ["/r/a", "/r/a/b", "/r/a/b/c"] {
        stage.world().make_folder(folder);
    }
    stage.world().make_file("/r/a/b/c/empty");
    stage.world().make_full_file("/r/a/b/c/full");
    let expected = [
        "created /r/a",
        "created /r/a/b",
        "created /r/a/b/c",
        "created /r/a/b/c/empty",
        "created /r/a/b/c/full",
        "modified /r/a/b/c/full",
    ];
    assert_eq!(stage.settled(), expected);
}

#[test]
fn what_is_found_and_said_is_told_once() {
    let mut stage = Stage::new();
    stage.world().make_folder("/r/a");
    stage.hear(usize::MAX);
    // Watched by now, and said; but another listing comes first.
    stage.world().make_full_file("/r/a/x");
    stage.tracker.enter(Listing::again(Path::new("/r/a")));
    assert_eq!(stage.settled(), ["created /r/a", "created /r/a/x", "modified /r/a/x"]);
}

#[test]
fn a_rename_is_one_whatever_is_below() {
    let mut stage = Stage::with(&FsmondConfig::default(), |world| {
        world.make_folder("/r/a");
        world.make_file("/r/a/x");
    });
    stage.world().rename("/r/a", "/r/b");
    assert_eq!(stage.settled(), ["renamed /r/b from /r/a"]);
    stage.world().write("/r/b/x");
    assert_eq!(stage.settled(), ["modified /r/b/x"], "it is watched where it is");
}

#[test]
fn what_changes_while_its_folder_moves_is_told() {
    let mut stage = Stage::with(&FsmondConfig::default(), |world| {
        world.make_folder("/r/a");
        for name in ["/r/a/kept", "/r/a/written", "/r/a/removed"] {
            world.make_file(name);
        }
    });
    stage.world().rename("/r/a", "/r/b");
    // Nobody watches it between the move and the hearing of it.
    stage.world().write("/r/b/written");
    stage.world().remove("/r/b/removed");
    stage.world().make_file("/r/b/new");
    let expected = [
        "renamed /r/b from /r/a",
        "deleted /r/b/removed",
        "created /r/b/new",
        "modified /r/b/written",
    ];
    assert_eq!(stage.settled(), expected);
}

#[test]
fn what_moves_out_is_deleted_and_what_moves_in_is_created_with_all_below() {
    let mut stage = Stage::with(&FsmondConfig::default(), |world| {
        world.make_folder("/r/a");
        world.make_file("/r/a/x");
        world.write("/r/a/x");
    });
    stage.world().rename("/r/a", "/o/a");
    assert_eq!(stage.settled(), ["deleted /r/a/x", "deleted /r/a"]);
    stage.world().write("/o/a/x");
    assert_eq!(stage.settled(), NOTHING);
    stage.world().rename("/o/a", "/r/b");
    assert_eq!(stage.settled(), ["created /r/b", "created /r/b/x"]);
}

#[test]
fn a_tree_is_deleted_children_first_and_each_path_once() {
    let mut stage = Stage::with(&FsmondConfig::default(), |world| {
        world.make_folder("/r/a");
        world.make_folder("/r/a/b");
        world.make_file("/r/a/b/x");
    });
    stage.world().remove("/r/a");
    assert_eq!(stage.settled(), ["deleted /r/a/b/x", "deleted /r/a/b", "deleted /r/a"]);
}

#[test]
fn a_file_that_replaces_another_is_told() {
    let mut stage = Stage::with(&FsmondConfig::default(), |world| {
        world.make_file("/r/a");
        world.make_file("/r/b");
        world.make_file("/o/c");
    });
    stage.world().rename("/r/b", "/r/a");
    assert_eq!(stage.settled(), ["renamed /r/a from /r/b"]);
    stage.world().rename("/o/c", "/r/a");
    assert_eq!(stage.settled(), ["created /r/a"]);
}

#[test]
fn a_folder_may_go_and_come_again_before_anybody_hears_of_it() {
    let mut stage = Stage::new();
    stage.world().make_folder("/r/a");
    stage.world().remove("/r/a");
    stage.world().make_folder("/r/a");
    stage.world().make_file("/r/a/x");
    stage.settle();
    stage.lines();
    stage.world().make_file("/r/a/y");
    assert_eq!(stage.settled(), ["created /r/a/y"], "it is watched");
}

#[test]
fn lost_notifications_are_told_and_so_is_what_happened_meanwhile() {
    let mut stage = Stage::with(&FsmondConfig::default(), |world| {
        world.make_folder("/r/a");
        for name in ["/r/a/moved", "/r/a/mode", "/r/a/removed", "/r/a/written"] {
            world.make_file(name);
        }
    });
    stage.world().change_mode("/r/a/mode", 0o600);
    stage.world().rename("/r/a/moved", "/r/a/here");
    stage.world().remove("/r/a/removed");
    stage.world().write("/r/a/written");
    stage.world().make_folder("/r/b");
    stage.world().make_file("/r/b/new");
    stage.world().lose();
    stage.settle();
    let bulk = stage.told.remove(0);
    assert_eq!(line(&bulk), "bulk /r");
    assert_eq!(bulk.header.metadata_value("reason").unwrap(), "overflow");
    assert!(bulk.header.metadata_value("dropped").is_some());
    let mut lines = stage.lines();
    lines.sort();
    let expected = [
        "attributes /r/a/mode",
        "created /r/b",
        "created /r/b/new",
        "deleted /r/a/removed",
        "modified /r/a/written",
        "renamed /r/a/here from /r/a/moved",
    ];
    assert_eq!(lines, expected);
    stage.world().write("/r/b/new");
    assert_eq!(stage.settled(), ["modified /r/b/new"], "it is watched");
}

#[test]
fn losses_in_short_succession_are_one_episode_and_are_counted() {
    let mut stage = Stage::new();
    let at = stage.world().stamp();
    for dropped in [2, 3] {
        let notices = vec![Notice::Overflow { at, dropped }];
        stage.told.append(&mut stage.tracker.run(notices, at));
    }
    stage.settle();
    let bulk = &stage.told[0];
    assert_eq!(bulk.header.metadata_value("dropped").unwrap(), "5");
    assert_eq!(stage.tracker.coverage().problems(0), ["notifications were lost 2 times"]);
    assert_eq!(stage.lines(), ["bulk /r"]);
}

#[test]
fn what_an_earlier_life_has_lost_is_told_on_every_watched_path_and_compares_nothing() {
    let mut stage = Stage::new();
    let at = stage.world().stamp();
    stage.tracker.tell_earlier_loss(at);
    stage.settle();
    assert_eq!(stage.told[0].header.metadata_value("reason").unwrap(), "earlier_loss");
    assert_eq!(stage.lines(), ["bulk /r"]);
    assert_eq!(stage.tracker.coverage().problems(0), NOTHING);
}

#[test]
fn where_losses_are_not_told_everything_is_compared_from_time_to_time() {
    let dialect = Dialect::DirectoryChanges;
    let mut stage = Stage::speaking(dialect, &FsmondConfig::default(), |world| {
        world.make_folder("/r/a");
        world.make_file("/r/a/removed");
    });
    stage.world().remove("/r/a/removed");
    stage.world().make_file("/r/a/new");
    drop(stage.world().hear(usize::MAX));
    stage.hear(usize::MAX);
    assert_eq!(stage.lines(), NOTHING);
    let rounds: [&[&str]; 2] = [&["deleted /r/a/removed", "created /r/a/new"], &[]];
    for expected in rounds {
        let due_ns = stage.tracker.due_ns().expect("it is due some time");
        stage.world().now_ns = due_ns;
        stage.hear(usize::MAX);
        assert_eq!(stage.lines(), expected);
    }
}

#[test]
fn a_folder_without_a_watch_is_named_and_the_others_are_watched() {
    let mut stage = Stage::with(&FsmondConfig::default(), |world| {
        world.make_folder("/r/a");
        world.make_folder("/r/b");
        world.make_file("/r/b/x");
        world.most_watches = Some(2);
    });
    let problems = stage.tracker.coverage().problems(0);
    assert!(problems[0].starts_with("1 not watched: /r/b (no watch is left); "), "{problems:?}");
    assert!(!stage.tracker.coverage().has_failed(0));
    stage.world().write("/r/b/x");
    stage.world().make_file("/r/a/x");
    assert_eq!(stage.settled(), ["created /r/a/x"]);
    stage.world().remove("/r/b");
    assert_eq!(stage.settled(), ["deleted /r/b/x", "deleted /r/b"]);
    assert_eq!(stage.tracker.coverage().problems(0), NOTHING);
}

#[test]
fn beyond_the_limit_of_known_paths_everything_is_told_as_it_is_said() {
    let config = FsmondConfig { max_known_paths: 2, ..FsmondConfig::default() };
    let mut stage = Stage::with(&config, |world| {
        world.make_folder("/r/a");
        world.make_file("/r/a/x");
    });
    let problems = stage.tracker.coverage().problems(0);
    assert!(problems[0].starts_with("more than 2 paths"), "{problems:?}");
    stage.world().write("/r/a/x");
    stage.world().remove("/r/a");
    assert_eq!(stage.settled(), ["modified /r/a/x", "deleted /r/a/x", "deleted /r/a"]);
    stage.world().make_folder("/r/b");
    stage.world().make_file("/r/b/y");
    assert_eq!(stage.settled(), ["created /r/b", "created /r/b/y"]);
    stage.world().make_folder("/r/c");
    stage.world().lose();
    assert_eq!(stage.settled(), ["bulk /r"], "there is nothing to compare with");
    stage.world().make_file("/r/c/z");
    assert_eq!(stage.settled(), ["created /r/c/z"], "but what is new is watched");
}

#[test]
fn what_is_excluded_is_neither_told_nor_watched() {
    let config = FsmondConfig::default().with_exclude(["cache"]);
    let mut stage = Stage::with(&config, |_| {});
    stage.world().make_folder("/r/cache");
    stage.world().make_file("/r/cache/x");
    stage.world().make_file("/r/x");
    assert_eq!(stage.settled(), ["created /r/x"]);
    stage.world().rename("/r/x", "/r/cache/y");
    assert_eq!(stage.settled(), ["deleted /r/x"]);
    stage.world().rename("/r/cache/y", "/r/z");
    assert_eq!(stage.settled(), ["created /r/z"]);
}

#[test]
fn a_root_that_is_gone_is_waited_for() {
    let mut stage = Stage::with(&FsmondConfig::default(), |world| world.make_file("/r/x"));
    stage.world().rename("/r", "/o/r");
    assert_eq!(stage.settled(), ["deleted /r/x", "deleted /r"]);
    assert_eq!(stage.tracker.coverage().problems(0), ["/r is gone and waited for"]);
    assert!(stage.tracker.coverage().has_failed(0), "nothing else is watched");
    stage.world().make_file("/o/r/y");
    stage.world().make_folder("/r");
    stage.world().make_file("/r/z");
    assert_eq!(stage.settled(), ["created /r", "created /r/z"]);
    stage.world().write("/r/z");
    assert_eq!(stage.settled(), ["modified /r/z"]);
    assert_eq!(stage.tracker.coverage().problems(0), NOTHING);
}

/// A tracker of `/r` and of what is not in `/o` yet.
fn awaiting() -> Stage {
    let roots = ["/o/late", "/r"].map(|path| Root { path: path.into(), is_folder: true });
    Stage::watching(roots.to_vec(), Dialect::Inotify, &FsmondConfig::default(), |_| {})
}

#[test]
fn a_root_that_is_missing_from_the_beginning_is_named_and_told_once_it_comes() {
    let mut stage = awaiting();
    assert_eq!(stage.tracker.coverage().gone, ["/o/late"]);
    assert!(!stage.tracker.coverage().has_failed(0), "the other one is watched");
    assert_eq!(stage.settled(), NOTHING);
    stage.world().make_folder("/o/late");
    stage.world().make_file("/o/late/x");
    assert_eq!(stage.settled(), ["created /o/late", "created /o/late/x"]);
    stage.world().write("/o/late/x");
    assert_eq!(stage.settled(), ["modified /o/late/x"]);
    assert_eq!(stage.tracker.coverage().problems(0), NOTHING);
}

#[test]
fn a_root_that_was_missing_may_come_as_a_file() {
    let mut stage = awaiting();
    stage.world().make_file("/o/late");
    stage.world().make_file("/o/other");
    assert_eq!(stage.settled(), ["created /o/late"]);
    assert_eq!(stage.tracker.coverage().problems(0), NOTHING);
    stage.world().write("/o/late");
    stage.world().write("/o/other");
    assert_eq!(stage.settled(), ["modified /o/late"]);
}

#[test]
fn a_root_whose_folder_says_that_it_is_back_is_watched_for_good() {
    let file = Root { path: "/o/file".into(), is_folder: false };
    let folder = Root { path: "/o/folder".into(), is_folder: true };
    let roots = vec![file, folder];
    let config = FsmondConfig::default();
    let mut stage = Stage::watching(roots, Dialect::Inotify, &config, |world| {
        world.make_file("/o/file");
        world.make_folder("/o/folder");
    });
    stage.world().remove("/o/folder");
    stage.world().make_folder("/o/folder");
    stage.settle();
    stage.lines();
    stage.world().make_file("/o/folder/x");
    assert_eq!(stage.settled(), ["created /o/folder/x"]);
    assert_eq!(stage.tracker.coverage().problems(0), NOTHING);
}

#[test]
fn content_is_hashed_if_that_is_wanted_and_it_is_not_too_long() {
    let config =
        FsmondConfig { hash_content: true, hash_limit_bytes: 1, ..FsmondConfig::default() };
    let mut stage = Stage::with(&config, |world| world.make_file("/r/a"));
    for expected in [Some("digest"), None] {
        stage.world().write("/r/a");
        stage.hear(usize::MAX);
        let modified = stage.told.pop().expect("it was written");
        assert_eq!(modified.content_sha256.as_deref(), expected);
    }
}

#[test]
fn at_the_end_everything_that_waits_is_told() {
    let stage = Stage::with(&FsmondConfig::default(), |world| {
        world.make_file("/r/a");
        world.make_file("/r/b");
    });
    stage.world().append("/r/a");
    stage.world().rename("/r/b", "/o/b");
    stage.world().make_folder("/r/c");
    stage.world().make_full_file("/r/c/x");
    let notices = stage.world().hear(usize::MAX);
    let now = stage.world().stamp();
    let rest = stage.tracker.finish(notices, now);
    let open = rest.iter().find(|event| event.path == "/r/a").expect("it was written");
    assert_eq!(open.header.metadata_value("still_open").unwrap(), "true");
    let mut lines: Vec<_> = rest.iter().map(line).collect();
    lines.sort();
    let expected =
        ["created /r/c", "created /r/c/x", "deleted /r/b", "modified /r/a", "modified /r/c/x"];
    assert_eq!(lines, expected);
}

#[test]
fn a_step_ends_before_it_has_made_too_many_events() {
    let mut stage = Stage::new();
    let more = EVENTS_PER_STEP + 10;
    for index in 0..more {
        stage.world().make_file(&format!("/r/{index}"));
    }
    let notices = stage.world().hear(usize::MAX);
    let now = stage.world().stamp();
    let first = stage.tracker.advance(notices, now);
    assert!(first.is_more);
    assert_eq!(first.events.len(), EVENTS_PER_STEP);
    let second = stage.tracker.advance(Vec::new(), now);
    assert!(!second.is_more);
    assert_eq!(second.events.len(), 10);
}

#[test]
fn a_step_ends_before_it_has_hashed_too_much() {
    let config = FsmondConfig { hash_content: true, ..FsmondConfig::default() };
    let mut stage = Stage::with(&config, |world| {
        world.make_file("/r/a");
        world.make_file("/r/b");
    });
    stage.world().write("/r/a");
    stage.world().write("/r/b");
    let mut notices = stage.world().hear(usize::MAX);
    let now = stage.world().stamp();
    stage.tracker.hashed_bytes = HASHED_BYTES_PER_STEP - 1;
    for is_more in [true, false] {
        let progress = stage.tracker.advance(mem::take(&mut notices), now);
        assert_eq!((progress.events.len(), progress.is_more), (1, is_more));
    }
}

/// What may happen in the world, or to what is said of it.
#[derive(Debug, Clone)]
enum Step {
    MakeFolder(String),
    MakeFile(String),
    Write(String),
    Remove(String),
    Rename(String, String),
    Hear(usize),
    Lose,
    Wait,
}

/// `/r` or `/o`, and up to three of two names.
fn some_path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b"]);
    let names = prop::collection::vec(name, 1..=3);
    let top = prop::sample::select(vec!["/r", "/r", "/o"]);
    (top, names).prop_map(|(top, names)| format!("{top}/{}", names.join("/")))
}

fn some_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => some_path().prop_map(Step::MakeFolder),
        3 => some_path().prop_map(Step::MakeFile),
        2 => some_path().prop_map(Step::Write),
        2 => some_path().prop_map(Step::Remove),
        5 => (some_path(), some_path()).prop_map(|(from, to)| Step::Rename(from, to)),
        4 => (0_usize..4).prop_map(Step::Hear),
        1 => Just(Step::Wait),
    ]
}

impl Stage {
    fn step(&mut self, step: Step) {
        match step {
            Step::MakeFolder(path) => self.world().make_folder(&path),
            Step::MakeFile(path) => self.world().make_file(&path),
            Step::Write(path) => self.world().write(&path),
            Step::Remove(path) => self.world().remove(&path),
            Step::Rename(from, to) => self.world().rename(&from, &to),
            Step::Hear(most) => self.hear(most),
            Step::Lose => self.world().lose(),
            Step::Wait => self.world().now_ns += LONG_NS,
        }
    }
}

/// The paths somebody thinks are there who believes all that is told.
fn believed(told: &[FilesystemEvent]) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    for event in told {
        let path = PathBuf::from(&*event.path);
        match event.operation {
            FilesystemOperation::Created => {
                paths.insert(path);
            }
            FilesystemOperation::Deleted => {
                assert!(paths.remove(&path), "deleted what was not there: {}", line(event));
            }
            FilesystemOperation::Renamed => {
                let from = PathBuf::from(event.previous_path.as_deref().expect("a name before"));
                let moved: Vec<_> =
                    paths.iter().filter(|path| path.starts_with(&from)).cloned().collect();
                assert!(!moved.is_empty(), "renamed what was not there: {}", line(event));
                paths.retain(|there| !there.starts_with(&from) && !there.starts_with(&path));
                paths.extend(moved.iter().map(|old| subtree::moved(old, &from, &path)));
            }
            _ => {}
        }
    }
    paths
}

/// However late the notices are heard: who believes what is told ends with what is there.
fn check(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut stage = Stage::new();
    for step in steps {
        stage.step(step);
    }
    stage.settle();
    let there: BTreeSet<_> = stage.world().below("/r").into_iter().collect();
    prop_assert_eq!(believed(&stage.told), there);
    Ok(())
}

#[test]
fn a_folder_in_the_place_of_a_renamed_file_lends_it_nothing() {
    let path = |path: &str| path.to_owned();
    let made = Step::MakeFile(path("/r/b"));
    let renamed = Step::Rename(path("/r/b"), path("/r/a"));
    let folders = [Step::MakeFolder(path("/r/b")), Step::MakeFolder(path("/r/b/a"))];
    check([made, renamed].into_iter().chain(folders).collect()).unwrap();
}

proptest! {
    #[test]
    fn what_is_told_comes_to_what_is_there(steps in prop::collection::vec(some_step(), 0..40)) {
        check(steps)?;
    }

    #[test]
    fn what_is_told_comes_to_what_is_there_whatever_is_lost(
        steps in prop::collection::vec(prop_oneof![6 => some_step(), 1 => Just(Step::Lose)], 0..40),
    ) {
        check(steps)?;
    }
}
