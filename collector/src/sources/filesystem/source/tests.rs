//! The source by itself, on a folder of this host.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;

const NOTHING: [&str; 0] = [];
/// In the names of files that only mark a moment.
const FENCE: &str = "fence-";

/// A source at work on a folder of its own.
struct Running {
    source: Arc<FilesystemSource>,
    signal: Arc<AtomicBool>,
    events: mpsc::Receiver<CollectionEvent>,
    run: JoinHandle<anyhow::Result<()>>,
    folder: PathBuf,
    fences: usize,
    /// Removes the folder in the end.
    _guard: TempDir,
}

impl Running {
    async fn start() -> Self {
        Self::with(FsmondConfig::default(), |_| {}).await
    }

    /// Watches a folder in which something is there already; what is watched of it is up to the
    /// configuration, if that says so.
    async fn with(config: FsmondConfig, prepare: impl FnOnce(&Path)) -> Self {
        let guard = tempfile::tempdir().expect("a folder");
        let folder = guard.path().canonicalize().expect("the folder is there");
        prepare(&folder);
        let paths = config.paths.clone().unwrap_or_else(|| vec![PathBuf::new()]);
        let config = config.with_paths(paths.into_iter().map(|path| folder.join(path)));
        let source = Arc::new(FilesystemSource::new(config));
        let signal = Arc::new(AtomicBool::new(false));
        let (tx, events) = mpsc::channel(8);
        let mut first_scan = source.first_scan();
        let (running, shutdown_signal) = (Arc::clone(&source), Arc::clone(&signal));
        let run = tokio::spawn(async move { running.start(tx, shutdown_signal).await });
        assert_eq!(first_scan.sent().await, Some(0));
        Self { source, signal, events, run, folder, fences: 0, _guard: guard }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn next(&mut self) -> FilesystemEvent {
        match self.events.recv().await.expect("it runs") {
            CollectionEvent::Filesystem(event) => event,
            other => panic!("{other:?}"),
        }
    }

    /// All that is told up to now. A change of attributes waits as long as anything that has been
    /// said: whatever came before it is told before it. What is found in a listing may wait from
    /// then on, hence the second.
    async fn told(&mut self) -> Vec<FilesystemEvent> {
        let mut told = Vec::new();
        for _ in 0..2 {
            self.fences += 1;
            let fence = self.path(&format!("{FENCE}{}", self.fences));
            File::create(&fence).expect("a new file");
            fs::set_permissions(&fence, Permissions::from_mode(0o600)).expect("it is ours");
            loop {
                let event = self.next().await;
                if !event.path.contains(FENCE) {
                    told.push(event);
                } else if event.operation == FilesystemOperation::Attributes {
                    break;
                }
            }
        }
        told
    }

    /// The same, one line each, with paths as from the folder.
    async fn lines(&mut self) -> Vec<String> {
        let told = self.told().await;
        told.iter().map(|event| self.line(event)).collect()
    }

    fn line(&self, event: &FilesystemEvent) -> String {
        let what = format!("{:?}", event.operation).to_lowercase();
        let name = |path: &str| {
            let name = Path::new(path).strip_prefix(&self.folder).expect("it is watched");
            name.display().to_string()
        };
        match &event.previous_path {
            Some(from) => format!("{what} {} from {}", name(&event.path), name(from)),
            None => format!("{what} {}", name(&event.path)),
        }
    }

    /// Stops it, and receives what it has to tell yet.
    async fn stop(mut self) -> Vec<FilesystemEvent> {
        self.source.stop().await.expect("it stops");
        let mut rest = Vec::new();
        while let Some(event) = self.events.recv().await {
            match event {
                CollectionEvent::Filesystem(event) => rest.push(event),
                other => panic!("{other:?}"),
            }
        }
        self.run.await.expect("it does not panic").expect("it ends well");
        rest
    }
}

#[tokio::test]
async fn what_nobody_receives_any_more_is_counted_when_it_ends() {
    let mut running = Running::start().await;
    let outside = tempfile::tempdir().unwrap();
    let filled = outside.path().join("filled");
    fs::create_dir(&filled).unwrap();
    for number in 0..20 {
        File::create(filled.join(number.to_string())).unwrap();
    }
    // One notice, and one step that tells the folder and all in it: more than the channel holds.
    fs::rename(&filled, running.path("filled")).unwrap();
    assert_eq!(running.next().await.operation, FilesystemOperation::Created);
    running.events.close();
    let mut received = 1;
    while running.events.recv().await.is_some() {
        received += 1;
    }
    (&mut running.run).await.unwrap().unwrap();
    let unsent = running.source.unsent();
    assert_eq!((received + unsent.events, unsent.uncounted), (21, false));
    assert!(unsent.events > 0, "{received} received");
}

#[tokio::test]
async fn a_file_is_told_from_its_making_to_its_end() {
    let mut running = Running::start().await;
    let path = running.path("a");
    fs::write(&path, "five!").unwrap();
    let told = running.told().await;
    let lines: Vec<_> = told.iter().map(|event| running.line(event)).collect();
    assert_eq!(lines, ["created a", "modified a"]);
    let modified = &told[1];
    assert_eq!(modified.path, path.to_str().unwrap());
    assert_eq!(modified.size_bytes, Some(5));
    let user_id = nix::unistd::geteuid().to_string();
    assert_eq!(modified.user_id.as_deref(), Some(user_id.as_str()));
    assert!(modified.header.observed_unix_ns > 0 && modified.header.observed_monotonic_ns > 0);
    assert_eq!(modified.header.source, "fsmond");

    fs::set_permissions(&path, Permissions::from_mode(0o4750)).unwrap();
    let told = running.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].operation, FilesystemOperation::Attributes);
    assert_eq!(told[0].permissions, Some(0o4750));

    fs::remove_file(&path).unwrap();
    let told = running.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].operation, FilesystemOperation::Deleted);
    assert_eq!((told[0].size_bytes, told[0].permissions), (None, None));
}

