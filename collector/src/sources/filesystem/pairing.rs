//! Pairing the two halves of a rename: who left waits for who came. No clock, no system.

use std::path::{Path, PathBuf};

use super::notice::Stamp;

/// Departures that wait at once; beyond that the oldest waits no longer. The system tells both
/// halves with hardly anything between them.
const MAX_WAITING: usize = 1_024;

/// The first half of a rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Departure {
    /// The name that was left.
    pub(super) path: PathBuf,
    /// What the other half carries too; without one, the next half that carries none is it.
    pub(super) cookie: Option<usize>,
    pub(super) at: Stamp,
}

/// The first halves that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct Departures {
    waiting: Vec<Departure>,
}

impl Departures {
    /// Lets one more wait; the oldest comes back when there are too many.
    pub(super) fn add(&mut self, departure: Departure) -> Option<Departure> {
        let oldest = (self.waiting.len() >= MAX_WAITING).then(|| self.waiting.remove(0));
        self.waiting.push(departure);
        oldest
    }

    /// The half that belongs to one that came with this cookie.
    pub(super) fn partner(&mut self, cookie: Option<usize>) -> Option<Departure> {
        let index = self.waiting.iter().rposition(|departure| departure.cookie == cookie)?;
        Some(self.waiting.remove(index))
    }

    /// Those who left exactly this name; with `below`, or one below it.
    pub(super) fn take_from(&mut self, path: &Path, below: bool) -> Vec<Departure> {
        self.take_where(|departure| {
            departure.path == path || (below && departure.path.starts_with(path))
        })
    }

    /// Those who left by then.
    pub(super) fn take_until(&mut self, monotonic_ns: u64) -> Vec<Departure> {
        self.take_where(|departure| departure.at.monotonic_ns <= monotonic_ns)
    }

    /// When the first of them left, monotonic nanoseconds.
    pub(super) fn first_ns(&self) -> Option<u64> {
        self.waiting.iter().map(|departure| departure.at.monotonic_ns).min()
    }

    fn take_where(&mut self, chosen: impl Fn(&Departure) -> bool) -> Vec<Departure> {
        self.waiting.extract_if(.., |departure| chosen(departure)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn departure(path: &str, cookie: Option<usize>, ns: u64) -> Departure {
        Departure { path: path.into(), cookie, at: Stamp { unix_ns: 0, monotonic_ns: ns } }
    }

    fn paths(departures: Vec<Departure>) -> Vec<PathBuf> {
        departures.into_iter().map(|departure| departure.path).collect()
    }

    #[test]
    fn halves_belong_together_by_their_cookie_whatever_their_order() {
        let mut departures = Departures::default();
        departures.add(departure("/a", Some(1), 1));
        departures.add(departure("/b", Some(2), 2));
        assert_eq!(departures.partner(Some(1)), Some(departure("/a", Some(1), 1)));
        assert_eq!(departures.partner(Some(1)), None);
        assert_eq!(departures.partner(None), None);
        assert_eq!(departures.partner(Some(2)), Some(departure("/b", Some(2), 2)));
    }

    #[test]
    fn without_cookies_the_last_who_left_is_who_came() {
        let mut departures = Departures::default();
        departures.add(departure("/gone", None, 1));
        departures.add(departure("/a", None, 2));
        assert_eq!(departures.partner(None), Some(departure("/a", None, 2)));
        assert_eq!(paths(departures.take_until(1)), [Path::new("/gone")]);
    }

    #[test]
    fn who_left_a_name_is_found_by_it_and_by_what_is_above() {
        let mut departures = Departures::default();
        for path in ["/a", "/a/b", "/ab"] {
            departures.add(departure(path, Some(1), 1));
        }
        assert_eq!(paths(departures.take_from(Path::new("/a"), false)), [Path::new("/a")]);
        assert_eq!(paths(departures.take_from(Path::new("/a"), true)), [Path::new("/a/b")]);
        assert_eq!(departures.first_ns(), Some(1));
        assert_eq!(paths(departures.take_until(1)), [Path::new("/ab")]);
        assert_eq!(departures.first_ns(), None);
    }

    #[test]
    fn beyond_the_limit_the_oldest_waits_no_longer() {
        let mut departures = Departures::default();
        for cookie in 0..MAX_WAITING {
            assert_eq!(departures.add(departure("/a", Some(cookie), 1)), None);
        }
        let oldest = departures.add(departure("/a", None, 1));
        assert_eq!(oldest, Some(departure("/a", Some(0), 1)));
    }
}
