//! A journal read by the next broker.

use super::*;
use crate::acl::Role;
use crate::identity::Secret;

fn life(incarnation: u64) -> Life {
    ("reader".into(), incarnation)
}

fn wanted(id: &str) -> EventSubscription {
    EventSubscription::new(id).with_pattern("events.process.#")
}

fn opened(path: &Path) -> (Journal, Recovered) {
    Journal::open(path).expect("a journal")
}

#[test]
fn the_next_broker_knows_what_held_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let (mut journal, nothing) = opened(&path);
    assert!(nothing.keys.is_empty() && nothing.subscriptions.is_empty());
    let principal = Principal::new("watcher", Role::Observer).expect("an id");
    let keys: Vec<Secret> = (0..2).map(|_| Secret::random().expect("randomness")).collect();
    for key in &keys {
        journal.key_opened(&principal, &key.digest());
    }
    journal.subscribed(&life(1), &wanted("stays"));
    journal.subscribed(&life(1), &wanted("ends"));
    journal.ended("ends");
    journal.ended("never there");
    drop(journal);
    let (journal, recovered) = opened(&path);
    assert_eq!(recovered.subscriptions, [(life(1), wanted("stays"))]);
    let [(known, digest)] = &recovered.keys[..] else { panic!("{recovered:?}") };
    assert_eq!(known, &principal);
    assert!(digest.is(&keys[1].digest()) && !digest.is(&keys[0].digest()));
    drop(journal);
    let (mut journal, again) = opened(&path);
    assert_eq!((again.subscriptions.len(), again.keys.len()), (1, 1), "as it was");
    journal.clear();
    drop(journal);
    assert!(opened(&path).1.subscriptions.is_empty(), "a broker that ended in order");
}

#[test]
fn a_journal_cut_at_any_byte_loses_its_last_entry_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let (mut journal, _) = opened(&path);
    journal.subscribed(&life(1), &wanted("first"));
    let first = journal.bytes;
    journal.subscribed(&life(1), &wanted("second"));
    drop(journal);
    let whole = std::fs::read(&path).expect("read");
    for at in first..whole.len() {
        std::fs::write(&path, &whole[..at]).expect("written");
        let recovered = opened(&path).1.subscriptions;
        assert_eq!(recovered, [(life(1), wanted("first"))], "cut at {at}");
    }
}

#[test]
fn its_length_follows_what_holds_not_what_happened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let (mut journal, _) = opened(&path);
    journal.subscribed(&life(1), &wanted("stays"));
    for _ in 0..4 * COMPACT_AT_BYTES / wanted("comes and goes").subscriber_id.len() {
        journal.subscribed(&life(1), &wanted("comes and goes"));
        journal.ended("comes and goes");
    }
    let bytes = std::fs::metadata(&path).expect("it").len();
    assert!(bytes < 2 * COMPACT_AT_BYTES as u64, "{bytes}");
    drop(journal);
    assert_eq!(opened(&path).1.subscriptions, [(life(1), wanted("stays"))]);
}

#[test]
fn a_broker_killed_while_it_writes_its_journal_anew_leaves_the_old_one_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let (mut journal, _) = opened(&path);
    journal.subscribed(&life(1), &wanted("stays"));
    drop(journal);
    // As far as the kill let it come.
    std::fs::write(folder.path().join("journal.new"), [7, 1, 1]).expect("written");
    let (mut journal, recovered) = opened(&path);
    assert_eq!(recovered.subscriptions, [(life(1), wanted("stays"))]);
    journal.write_anew().expect("over what was left");
    journal.subscribed(&life(1), &wanted("later"));
    let told = Journal::open(&path).expect_err("still locked").to_string();
    assert!(told.contains("in use"), "{told}");
    drop(journal);
    assert_eq!(opened(&path).1.subscriptions.len(), 2);
}