#[tokio::test]
async fn an_empty_file_is_created_and_not_modified() {
    let mut running = Running::start().await;
    File::create(running.path("a")).unwrap();
    assert_eq!(running.lines().await, ["created a"]);
}

#[tokio::test]
async fn many_writes_to_one_open_file_are_one_change_after_it_is_closed() {
    let prepare = |folder: &Path| fs::write(folder.join("log"), "").unwrap();
    let mut running = Running::with(FsmondConfig::default(), prepare).await;
    let mut log = OpenOptions::new().append(true).open(running.path("log")).unwrap();
    for _ in 0..1_000 {
        log.write_all(b"line\n").unwrap();
    }
    assert_eq!(running.lines().await, NOTHING, "it is open");
    log.write_all(b"last\n").unwrap();
    drop(log);
    let told = running.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].operation, FilesystemOperation::Modified);
    assert_eq!(told[0].size_bytes, Some(5 * 1_001));
    assert_eq!(told[0].header.metadata, []);
}

#[tokio::test]
async fn what_is_in_new_folders_is_told_once() {
    // Longer than between a listing and the hearing of what happened meanwhile.
    let config = FsmondConfig::default().with_settle(Duration::from_secs(1));
    let mut running = Running::with(config, |_| {}).await;
    fs::create_dir_all(running.path("a/b/c")).unwrap();
    for name in ["a/1", "a/b/2", "a/b/c/3"] {
        fs::write(running.path(name), "x").unwrap();
    }
    let mut counts = BTreeMap::new();
    for line in running.lines().await {
        *counts.entry(line).or_insert(0) += 1;
    }
    let expected = [
        "created a",
        "created a/1",
        "created a/b",
        "created a/b/2",
        "created a/b/c",
        "created a/b/c/3",
        "modified a/1",
        "modified a/b/2",
        "modified a/b/c/3",
    ];
    assert_eq!(counts, BTreeMap::from(expected.map(|line| (line.to_owned(), 1))));
    fs::write(running.path("a/b/c/3"), "y").unwrap();
    assert_eq!(running.lines().await, ["modified a/b/c/3"], "it is watched");
}

#[tokio::test]
async fn a_rename_within_is_one_of_a_file_and_of_a_folder_with_all_that_is_in_it() {
    let prepare = |folder: &Path| {
        fs::create_dir_all(folder.join("a/deep")).unwrap();
        fs::create_dir(folder.join("b")).unwrap();
        fs::write(folder.join("a/deep/x"), "x").unwrap();
    };
    let mut running = Running::with(FsmondConfig::default(), prepare).await;
    fs::rename(running.path("a/deep/x"), running.path("b/y")).unwrap();
    assert_eq!(running.lines().await, ["renamed b/y from a/deep/x"]);
    fs::rename(running.path("b"), running.path("a/deep/b")).unwrap();
    assert_eq!(running.lines().await, ["renamed a/deep/b from b"]);
    fs::rename(running.path("a"), running.path("c")).unwrap();
    assert_eq!(running.lines().await, ["renamed c from a"]);
    fs::write(running.path("c/deep/b/y"), "z").unwrap();
    assert_eq!(running.lines().await, ["modified c/deep/b/y"], "it is watched where it is");
}

