//! Results that belong together: each member's once, and in part when time is up (R4). Told the
//! time; waits for nothing.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use thiserror::Error;

/// Results that may be awaited or held at once, by default; at the limit no further gathering is
/// begun.
const DEFAULT_RESULT_LIMIT: usize = 10_000;
/// Share of that limit below which gatherings are begun again: half, so that the answer does not
/// change with every result.
const RELIEF: usize = 2;

/// Gathers results of members, by the request they answer.
#[derive(Debug)]
pub struct Aggregator<T> {
    result_limit: usize,
    /// By the request's id.
    open: HashMap<String, Gathering<T>>,
    /// Request ids in the order they were opened; those that are done may still be in it.
    in_order: VecDeque<String>,
    /// Results awaited or held by all that are open.
    results: usize,
    is_full: bool,
    stray: u64,
}

#[derive(Debug)]
struct Gathering<T> {
    awaited: BTreeSet<String>,
    results: BTreeMap<String, T>,
    deadline_ns: u64,
}

/// What members answered to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate<T> {
    /// Which request.
    pub request_id: String,
    /// By member.
    pub results: BTreeMap<String, T>,
    /// Who did not answer in time; empty when all did.
    pub missing: Vec<String>,
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is held.
    Taken,
    /// This member has answered already; the first result counts.
    Duplicate,
    /// Nobody waits for an answer of this member, or not any more.
    Stray,
}

/// Why no gathering is begun.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GatherError {
    /// There is one for this request.
    #[error("results of {request_id:?} are gathered already")]
    Duplicate {
        /// The request.
        request_id: String,
    },
    /// Nobody would answer.
    #[error("nobody is asked")]
    Nobody,
    /// Too many results are awaited or held. It clears by itself: every gathering ends at its
    /// deadline.
    #[error("{results} results are awaited or held, the limit is {limit}")]
    Backpressure {
        /// How many now.
        results: usize,
        /// The limit.
        limit: usize,
    },
}

impl<T> Default for Aggregator<T> {
    fn default() -> Self {
        Self::new(DEFAULT_RESULT_LIMIT)
    }
}

impl<T> Aggregator<T> {
    /// Gathers nothing yet, and at most so many results at once.
    pub fn new(result_limit: usize) -> Self {
        Self {
            result_limit,
            open: HashMap::new(),
            in_order: VecDeque::new(),
            results: 0,
            is_full: false,
            stray: 0,
        }
    }

    /// Begins to gather what these members answer to a request, until a deadline.
    pub fn open(
        &mut self,
        request_id: &str,
        members: impl IntoIterator<Item = String>,
        deadline_ns: u64,
    ) -> Result<(), GatherError> {
        if self.open.contains_key(request_id) {
            return Err(GatherError::Duplicate { request_id: request_id.to_owned() });
        }
        let awaited: BTreeSet<String> = members.into_iter().collect();
        if awaited.is_empty() {
            return Err(GatherError::Nobody);
        }
        self.make_room(awaited.len())?;
        self.in_order.push_back(request_id.to_owned());
        let gathering = Gathering { awaited, results: BTreeMap::new(), deadline_ns };
        self.open.insert(request_id.to_owned(), gathering);
        Ok(())
    }

    /// Takes the result of a member.
    pub fn add(&mut self, request_id: &str, member: &str, result: T) -> Added {
        let added = match self.open.get_mut(request_id) {
            Some(gathering) => gathering.add(member, result),
            None => Added::Stray,
        };
        self.stray += u64::from(added == Added::Stray);
        added
    }

    /// Gives out what is complete, and in part what is due, in the order it was opened.
    pub fn ready(&mut self, now_ns: u64) -> Vec<Aggregate<T>> {
        let mut ready = Vec::new();
        self.in_order.retain(|request_id| {
            let is_ready = |gathering: &Gathering<T>| gathering.is_ready(now_ns);
            if !self.open.get(request_id).is_some_and(is_ready) {
                return true;
            }
            let gathering = self.open.remove(request_id);
            ready.extend(gathering.map(|gathering| gathering.into_aggregate(request_id)));
            false
        });
        let released = ready.iter().map(|one| one.results.len() + one.missing.len());
        self.results -= released.sum::<usize>();
        self.relieve();
        ready
    }

    /// When [`ready`](Self::ready) gives something out at the latest; `None` when nothing is open.
    pub fn next_deadline_ns(&self) -> Option<u64> {
        self.open.values().map(|gathering| gathering.deadline_ns).min()
    }

    /// Whether gatherings are begun. False from the moment one was refused until half the limit is
    /// free.
    pub fn has_room(&self) -> bool {
        !self.is_full
    }

    /// Results nobody waited for (any more), since the start.
    pub fn stray(&self) -> u64 {
        self.stray
    }

    fn relieve(&mut self) {
        self.is_full &= self.results > self.result_limit / RELIEF;
    }

    fn make_room(&mut self, results: usize) -> Result<(), GatherError> {
        self.relieve();
        self.is_full |= self.results + results > self.result_limit;
        if self.is_full {
            let (results, limit) = (self.results, self.result_limit);
            return Err(GatherError::Backpressure { results, limit });
        }
        self.results += results;
        Ok(())
    }
}

impl<T> Gathering<T> {
    fn add(&mut self, member: &str, result: T) -> Added {
        if self.results.contains_key(member) {
            return Added::Duplicate;
        }
        let Some(member) = self.awaited.take(member) else { return Added::Stray };
        self.results.insert(member, result);
        Added::Taken
    }

    fn is_ready(&self, now_ns: u64) -> bool {
        self.awaited.is_empty() || now_ns >= self.deadline_ns
    }

    fn into_aggregate(self, request_id: &str) -> Aggregate<T> {
        Aggregate {
            request_id: request_id.to_owned(),
            results: self.results,
            missing: self.awaited.into_iter().collect(),
        }
    }
}
