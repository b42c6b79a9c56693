//! Hashes of files by their identity: an executable that runs often is read once.

use std::collections::HashMap;

use super::digest::Sha256Hex;
use super::file_identity::FileIdentity;

/// Hashes of the files met last.
#[derive(Debug)]
pub(super) struct DigestCache {
    known: HashMap<FileIdentity, Known>,
    /// Most that are kept; for one more the one that was not asked for the longest goes.
    limit: usize,
    /// How often it was asked so far: the order of uses.
    uses: u64,
}

#[derive(Debug)]
struct Known {
    sha256: Sha256Hex,
    last_use: u64,
}

impl DigestCache {
    /// An empty one for so many.
    pub(super) fn new(limit: usize) -> Self {
        Self { known: HashMap::new(), limit, uses: 0 }
    }

    /// The hash of a file, if it is known.
    pub(super) fn get(&mut self, file: &FileIdentity) -> Option<Sha256Hex> {
        self.uses += 1;
        let known = self.known.get_mut(file)?;
        known.last_use = self.uses;
        Some(known.sha256.clone())
    }

    /// Keeps the hash of a file.
    pub(super) fn insert(&mut self, file: FileIdentity, sha256: Sha256Hex) {
        self.uses += 1;
        self.known.insert(file, Known { sha256, last_use: self.uses });
        // Far less than reading the file has cost.
        while self.known.len() > self.limit {
            let oldest = self.known.iter().min_by_key(|(_, known)| known.last_use);
            if let Some(oldest) = oldest.map(|(file, _)| file.clone()) {
                self.known.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(number: u64) -> FileIdentity {
        FileIdentity::made_up(number, 10)
    }

    fn holding(files: impl IntoIterator<Item = u64>, limit: usize) -> DigestCache {
        let mut cache = DigestCache::new(limit);
        for number in files {
            cache.insert(file(number), number.to_string().into());
        }
        cache
    }

    fn numbers(cache: &DigestCache) -> Vec<String> {
        let mut numbers: Vec<_> =
            cache.known.values().map(|known| known.sha256.to_string()).collect();
        numbers.sort();
        numbers
    }

    #[test]
    fn a_hash_is_found_by_the_files_identity() {
        let mut cache = holding([1, 2], 10);
        assert_eq!(cache.get(&file(2)), Some("2".into()));
        assert_eq!(cache.get(&file(3)), None);
    }

    #[test]
    fn a_file_that_was_written_to_is_another() {
        let mut cache = holding([1], 10);
        assert_eq!(cache.get(&file(1).rewritten(10)), None);
        assert_eq!(cache.get(&file(1).rewritten(11)), None);
    }

    #[test]
    fn the_one_that_was_not_asked_for_the_longest_goes() {
        let mut cache = holding([1, 2, 3], 3);
        assert!(cache.get(&file(1)).is_some());
        cache.insert(file(4), "4".into());
        assert_eq!(numbers(&cache), ["1", "3", "4"]);
        cache.insert(file(5), "5".into());
        assert_eq!(numbers(&cache), ["1", "4", "5"]);
    }

    #[test]
    fn asking_for_what_is_not_known_keeps_nothing() {
        let mut cache = holding([1], 1);
        assert_eq!(cache.get(&file(2)), None);
        assert_eq!(numbers(&cache), ["1"]);
    }

    #[test]
    fn a_hash_that_is_known_already_makes_nobody_go() {
        let mut cache = holding([1, 2], 2);
        cache.insert(file(1), "1".into());
        assert_eq!(numbers(&cache), ["1", "2"]);
    }

    #[test]
    fn it_never_holds_more_than_its_limit() {
        for limit in 0..5 {
            assert_eq!(holding(0..20, limit).known.len(), limit);
        }
    }
}
