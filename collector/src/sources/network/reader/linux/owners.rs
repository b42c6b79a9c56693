//! Whose sockets are: kept while they are held, and looked for only when one is not known.
//!
//! Who looks through the descriptors of all processes at every scan does nothing else on a busy
//! host. Hence an owner is asked for no more than whether it still holds the socket, and a search
//! ends when it has found all, or has looked at enough; the next goes on from there.

use std::collections::{HashMap, HashSet};

/// How often all processes are asked for a socket. Sockets and descriptors are not read in the same
/// moment, so the first time may miss it; after the last it has no owner, as those of the kernel
/// have none, or none that this user may see.
const ROUNDS: u8 = 4;
/// Descriptors that one search looks at, some 35 ms; each process counts as one more.
const DESCRIPTORS_PER_SCAN: usize = 16_384;
/// The same for the first search, which has every socket of the host to find: some two seconds.
const DESCRIPTORS_AT_FIRST: usize = 1 << 20;

/// Forks that are followed back to who opened a socket; servers with workers have one or two.
const GENERATIONS: usize = 8;

/// Where a socket is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) pid: u32,
    pub(super) fd: u32,
}

/// A descriptor that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) fd: u32,
    /// The inode of the socket, if it is one.
    pub(super) socket: Option<u64>,
}

/// What processes hold.
pub(super) trait Descriptors {
    /// The processes there are, in any order.
    fn process_ids(&self) -> Vec<u32>;

    /// What a process holds; nothing if it is gone, or must not be looked at.
    fn of(&self, pid: u32) -> Vec<Open>;

    /// Whether a descriptor is of this socket.
    fn is_of(&self, place: Place, inode: u64) -> bool;

    /// Who started a process, if it is there.
    fn parent(&self, pid: u32) -> Option<u32>;
}

/// The owners of the sockets that the last scan saw.
#[derive(Debug)]
pub(super) struct Owners<D> {
    descriptors: D,
    /// As many as the system has sockets.
    known: HashMap<u64, Owner>,
    /// Descriptors that the next search may look at, and those after it.
    budget: usize,
    later_budget: usize,
    /// Where the next search goes on, if the last had looked at enough before its end.
    resume_at: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    At(Place),
    /// Not found in so many rounds.
    Unknown {
        rounds: u8,
    },
}

impl<D: Descriptors> Owners<D> {
    pub(super) fn new(descriptors: D) -> Self {
        Self {
            descriptors,
            known: HashMap::new(),
            budget: DESCRIPTORS_AT_FIRST,
            later_budget: DESCRIPTORS_PER_SCAN,
            resume_at: None,
        }
    }

    /// The process that holds a socket; one of them, where several do.
    pub(super) fn of(&self, inode: u64) -> Option<u32> {
        match self.known.get(&inode) {
            Some(Owner::At(place)) => Some(place.pid),
            _ => None,
        }
    }

    /// Forgets the sockets that are gone, and looks for the owners of those that have none.
    pub(super) fn refresh(&mut self, inodes: impl IntoIterator<Item = u64>) {
        let before = std::mem::take(&mut self.known);
        for inode in inodes {
            let owner = match before.get(&inode) {
                Some(Owner::At(place)) if !self.descriptors.is_of(*place, inode) => Owner::NEW,
                Some(owner) => *owner,
                None => Owner::NEW,
            };
            self.known.insert(inode, owner);
        }
        let known = self.known.iter();
        let mut wanted: HashSet<u64> =
            known.filter(|(_, owner)| owner.is_wanted()).map(|(inode, _)| *inode).collect();
        if wanted.is_empty() {
            return;
        }
        self.search(&mut wanted);
        if self.resume_at.is_some() {
            return;
        }
        for inode in wanted {
            if let Some(owner) = self.known.get_mut(&inode) {
                owner.was_not_found();
            }
        }
    }

