//! Members in the order they joined, and the choice among them.

use super::Strategy;
use crate::acl::CollectorKind;

/// One member.
#[derive(Debug)]
pub(super) struct Member {
    name: String,
    kind: CollectorKind,
    task_limit: u32,
    /// Tasks it does now.
    pub(super) running: u32,
    is_excluded: bool,
    /// When it was last given a task, in tasks given to anybody; 0 for never.
    last_turn: u64,
}

/// All members.
#[derive(Debug, Default)]
pub(super) struct Members {
    in_order: Vec<Member>,
    turns: u64,
}

impl Member {
    pub(super) fn new(name: &str, kind: CollectorKind, task_limit: u32) -> Self {
        let name = name.to_owned();
        Self { name, kind, task_limit, running: 0, is_excluded: false, last_turn: 0 }
    }

    /// Takes no more tasks; those it had are not its any more.
    pub(super) fn exclude(&mut self) {
        self.is_excluded = true;
        self.running = 0;
    }

    pub(super) fn include(&mut self) {
        self.is_excluded = false;
    }

    fn has_room(&self) -> bool {
        !self.is_excluded && self.running < self.task_limit
    }
}

impl Members {
    pub(super) fn len(&self) -> usize {
        self.in_order.len()
    }

    pub(super) fn add(&mut self, member: Member) {
        self.in_order.push(member);
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.in_order.retain(|member| member.name != name);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Member> {
        self.in_order.iter().find(|member| member.name == name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Member> {
        self.in_order.iter_mut().find(|member| member.name == name)
    }

    /// Who does the next task of a kind; `None` when nobody has room.
    pub(super) fn choose(&self, kind: CollectorKind, strategy: Strategy) -> Option<String> {
        let mut able =
            self.in_order.iter().filter(|member| member.kind == kind && member.has_room());
        let chosen = match strategy {
            Strategy::FirstAvailable => able.next(),
            Strategy::LeastLoaded => able.min_by_key(|member| member.running),
            Strategy::RoundRobin => able.min_by_key(|member| member.last_turn),
        };
        chosen.map(|member| member.name.clone())
    }

    /// Counts a task given to a member.
    pub(super) fn begun(&mut self, name: &str) {
        self.turns += 1;
        let turn = self.turns;
        if let Some(member) = self.get_mut(name) {
            member.running += 1;
            member.last_turn = turn;
        }
    }
}
