//! Looking at paths of which the system only says that something happened.

use std::collections::BTreeSet;
use std::path::PathBuf;

use daemoneye_eventbus::event::FilesystemOperation;

use super::super::known::Comparison;
use super::super::notice::Stamp;
use super::super::sight::Sight;
use super::super::system::System;
use super::Tracker;
use super::listing::Listing;

/// A path to look at.
#[derive(Debug)]
pub(super) struct Glimpse {
    pub(super) path: PathBuf,
    /// Whether its content is said to have changed.
    pub(super) content: bool,
    pub(super) at: Stamp,
}

impl<S: System> Tracker<S> {
    /// Looks at paths, and tells how they differ from what is known; what is missing under one
    /// name and found under another is renamed.
    pub(super) fn look_at(&mut self, glimpses: Vec<Glimpse>) {
        let mut comparison = Comparison::default();
        let mut seen = Vec::with_capacity(glimpses.len());
        for glimpse in glimpses {
            let sight = self.system.look(&glimpse.path);
            match sight {
                None => comparison.missing.push(glimpse.path.clone()),
                Some(sight) if self.known.is_unknown(&glimpse.path) => {
                    comparison.found.push((glimpse.path.clone(), sight));
                }
                Some(_) => {}
            }
            seen.push((glimpse, sight));
        }
        self.known.pair(&mut comparison);
        let mut told = BTreeSet::new();
        for (from, to) in comparison.renamed {
            self.rename(&from, &to, self.now);
            told.extend([from, to]);
        }
        for (glimpse, sight) in seen {
            if !told.contains(&glimpse.path) {
                self.tell_glimpse(&glimpse, sight);
            }
        }
    }

    fn tell_glimpse(&mut self, glimpse: &Glimpse, sight: Option<Sight>) {
        let Glimpse { path, content, at } = glimpse;
        let Some(sight) = sight else { return self.delete(path, true, *at) };
        if !self.known.is_complete() && !sight.is_folder() {
            // Whether it is new nobody can tell.
            return self.modify(path, false, *at);
        }
        if !self.known.contains(path) {
            self.create(path, *at);
        }
        let difference = self.known.difference(path, &sight);
        if difference.another {
            self.delete(path, true, *at);
            self.create(path, *at);
        }
        let is_written = *content && sight.has_content() && !self.known.is_content_told(path);
        let is_same = !is_written && !difference.content && !difference.attributes;
        if is_written || difference.content {
            self.modify(path, false, *at);
        }
        let is_unseen = is_same && *content && self.dialect.tells_what_is_not_seen();
        if difference.attributes || (is_unseen && !sight.is_folder()) {
            self.touch(path, FilesystemOperation::Attributes, *at);
        }
        if self.dialect.watches_each_file() && sight.is_folder() {
            self.enter(Listing::again(path));
        }
    }
}