#[tokio::test]
async fn a_file_that_is_saved_through_another_is_renamed() {
    let prepare = |folder: &Path| fs::write(folder.join("passwd"), "old").unwrap();
    let mut running = Running::with(FsmondConfig::default(), prepare).await;
    fs::write(running.path("passwd+"), "new").unwrap();
    fs::rename(running.path("passwd+"), running.path("passwd")).unwrap();
    let expected = ["created passwd+", "modified passwd+", "renamed passwd from passwd+"];
    assert_eq!(running.lines().await, expected);
}

#[tokio::test]
async fn what_moves_in_is_created_and_what_moves_out_is_deleted() {
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(outside.path().join("a")).unwrap();
    fs::write(outside.path().join("a/x"), "x").unwrap();
    let mut running = Running::start().await;
    fs::rename(outside.path().join("a"), running.path("a")).unwrap();
    assert_eq!(running.lines().await, ["created a", "created a/x"]);
    fs::rename(running.path("a/x"), outside.path().join("x")).unwrap();
    assert_eq!(running.lines().await, ["deleted a/x"]);
    fs::rename(outside.path().join("x"), running.path("a/x")).unwrap();
    assert_eq!(running.lines().await, ["created a/x"]);
    fs::rename(running.path("a"), outside.path().join("a")).unwrap();
    assert_eq!(running.lines().await, ["deleted a/x", "deleted a"]);
    fs::write(outside.path().join("a/x"), "y").unwrap();
    assert_eq!(running.lines().await, NOTHING);
}

#[tokio::test]
async fn a_tree_that_is_deleted_is_told_path_by_path_and_each_once() {
    let prepare = |folder: &Path| {
        fs::create_dir_all(folder.join("a/b")).unwrap();
        fs::write(folder.join("a/x"), "").unwrap();
        fs::write(folder.join("a/b/y"), "").unwrap();
    };
    let mut running = Running::with(FsmondConfig::default(), prepare).await;
    fs::remove_dir_all(running.path("a")).unwrap();
    let mut lines = running.lines().await;
    assert_eq!(lines.last().map(String::as_str), Some("deleted a"));
    lines.sort();
    assert_eq!(lines, ["deleted a", "deleted a/b", "deleted a/b/y", "deleted a/x"]);
}

#[tokio::test]
async fn a_name_that_is_no_text_is_shown_as_well_as_it_can_be() {
    let mut running = Running::start().await;
    File::create(running.folder.join(OsStr::from_bytes(b"caf\xe9"))).unwrap();
    assert_eq!(running.lines().await, ["created caf\u{fffd}"]);
}

#[tokio::test]
async fn a_link_is_told_and_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    let mut running = Running::start().await;
    symlink(outside.path(), running.path("link")).unwrap();
    assert_eq!(running.lines().await, ["created link"]);
    File::create(outside.path().join("x")).unwrap();
    assert_eq!(running.lines().await, NOTHING);
}

#[tokio::test]
async fn without_recursion_what_is_deeper_is_not_told() {
    let config = FsmondConfig { recursive: false, ..FsmondConfig::default() };
    let mut running = Running::with(config, |_| {}).await;
    fs::create_dir(running.path("a")).unwrap();
    assert_eq!(running.lines().await, ["created a"]);
    File::create(running.path("a/x")).unwrap();
    assert_eq!(running.lines().await, NOTHING);
}

#[tokio::test]
async fn a_file_that_is_watched_by_itself_is_seen_to_be_replaced() {
    let prepare = |folder: &Path| {
        fs::write(folder.join("a"), "").unwrap();
        // Watched as well, to mark moments.
        for fence in 1..=2 {
            File::create(folder.join(format!("{FENCE}{fence}"))).unwrap();
        }
    };
    let names = ["a".to_owned(), format!("{FENCE}1"), format!("{FENCE}2")];
    let mut running = Running::with(FsmondConfig::default().with_paths(names), prepare).await;
    fs::write(running.path("new"), "new").unwrap();
    fs::rename(running.path("new"), running.path("a")).unwrap();
    assert_eq!(running.lines().await, ["created a"]);
}

