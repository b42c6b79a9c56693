//! How systems differ in what they tell.

/// Who tells, and hence how much to make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Linux: every step in its order, both halves of a rename with one cookie, the closing of
    /// written files, and that statements were lost. A watch is for one folder.
    Inotify,
    /// Windows: steps in their order, both halves of a rename one after the other, but nothing of
    /// closing, and one word for all changes of a file. A watch is for a tree. The library tells
    /// neither when statements are lost nor when a watch has failed.
    DirectoryChanges,
    /// macOS: that something happened to a path, steps in no order. A watch is for a tree.
    FsEvents,
    /// BSD: the same of each file and folder that is watched by itself. Lost statements are not
    /// told, and what is new in a folder only in part: the folder has to be listed.
    Kqueue,
}

impl Dialect {
    /// That of the system this is built for.
    pub(super) const fn of_this_system() -> Self {
        if cfg!(any(target_os = "linux", target_os = "android")) {
            Self::Inotify
        } else if cfg!(windows) {
            Self::DirectoryChanges
        } else if cfg!(target_os = "macos") {
            Self::FsEvents
        } else {
            Self::Kqueue
        }
    }

    /// Whether each folder needs a watch of its own.
    pub(super) fn watches_each_folder(self) -> bool {
        matches!(self, Self::Inotify | Self::Kqueue)
    }

    /// Whether each file needs one, too, and folders have to be listed when they change.
    pub(super) fn watches_each_file(self) -> bool {
        self == Self::Kqueue
    }

    /// Whether statements may be lost and nobody tells.
    pub(super) fn loses_silently(self) -> bool {
        self == Self::DirectoryChanges
    }

    /// Whether it tells when a file that was written is closed.
    pub(super) fn tells_closing(self) -> bool {
        self == Self::Inotify
    }

    /// Whether it tells when a file is opened.
    pub(super) fn tells_accesses(self) -> bool {
        self == Self::Inotify
    }

    /// Whether it tells of changes that cannot be looked up: access lists, streams.
    pub(super) fn tells_what_is_not_seen(self) -> bool {
        self == Self::DirectoryChanges
    }
}
