//! From the library's events to our notices. No clock, no system.

use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind};

use super::dialect::Dialect;
use super::notice::{Happening, Notice, Stamp, What};

/// What an event says in a dialect; nothing of accesses unless they are wanted: programs open
/// files all the time.
pub(super) fn translate(event: Event, dialect: Dialect, accesses: bool, at: Stamp) -> Vec<Notice> {
    let mut notices = Vec::new();
    if event.need_rescan() {
        notices.push(Notice::Overflow { at, dropped: 0 });
    }
    let said = what(&event, dialect).filter(|what| accesses || *what != What::Opened);
    if let Some(what) = said {
        for path in event.paths {
            if dialect.watches_each_file()
                && let Some(folder) = path.parent().map(Path::to_owned)
            {
                notices.push(happened(folder, What::Changed { content: false }, at));
            }
            notices.push(happened(path, what, at));
        }
    }
    notices
}

fn happened(path: PathBuf, what: What, at: Stamp) -> Notice {
    Notice::Happened(Happening { path, what, at })
}

fn what(event: &Event, dialect: Dialect) -> Option<What> {
    match dialect {
        Dialect::Inotify => inotify(event),
        Dialect::DirectoryChanges => directory_changes(event.kind),
        Dialect::FsEvents | Dialect::Kqueue => look(event.kind),
    }
}

fn inotify(event: &Event) -> Option<What> {
    let cookie = event.tracker();
    Some(match event.kind {
        EventKind::Create(_) => What::Created,
        EventKind::Remove(_) => What::Removed,
        EventKind::Access(AccessKind::Open(_)) => What::Opened,
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => What::Closed,
        EventKind::Modify(ModifyKind::Data(_)) => What::Written,
        EventKind::Modify(ModifyKind::Metadata(_)) => What::Attributes,
        // A folder tells of its own move without a cookie.
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) if cookie.is_none() => {
            What::MovedAway
        }
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => What::MovedFrom { cookie },
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => What::MovedTo { cookie },
        // `RenameMode::Both` says again what its halves have said.
        _ => return None,
    })
}

fn directory_changes(kind: EventKind) -> Option<What> {
    Some(match kind {
        EventKind::Create(_) => What::Created,
        EventKind::Remove(_) => What::Removed,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => What::MovedFrom { cookie: None },
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => What::MovedTo { cookie: None },
        EventKind::Any | EventKind::Modify(_) => What::Changed { content: true },
        EventKind::Access(_) | EventKind::Other => return None,
    })
}

/// Steps that may be old and are in no order: only where they happened is worth knowing.
fn look(kind: EventKind) -> Option<What> {
    Some(match kind {
        EventKind::Modify(ModifyKind::Metadata(_) | ModifyKind::Name(_)) | EventKind::Remove(_) => {
            What::Changed { content: false }
        }
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) => {
            What::Changed { content: true }
        }
        EventKind::Access(_) | EventKind::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind};

    use super::*;

    const AT: Stamp = Stamp { unix_ns: 1, monotonic_ns: 2 };

    fn said(event: Event, dialect: Dialect) -> Vec<Notice> {
        translate(event, dialect, false, AT)
    }

    fn event(kind: EventKind) -> Event {
        Event::new(kind).add_path("/a/b".into())
    }

    fn of(path: &str, what: What) -> Notice {
        happened(path.into(), what, AT)
    }

    #[test]
    fn each_step_on_linux_has_its_word() {
        let rows = [
            (EventKind::Create(CreateKind::Folder), What::Created),
            (EventKind::Modify(ModifyKind::Data(DataChange::Any)), What::Written),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), What::Closed),
            (EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), What::Attributes),
            (EventKind::Remove(RemoveKind::File), What::Removed),
            (EventKind::Modify(ModifyKind::Name(RenameMode::From)), What::MovedAway),
        ];
        for (kind, what) in rows {
            assert_eq!(said(event(kind), Dialect::Inotify), [of("/a/b", what)], "{kind:?}");
        }
    }

    #[test]
    fn a_rename_on_linux_is_its_two_halves_and_nothing_more() {
        let name = |mode| EventKind::Modify(ModifyKind::Name(mode));
        let cookie = Some(7);
        let half = |mode| said(event(name(mode)).set_tracker(7), Dialect::Inotify);
        assert_eq!(half(RenameMode::From), [of("/a/b", What::MovedFrom { cookie })]);
        assert_eq!(half(RenameMode::To), [of("/a/b", What::MovedTo { cookie })]);
        assert_eq!(half(RenameMode::Both), []);
    }

    #[test]
    fn opening_is_told_only_if_it_is_wanted() {
        let opened = event(EventKind::Access(AccessKind::Open(AccessMode::Any)));
        assert_eq!(said(opened.clone(), Dialect::Inotify), []);
        let wanted = translate(opened, Dialect::Inotify, true, AT);
        assert_eq!(wanted, [of("/a/b", What::Opened)]);
    }

    #[test]
    fn lost_statements_are_told_by_every_dialect_that_says_so() {
        let rescan = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        let overflow = Notice::Overflow { at: AT, dropped: 0 };
        assert_eq!(said(rescan.clone(), Dialect::Inotify), std::slice::from_ref(&overflow));
        assert_eq!(said(rescan.add_path("/a".into()), Dialect::FsEvents), [overflow]);
    }

    #[test]
    fn one_word_for_all_changes_of_a_file_on_windows_means_to_look() {
        let changed = event(EventKind::Modify(ModifyKind::Any));
        let look = What::Changed { content: true };
        assert_eq!(said(changed, Dialect::DirectoryChanges), [of("/a/b", look)]);
        let left = event(EventKind::Modify(ModifyKind::Name(RenameMode::From)));
        let left = said(left, Dialect::DirectoryChanges);
        assert_eq!(left, [of("/a/b", What::MovedFrom { cookie: None })]);
    }

    #[test]
    fn steps_in_no_order_only_mean_to_look() {
        let rows = [
            (EventKind::Create(CreateKind::File), true),
            (EventKind::Modify(ModifyKind::Data(DataChange::Content)), true),
            (EventKind::Modify(ModifyKind::Name(RenameMode::Any)), false),
            (EventKind::Remove(RemoveKind::Any), false),
        ];
        for (kind, content) in rows {
            let look = of("/a/b", What::Changed { content });
            assert_eq!(said(event(kind), Dialect::FsEvents), [look], "{kind:?}");
        }
    }

    #[test]
    fn where_folders_say_too_little_they_are_looked_at_as_well() {
        let folder = of("/a", What::Changed { content: false });
        let file = of("/a/b", What::Changed { content: true });
        let created = said(event(EventKind::Create(CreateKind::File)), Dialect::Kqueue);
        assert_eq!(created, [folder, file]);
    }
}
