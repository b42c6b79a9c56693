//! Events their publishers wait for, until every `block` subscription has taken them (W6).

use std::time::Instant;

use super::super::publication::Publication;
use super::super::subscription::{Owed, Sink};
use super::Hub;
use crate::contract::Confirmation;
use crate::topic::Lane;
use crate::wire::proto::frame::Body;

/// An event that is being handed out.
#[derive(Debug)]
pub(super) struct Tracked {
    owed: Owed,
    confirmation: Confirmation,
    /// As its publisher says.
    pub(super) published_ns: u64,
    waiting: u32,
    was_lost: bool,
}

impl Tracked {
    /// A subscription has it on its way; what it owes for it, if somebody waits for that.
    pub(super) fn on_its_way(&mut self, position: u64) -> Option<Owed> {
        if self.confirmation != Confirmation::Delivered {
            return None;
        }
        self.waiting += 1;
        Some(Owed { position, ..self.owed })
    }

    /// A subscription that should have had it lost it.
    pub(super) fn lost(&mut self) {
        self.was_lost |= self.confirmation == Confirmation::Delivered;
    }
}

impl Hub {
    /// How an event is followed to everybody who must take it; `None` if nobody waits for that.
    pub(super) fn track(&mut self, publication: &Publication<'_>) -> Option<Tracked> {
        let (envelope, connection) = publication.to_be_confirmed()?;
        let life = self.connections.get(connection)?.life();
        let owed = Owed {
            position: 0,
            since: Instant::now(),
            publisher: self.publishers.of(life, connection),
            lane: envelope.lane(),
            sequence: envelope.sequence,
        };
        let confirmation = envelope.confirmation;
        let published_ns = envelope.published_monotonic_ns;
        Some(Tracked { owed, confirmation, published_ns, waiting: 0, was_lost: false })
    }

    /// An event was handed out to everybody.
    pub(super) fn placed(&mut self, tracked: &Tracked, bytes: &[u8]) {
        let Tracked { owed, waiting, was_lost, .. } = *tracked;
        self.publishers.place(owed, waiting, was_lost, bytes);
        if waiting > 0 && !std::mem::replace(&mut self.publishers.is_watched, true) {
            self.expiry_changed.notify_one();
        }
    }

    /// Whether an event that is to be confirmed had its place before: its publisher sends it again.
    /// If so, it is told what became of it.
    pub(in super::super) fn was_placed(&mut self, publication: &Publication<'_>) -> bool {
        self.track(publication).is_some_and(|tracked| self.publishers.was_placed(tracked.owed))
    }

    /// An event that is to be confirmed was refused: its publisher is told that it was lost.
    pub(in super::super) fn settle_refused(&mut self, publication: &Publication<'_>) {
        if let Some(tracked) = self.track(publication) {
            self.placed(&Tracked { was_lost: true, ..tracked }, &[]);
        }
    }

    /// Events of one lane that a client has published and not everybody has taken, and their bytes.
    pub(in super::super) fn unconfirmed(&self, connection: u32, lane: Lane) -> (usize, usize) {
        let peer = self.connections.get(connection);
        peer.map_or((0, 0), |peer| self.publishers.open(&peer.life(), lane))
    }

    /// A subscription has taken everything up to a position.
    pub(in super::super) fn acknowledge(&mut self, connection: u32, number: u32, position: u64) {
        let Some(&key) = self.numbers.get(&number) else { return };
        let Some(subscription) = self.subscriptions[key as usize].as_mut() else { return };
        if !subscription.is_behind(connection) {
            return;
        }
        subscription.acknowledged_at = Some(Instant::now());
        while subscription.owed.front().is_some_and(|owed| owed.position <= position) {
            let Some(owed) = subscription.owed.pop_front() else { break };
            self.publishers.settle(owed, false);
        }
    }

    /// Gives up what subscriptions that acknowledge nothing have owed for longer than the stall limit:
    /// they may have it, and nobody waits for them to say so (C14).
    pub(super) fn give_up_silent(&mut self, now: Instant) {
        let limit = self.config.stall_limit;
        for subscription in self.subscriptions.iter_mut().flatten() {
            if matches!(subscription.sink, Sink::Parked(_)) {
                continue;
            }
            let said = subscription.acknowledged_at;
            let is_over = |owed: &Owed| {
                let since = said.map_or(owed.since, |said| said.max(owed.since));
                now.saturating_duration_since(since) >= limit
            };
            while let Some(owed) = subscription.owed.front().copied().filter(is_over) {
                subscription.owed.pop_front();
                self.publishers.settle(owed, true);
            }
        }
        self.publishers.is_watched = self.publishers.is_anything_open();
    }

    /// A subscription ends: it owes nothing any more.
    pub(super) fn settle_all(&mut self, owed: impl IntoIterator<Item = Owed>, was_lost: bool) {
        for owed in owed {
            self.publishers.settle(owed, was_lost);
        }
    }

    /// Tells publishers what was confirmed in this round.
    pub(super) fn tell_confirmed(&mut self) {
        while let Some((connection, confirmed)) = self.publishers.next_confirmed() {
            for confirmed in confirmed.into_iter().flatten() {
                self.send(connection, Body::Confirmed(confirmed));
            }
        }
    }
}