#[test]
fn what_does_not_fit_is_not_remembered_and_what_does_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let (mut journal, _) = opened(&path);
    let large = |number: usize| {
        let mut subscription = wanted(&format!("large-{number}"));
        subscription.topic_patterns = (0..250).map(|at| format!("events.{number}.{at}")).collect();
        subscription
    };
    let one = Entry::subscription(&life(1), &large(0)).bytes.len();
    let fit = MAX_JOURNAL_BYTES / 2 / one;
    for number in 0..fit + fit / 10 {
        journal.subscribed(&life(1), &large(number));
    }
    assert!(journal.live_bytes <= MAX_JOURNAL_BYTES / 2);
    assert!(journal.live.len() < fit + fit / 10 && journal.live.len() > fit / 2);
    journal.ended("large-0");
    journal.subscribed(&life(1), &wanted("small"));
    drop(journal);
    assert!(opened(&path).1.subscriptions.contains(&(life(1), wanted("small"))));
}

#[test]
fn a_journal_has_one_broker() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let _held = opened(&path);
    let told = Journal::open(&path).expect_err("in use").to_string();
    assert!(told.contains("in use by another broker"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_journal_by_another_name_is_the_same_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, alias) = (folder.path().join("journal"), folder.path().join("alias"));
    let (mut journal, _) = opened(&path);
    journal.subscribed(&life(1), &wanted("first"));
    std::os::unix::fs::symlink(&path, &alias).expect("a link");
    let refused = Journal::open(&alias).expect_err("in use");
    assert!(matches!(refused, JournalError::InUse { .. }), "{refused}");
    drop(journal);
    let (mut journal, _) = opened(&alias);
    journal.write_anew().expect("where the link points");
    drop(journal);
    assert_eq!(opened(&path).1.subscriptions.len(), 1);
}

/// With subscriptions of so many patterns each, until nothing fits any more.
fn filled(path: &Path, patterns: usize) -> Journal {
    let (mut journal, _) = opened(path);
    let mut number = 0;
    while journal.live.len() == number {
        journal.subscribed(&life(1), &large(number, patterns));
        number += 1;
    }
    journal
}

fn large(number: usize, patterns: usize) -> EventSubscription {
    let mut subscription = wanted(&format!("large-{number}"));
    let topic = "x".repeat(60);
    subscription.topic_patterns =
        (0..patterns).map(|at| format!("events.{topic}.{at:04}")).collect();
    subscription
}

#[test]
fn the_last_entry_of_a_full_journal_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let mut journal = filled(&path, 800);
    let mut longest = 0;
    for incarnation in 2..400 {
        journal.subscribed(&life(incarnation), &large(0, 800));
        longest = longest.max(journal.bytes);
    }
    assert!(longest <= MAX_JOURNAL_BYTES && longest > MAX_JOURNAL_BYTES / 10 * 9, "{longest}");
    drop(journal);
    assert!(opened(&path).1.subscriptions.contains(&(life(399), large(0, 800))));
}

#[test]
fn what_no_longer_fits_is_not_remembered_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let mut journal = filled(&path, 200);
    journal.subscribed(&life(2), &large(0, 800));
    drop(journal);
    let is_known = |(_, known): &(Life, EventSubscription)| known.subscriber_id == "large-0";
    assert!(!opened(&path).1.subscriptions.iter().any(is_known));
}

#[cfg(unix)]
#[test]
fn a_journal_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    drop(opened(&path));
    assert_eq!(std::fs::metadata(&path).expect("it").permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("its owner");
    let told = Journal::open(&path).expect_err("open to others").to_string();
    assert!(told.contains("mode 644") && told.contains("chmod 600"), "{told}");
}

#[test]
fn a_file_of_somebody_else_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let mut options = OpenOptions::new();
    let mut file = private(options.write(true).create(true)).open(&path).expect("a file");
    let precious = b"-----BEGIN PRIVATE KEY-----";
    file.write_all(precious).expect("written");
    drop(file);
    let refused = Journal::open(&path).expect_err("no journal");
    assert!(matches!(refused, JournalError::Foreign { .. }), "{refused}");
    assert_eq!(std::fs::read(&path).expect("read"), precious);
}

#[test]
fn a_journal_cut_within_its_head_begins_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    drop(opened(&path));
    for at in 0..=HEAD.len() {
        std::fs::write(&path, &HEAD[..at]).expect("written");
        let (mut journal, nothing) = opened(&path);
        assert!(nothing.subscriptions.is_empty());
        journal.subscribed(&life(1), &wanted("first"));
        drop(journal);
        assert_eq!(opened(&path).1.subscriptions.len(), 1, "cut at {at}");
    }
}