#[tokio::test]
async fn reading_a_file_is_told_once_if_that_is_wanted() {
    let config = FsmondConfig { include_access: true, ..FsmondConfig::default() };
    let prepare = |folder: &Path| {
        for name in ["read", "written"] {
            fs::write(folder.join(name), "x").unwrap();
        }
    };
    let mut running = Running::with(config, prepare).await;
    for _ in 0..3 {
        fs::read(running.path("read")).unwrap();
    }
    fs::write(running.path("written"), "y").unwrap();
    fs::read_dir(&running.folder).unwrap().for_each(drop);
    let mut lines = running.lines().await;
    lines.sort();
    assert_eq!(lines, ["accessed read", "modified written"]);
}

#[tokio::test]
async fn what_is_changed_is_hashed_if_that_is_wanted() {
    let config = FsmondConfig { hash_content: true, ..FsmondConfig::default() };
    let mut running = Running::with(config, |_| {}).await;
    fs::write(running.path("a"), "abc").unwrap();
    let told = running.told().await;
    let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(told[0].content_sha256, None);
    assert_eq!(told[1].content_sha256.as_deref(), Some(of_abc));
}

#[tokio::test]
async fn events_are_numbered_from_one_and_a_stop_in_the_midst_leaves_no_gap() {
    let mut running = Running::start().await;
    for index in 0..100 {
        fs::write(running.path(&index.to_string()), "x").unwrap();
    }
    assert_eq!(running.next().await.header.source_sequence, 1);
    let rest = running.stop().await;
    for (event, sequence) in rest.iter().zip(2..) {
        assert_eq!(event.header.source_sequence, sequence);
    }
}

#[tokio::test]
async fn what_is_written_and_not_closed_is_told_at_the_end() {
    let prepare = |folder: &Path| fs::write(folder.join("log"), "").unwrap();
    let mut running = Running::with(FsmondConfig::default(), prepare).await;
    let mut log = OpenOptions::new().append(true).open(running.path("log")).unwrap();
    log.write_all(b"line\n").unwrap();
    assert_eq!(running.lines().await, NOTHING);
    let rest = running.stop().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0].operation, FilesystemOperation::Modified);
    assert_eq!(rest[0].header.metadata_value("still_open").unwrap(), "true");
}

#[tokio::test]
async fn the_shutdown_signal_alone_ends_it() {
    let running = Running::start().await;
    running.signal.store(true, Ordering::Release);
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_closed_channel_ends_it_without_an_error() {
    let running = Running::start().await;
    drop(running.events);
    File::create(running.folder.join("a")).unwrap();
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_path_that_is_missing_is_waited_for_and_named_while_the_others_are_watched() {
    let config = FsmondConfig::default().with_paths(["kept", "missing"]);
    let prepare = |folder: &Path| fs::create_dir(folder.join("kept")).unwrap();
    let mut running = Running::with(config, prepare).await;
    let error = running.source.health_check().await.unwrap_err();
    let missing = running.path("missing");
    assert!(error.to_string().contains(&*missing.to_string_lossy()), "{error}");
    assert!(error.is::<Limited>(), "the other one is watched");
    File::create(running.path("kept/x")).unwrap();
    let told = running.next().await;
    assert_eq!(running.line(&told), "created kept/x");
    fs::create_dir(missing).unwrap();
    let told = running.next().await;
    assert_eq!(running.line(&told), "created missing");
}

#[tokio::test]
async fn it_is_healthy_once_everything_is_watched_and_while_that_is_there() {
    let idle = FilesystemSource::new(FsmondConfig::default());
    let error = idle.health_check().await.unwrap_err().to_string();
    assert_eq!(error, "not everything is watched yet");

    let prepare = |folder: &Path| {
        for name in ["kept", "removed"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
    };
    let config = FsmondConfig::default().with_paths(["kept", "removed"]);
    let mut running = Running::with(config, prepare).await;
    running.source.health_check().await.unwrap();
    fs::remove_dir(running.path("removed")).unwrap();
    let deleted = running.next().await;
    assert_eq!(running.line(&deleted), "deleted removed");
    // The step in which it was told has ended when the next has told something.
    File::create(running.path("kept/x")).unwrap();
    running.next().await;
    let error = running.source.health_check().await.unwrap_err();
    assert!(error.to_string().contains("removed is gone and waited for"), "{error}");
    assert!(error.is::<Limited>(), "the other one is still watched");
}
