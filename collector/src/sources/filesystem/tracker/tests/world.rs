//! A filesystem that is made up, and a watcher that says of it what Linux and the library say.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::super::super::folders::Refusal;
use super::super::super::notice::{Happening, Notice, Stamp, What};
use super::super::super::sight::{Inode, Kind, Sight};
use super::super::super::subtree;
use super::super::super::system::{System, WatchError};

/// The world; the tracker sees it through a [`Window`].
#[derive(Debug, Default)]
pub(super) struct World {
    nodes: BTreeMap<PathBuf, Sight>,
    /// What the watch of each inode thinks is its path.
    watches: BTreeMap<u64, PathBuf>,
    /// How many watches there are to have; `None` for any number.
    pub(super) most_watches: Option<usize>,
    said: Vec<Notice>,
    inodes: u64,
    cookies: usize,
    /// The time, nanoseconds; it passes with every step.
    pub(super) now_ns: u64,
}

/// What the tracker holds of a world.
#[derive(Debug, Clone)]
pub(super) struct Window(pub(super) Rc<RefCell<World>>);

impl World {
    pub(super) fn stamp(&self) -> Stamp {
        Stamp { unix_ns: self.now_ns, monotonic_ns: self.now_ns }
    }

    /// Takes what was said and not heard yet, up to so many.
    pub(super) fn hear(&mut self, most: usize) -> Vec<Notice> {
        let most = most.min(self.said.len());
        self.said.drain(..most).collect()
    }

    /// Everything said and not heard yet is lost.
    pub(super) fn lose(&mut self) {
        let dropped = self.said.len() as u64;
        self.said = vec![Notice::Overflow { at: self.stamp(), dropped }];
    }

    /// What is below a folder.
    pub(super) fn below(&self, top: &str) -> Vec<PathBuf> {
        let mut paths = subtree::paths(&self.nodes, Path::new(top));
        paths.retain(|path| path != Path::new(top));
        paths
    }

    pub(super) fn make_folder(&mut self, path: &str) {
        self.make(path, Kind::Folder);
    }

    /// A new file, closed and empty.
    pub(super) fn make_file(&mut self, path: &str) {
        if self.make(path, Kind::File) {
            self.say(path.as_ref(), What::Closed);
        }
    }

    /// A new file, written and closed.
    pub(super) fn make_full_file(&mut self, path: &str) {
        if self.make(path, Kind::File) {
            self.write(path);
        }
    }

    /// A file is opened, written and closed.
    pub(super) fn write(&mut self, path: &str) {
        if self.append(path) {
            self.say(path.as_ref(), What::Closed);
        }
    }

    /// A file is written, and stays open.
    pub(super) fn append(&mut self, path: &str) -> bool {
        self.now_ns += 1;
        let now_ns = self.now_ns;
        let Some(node) = self.nodes.get_mut(Path::new(path)) else { return false };
        if node.kind != Kind::File {
            return false;
        }
        node.size_bytes += 1;
        node.modified_unix_ns = now_ns;
        node.inode.changed_unix_ns = Some(now_ns);
        self.say(path.as_ref(), What::Written);
        true
    }

    pub(super) fn change_mode(&mut self, path: &str, permissions: u32) {
        self.now_ns += 1;
        let now_ns = self.now_ns;
        if let Some(node) = self.nodes.get_mut(Path::new(path)) {
            node.inode.permissions = Some(permissions);
            node.inode.changed_unix_ns = Some(now_ns);
            self.say(path.as_ref(), What::Attributes);
            self.say_itself(path.as_ref(), What::Attributes);
        }
    }

    /// Removes a path, after everything below it.
    pub(super) fn remove(&mut self, path: &str) {
        for path in subtree::paths(&self.nodes, Path::new(path)).into_iter().rev() {
            self.now_ns += 1;
            self.say(&path, What::Removed);
            self.say_itself(&path, What::Removed);
            if let Some(id) = self.nodes.remove(&path).and_then(|node| node.inode.id) {
                self.watches.remove(&id);
            }
        }
    }