    /// Looks at one process after the other, lowest id first. What is found is wanted no more.
    fn search(&mut self, wanted: &mut HashSet<u64>) {
        let mut budget = std::mem::replace(&mut self.budget, self.later_budget);
        let mut pids = self.descriptors.process_ids();
        pids.sort_unstable();
        let first = self.resume_at.take().map_or(0, |at| pids.partition_point(|pid| *pid < at));
        for pid in pids.into_iter().skip(first) {
            if wanted.is_empty() {
                return;
            }
            if budget == 0 {
                self.resume_at = Some(pid);
                return;
            }
            let open = self.descriptors.of(pid);
            budget = budget.saturating_sub(1 + open.len());
            for Open { fd, socket } in open {
                if let Some(inode) = socket.filter(|inode| wanted.remove(inode)) {
                    let opened_at = self.opened_at(Place { pid, fd }, inode);
                    self.known.insert(inode, Owner::At(opened_at));
                }
            }
        }
    }

    /// Of several processes that hold a socket, the one that opened it: a child has its parent's
    /// descriptors, under their numbers, and every program that is started has them until its `exec`.
    fn opened_at(&self, found: Place, inode: u64) -> Place {
        let above = |place: &Place| {
            let above = Place { pid: self.descriptors.parent(place.pid)?, ..*place };
            self.descriptors.is_of(above, inode).then_some(above)
        };
        std::iter::successors(Some(found), above).take(1 + GENERATIONS).last().unwrap_or(found)
    }
}

impl Owner {
    const NEW: Self = Self::Unknown { rounds: 0 };

    fn is_wanted(&self) -> bool {
        matches!(self, Self::Unknown { rounds } if *rounds < ROUNDS)
    }

    fn was_not_found(&mut self) {
        if let Self::Unknown { rounds } = self {
            *rounds += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::*;

    /// Processes, the sockets they hold, and which of them were looked at.
    #[derive(Debug, Default)]
    struct Made {
        sockets: BTreeMap<u32, Vec<u64>>,
        /// By child.
        parents: BTreeMap<u32, u32>,
        looked_at: RefCell<Vec<u32>>,
    }

    impl Descriptors for Made {
        fn process_ids(&self) -> Vec<u32> {
            self.sockets.keys().copied().collect()
        }

        fn of(&self, pid: u32) -> Vec<Open> {
            self.looked_at.borrow_mut().push(pid);
            let sockets = self.sockets.get(&pid).into_iter().flatten();
            (0..).zip(sockets).map(|(fd, socket)| Open { fd, socket: Some(*socket) }).collect()
        }

        fn is_of(&self, place: Place, inode: u64) -> bool {
            let sockets = self.sockets.get(&place.pid).into_iter().flatten();
            (0..).zip(sockets).any(|(fd, socket)| fd == place.fd && *socket == inode)
        }

        fn parent(&self, pid: u32) -> Option<u32> {
            self.parents.get(&pid).copied()
        }
    }

    fn owners<const N: usize>(processes: [(u32, &[u64]); N]) -> Owners<Made> {
        let sockets = processes.map(|(pid, sockets)| (pid, sockets.to_vec()));
        let sockets = BTreeMap::from(sockets);
        Owners::new(Made { sockets, ..Made::default() })
    }

    impl Owners<Made> {
        /// Processes looked at since it was asked last.
        fn looked_at(&self) -> Vec<u32> {
            self.descriptors.looked_at.take()
        }

        fn set(&mut self, pid: u32, sockets: &[u64]) {
            self.descriptors.sockets.insert(pid, sockets.to_vec());
        }
    }

    #[test]
    fn a_socket_is_its_openers_whichever_of_its_holders_is_met_first() {
        // Numbers begin anew: a child may have a lower one than its parent.
        let mut owners = owners([(7, &[10, 11]), (8, &[10, 11]), (30, &[10, 12])]);
        owners.descriptors.parents = BTreeMap::from([(7, 8), (8, 30), (30, 1)]);
        owners.refresh([10, 11, 12]);
        assert_eq!(owners.of(10), Some(30), "the parent of a parent has it, too");
        assert_eq!(owners.of(11), Some(8), "30 has another one under that number");
        assert_eq!(owners.of(12), Some(30));
    }

    #[test]
    fn parents_in_a_circle_end_a_search() {
        let mut owners = owners([(7, &[10]), (8, &[10])]);
        owners.descriptors.parents = BTreeMap::from([(7, 8), (8, 7)]);
        owners.refresh([10]);
        assert!(owners.of(10).is_some());
    }

    #[test]
    fn an_owner_is_found_and_kept_without_looking_again() {
        let mut owners = owners([(7, &[10, 11]), (8, &[12])]);
        owners.refresh([10, 12]);
        assert_eq!((owners.of(10), owners.of(12)), (Some(7), Some(8)));
        assert_eq!(owners.looked_at(), [7, 8]);
        owners.refresh([10, 12]);
        assert_eq!((owners.of(10), owners.of(12)), (Some(7), Some(8)));
        assert!(owners.looked_at().is_empty());
    }

    #[test]
    fn a_search_ends_when_all_are_found() {
        let mut owners = owners([(7, &[10]), (8, &[11]), (9, &[12])]);
        owners.refresh([10, 11]);
        assert_eq!(owners.looked_at(), [7, 8]);
    }

    #[test]
    fn of_several_that_hold_a_socket_the_lowest_id_owns_it_until_it_lets_go() {
        let mut owners = owners([(7, &[10]), (8, &[10])]);
        owners.refresh([10]);
        assert_eq!(owners.of(10), Some(7));
        owners.set(7, &[]);
        owners.refresh([10]);
        assert_eq!(owners.of(10), Some(8));
        owners.set(7, &[10]);
        owners.refresh([10]);
        assert_eq!(owners.of(10), Some(8));
    }

    #[test]
    fn a_socket_that_was_passed_on_is_looked_for_again() {
        let mut owners = owners([(7, &[10]), (8, &[])]);
        owners.refresh([10]);
        owners.set(7, &[]);
        owners.set(8, &[10]);
        owners.refresh([10]);
        assert_eq!(owners.of(10), Some(8));
    }

    #[test]
    fn an_owner_that_is_not_found_is_looked_for_a_few_times() {
        let mut owners = owners([(7, &[])]);
        for _ in 0..ROUNDS {
            owners.refresh([10]);
            assert_eq!(owners.looked_at(), [7]);
        }
        owners.refresh([10]);
        assert!(owners.looked_at().is_empty());
        assert_eq!(owners.of(10), None);
    }

    #[test]
    fn an_owner_that_appears_in_time_is_found() {
        let mut owners = owners([(7, &[])]);
        owners.refresh([10]);
        owners.set(7, &[10]);
        owners.refresh([10]);
        assert_eq!(owners.of(10), Some(7));
    }

    #[test]
    fn a_socket_that_is_gone_is_forgotten() {
        let mut owners = owners([(7, &[10])]);
        owners.refresh([10]);
        owners.refresh(std::iter::empty());
        assert_eq!(owners.of(10), None);
        owners.looked_at();
        // The number is given again: it is looked for as any other.
        owners.refresh([10]);
        assert_eq!(owners.looked_at(), [7]);
    }

    #[test]
    fn a_search_that_looked_at_enough_is_gone_on_with_at_the_next_scan() {
        let mut owners = owners([(7, &[10, 11]), (8, &[12, 13]), (9, &[14])]);
        (owners.budget, owners.later_budget) = (3, 3);
        for pid in [7, 8, 9] {
            assert_eq!(owners.of(14), None);
            owners.refresh([14]);
            assert_eq!(owners.looked_at(), [pid]);
        }
        assert_eq!(owners.of(14), Some(9));
        owners.refresh([14, 10]);
        assert_eq!(owners.looked_at(), [7], "from the beginning after the end");
    }

    #[test]
    fn only_whole_rounds_count() {
        let mut owners = owners([(7, &[]), (8, &[]), (9, &[])]);
        (owners.budget, owners.later_budget) = (1, 1);
        for _ in 0..ROUNDS {
            for pid in [7, 8, 9] {
                owners.refresh([10]);
                assert_eq!(owners.looked_at(), [pid]);
            }
        }
        owners.refresh([10]);
        assert!(owners.looked_at().is_empty());
    }

    #[test]
    fn the_first_search_looks_at_more_than_later_ones() {
        let mut owners = owners([(7, &[10, 11]), (8, &[12, 13]), (9, &[14])]);
        (owners.budget, owners.later_budget) = (6, 1);
        owners.refresh([99]);
        assert_eq!(owners.looked_at(), [7, 8]);
        owners.refresh([99]);
        assert_eq!(owners.looked_at(), [9]);
        owners.refresh([99]);
        assert_eq!(owners.looked_at(), [7]);
    }
}