    /// Renames a path; nothing happens where no system would allow it.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let (from, to) = (Path::new(from), Path::new(to));
        let Some(node) = self.nodes.get(from).copied() else { return };
        let file = |sight: &Sight| sight.kind == Kind::File;
        let is_free = self.nodes.get(to).is_none_or(|there| file(there) && file(&node));
        if from == to || !self.is_in_folder(to) || !is_free || to.starts_with(from) {
            return;
        }
        self.now_ns += 1;
        self.cookies += 1;
        let cookie = Some(self.cookies);
        self.say(from, What::MovedFrom { cookie });
        self.say(to, What::MovedTo { cookie });
        self.say_itself(from, What::MovedAway);
        // As the library does with what left its folder.
        self.watches.retain(|_, watched| !watched.starts_with(from));
        self.nodes.remove(to);
        for (path, node) in subtree::take(&mut self.nodes, from) {
            self.nodes.insert(subtree::moved(&path, from, to), node);
        }
    }

    fn make(&mut self, path: &str, kind: Kind) -> bool {
        let path = Path::new(path);
        if self.nodes.contains_key(path) || !self.is_in_folder(path) {
            return false;
        }
        self.now_ns += 1;
        self.inodes += 1;
        let inode = Inode {
            id: Some(self.inodes),
            changed_unix_ns: Some(self.now_ns),
            permissions: Some(0o755),
            user_id: Some(0),
        };
        let sight = Sight { kind, size_bytes: 0, modified_unix_ns: self.now_ns, inode };
        self.nodes.insert(path.to_owned(), sight);
        self.say(path, What::Created);
        true
    }

    /// Whether a path has a folder to be in; one at the top needs none.
    fn is_in_folder(&self, path: &Path) -> bool {
        let Some(folder) = path.parent() else { return false };
        folder == Path::new("/") || self.nodes.get(folder).is_some_and(Sight::is_folder)
    }

    /// The watch of its folder says something of a path.
    fn say(&mut self, path: &Path, what: What) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        if let Some(watched) = self.watched_as(folder) {
            let path = watched.join(name);
            self.said.push(Notice::Happened(Happening { path, what, at: self.stamp() }));
        }
    }

    /// A folder's own watch says something of it.
    fn say_itself(&mut self, folder: &Path, what: What) {
        if let Some(path) = self.watched_as(folder) {
            self.said.push(Notice::Happened(Happening { path, what, at: self.stamp() }));
        }
    }

    fn watched_as(&self, folder: &Path) -> Option<PathBuf> {
        let id = self.nodes.get(folder)?.inode.id?;
        self.watches.get(&id).cloned()
    }
}

impl System for Window {
    fn watch(&mut self, path: &Path) -> Result<(), WatchError> {
        let mut world = self.0.borrow_mut();
        let node = world.nodes.get(path).filter(|node| node.is_folder());
        let Some(id) = node.and_then(|node| node.inode.id) else { return Err(WatchError::Gone) };
        let is_full = world.most_watches.is_some_and(|most| world.watches.len() >= most);
        if is_full && !world.watches.contains_key(&id) {
            return Err(WatchError::Refused(Refusal::NoneLeft));
        }
        world.watches.insert(id, path.to_owned());
        Ok(())
    }

    fn unwatch(&mut self, path: &Path) {
        self.0.borrow_mut().watches.retain(|_, watched| watched.as_path() != path);
    }

    fn look(&self, path: &Path) -> Option<Sight> {
        self.0.borrow().nodes.get(path).copied()
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<(PathBuf, Sight)>> {
        let world = self.0.borrow();
        if !world.nodes.get(folder).is_some_and(Sight::is_folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let nodes = world.nodes.iter().filter(|(path, _)| path.parent() == Some(folder));
        Ok(nodes.map(|(path, sight)| (path.clone(), *sight)).collect())
    }

    fn digest(&self, path: &Path, limit_bytes: u64) -> Option<String> {
        self.look(path).filter(|sight| sight.size_bytes <= limit_bytes)?;
        Some("digest".to_owned())
    }
}
