//! What a client publishes: events get their turn lane by lane, or are refused.

use bytestring::ByteString;

use super::super::super::hub::{AtFull, Hub, Routed};
use super::super::super::publication::Publication;
use super::super::Fault;
use super::super::deferred::{Deferred, Wait};
use super::Reader;
use crate::acl::{Action, Decision};
use crate::clock::monotonic_ns;
use crate::contract::Confirmation;
use crate::hops::{Hop, HopStamp};
use crate::topic::{Lane, REPLY_PREFIX, TopicPattern};
use crate::wire::{
    self, EventEnvelope, LENGTH_BYTES,
    proto::{self, frame::Body},
};

/// What the peer is told that publishes on no topic.
const INVALID_TOPIC: Fault = Fault::Protocol("an event on an invalid topic");

/// The events of one lane: those that wait for their turn, and how far the others have come.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    pub(super) deferred: Deferred,
    /// Publish bytes read and not granted back.
    ungranted_bytes: usize,
    /// Number of the event dealt with last; the next one's is larger.
    last_sequence: u64,
}

/// What became of a published event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It has its place in the order.
    Routed,
    /// It had its place before: its publisher was not told, and sends it again (W6).
    Again,
    /// The broker's subscriptions have ended: it was dropped, and counted (C13).
    TooLate,
    /// Its publisher may not publish on its topic: it was dropped, and counted (A5).
    Refused,
    /// A subscriber is full: it must wait, and the wait has begun.
    MustWait,
}

impl Reader<'_> {
    pub(super) fn publish(
        &mut self,
        hub: &mut Hub,
        event: &[u8],
        bytes: usize,
    ) -> Result<(), Fault> {
        if self.said_goodbye {
            return Err(Fault::Protocol("a publish after goodbye"));
        }
        let envelope = EventEnvelope::parse(event)?;
        self.note_read(&envelope);
        let lane = envelope.lane();
        let incoming = &mut self.lanes[lane];
        incoming.ungranted_bytes += bytes;
        if incoming.deferred.is_empty()
            && self.route(hub, &envelope, event, AtFull::Wait)? != Fate::MustWait
        {
            return Ok(());
        }
        let incoming = &mut self.lanes[lane];
        incoming.deferred.push(event, bytes);
        if incoming.deferred.frame_bytes() > self.window_bytes() {
            return Err(Fault::Protocol("more was published than the window allows"));
        }
        Ok(())
    }

    fn note_read(&self, envelope: &EventEnvelope<'_>) {
        if let Some(log) = &self.shared.config.hops {
            let EventEnvelope { incarnation, sequence, .. } = *envelope;
            let (hop, at_ns) = (Hop::BrokerWake, self.read_ns);
            log.note(HopStamp { hop, incarnation, sequence, receiver: 0, at_ns });
        }
    }

    /// The most a client that keeps to its window may have on their way in one lane.
    fn window_bytes(&self) -> usize {
        let config = &self.shared.config;
        2 * config.publish_window_bytes + LENGTH_BYTES + config.frame_limit_bytes()
    }

    /// Routes what was set aside, as far as there is room.
    pub(super) fn route_deferred(&mut self, hub: &mut Hub) -> Result<(), Fault> {
        for lane in Lane::ALL {
            while let Some(event) = self.lanes[lane].deferred.lend_oldest() {
                let envelope = EventEnvelope::parse(&event)?;
                if self.route(hub, &envelope, &event, AtFull::Wait)? == Fate::MustWait {
                    self.lanes[lane].deferred.take_back(event);
                    break;
                }
                self.lanes[lane].deferred.pop();
            }
        }
        Ok(())
    }

    /// Routes one event, if it may be and there is room for it: the only way of an event to the hub.
    fn route(
        &mut self,
        hub: &mut Hub,
        envelope: &EventEnvelope<'_>,
        event: &[u8],
        at_full: AtFull,
    ) -> Result<Fate, Fault> {
        self.check(envelope)?;
        let reply_to = self.reply_address(envelope);
        let publication = Publication::encoded(*envelope, event, self.key, reply_to);
        let fate = self.decide(hub, &publication, envelope, at_full)?;
        if fate != Fate::MustWait {
            self.lanes[envelope.lane()].last_sequence = envelope.sequence;
        }
        if fate == Fate::Routed {
            hub.published_by(self.key);
        }
        Ok(fate)
    }

    /// Where whoever is sent an event may answer: nobody asks for replies to somebody else (A2).
    fn reply_address(&self, envelope: &EventEnvelope<'_>) -> Option<ByteString> {
        if envelope.lane() != Lane::Control {
            return None;
        }
        let address = envelope.reply_address()?;
        let pattern = TopicPattern::new(&format!("{REPLY_PREFIX}{address}")).ok()?;
        self.client.access.may_subscribe(&pattern).is_allowed().then_some(address)
    }

    /// By who sent it, what that may publish, and whether there is room.
    fn decide(
        &mut self,
        hub: &mut Hub,
        publication: &Publication<'_>,
        envelope: &EventEnvelope<'_>,
        at_full: AtFull,
    ) -> Result<Fate, Fault> {
        if hub.was_placed(publication) {
            return Ok(Fate::Again);
        }
        self.check_unconfirmed(hub, envelope)?;
        match self.client.access.may_publish_on(envelope.topic) {
            Some(Decision::Allowed { .. }) => {
                self.route_allowed(hub, publication, envelope.lane(), at_full)
            }
            Some(Decision::Denied { rule: None })
                if hub.owes_reply(self.key, envelope.topic) && envelope.is_reply() =>
            {
                let fate = self.route_allowed(hub, publication, envelope.lane(), at_full)?;
                if fate == Fate::Routed {
                    hub.replied(self.key, envelope.topic);
                }
                Ok(fate)
            }
            Some(Decision::Denied { rule }) => {
                self.refuse_publish(hub, envelope, rule);
                hub.settle_refused(publication);
                Ok(Fate::Refused)
            }
            None => Err(INVALID_TOPIC),
        }
    }

    fn route_allowed(
        &mut self,
        hub: &mut Hub,
        publication: &Publication<'_>,
        lane: Lane,
        at_full: AtFull,
    ) -> Result<Fate, Fault> {
        let mut begun: Option<Wait> = None;
        loop {
            match hub.route(publication, at_full, monotonic_ns()) {
                Routed::Done => return Ok(Fate::Routed),
                Routed::Closed => return Ok(Fate::TooLate),
                Routed::InvalidTopic => return Err(INVALID_TOPIC),
                Routed::Full(room) => match begun {
                    Some(wait) if wait.is_for(&room) => {
                        self.lanes[lane].deferred.wait_for(wait);
                        return Ok(Fate::MustWait);
                    }
                    // The receiver may have made room since the hub looked: look again.
                    _ => begun = Some(Wait::begin(room)),
                },
            }
        }
    }

    /// Whether it is this client's, of a size that is allowed, and none that was before: ids of
    /// events and fresh correlations are made of its number (C8).
    fn check(&self, envelope: &EventEnvelope<'_>) -> Result<(), Fault> {
        let limit_bytes = self.shared.config.payload_limit_bytes;
        if envelope.payload.len() > limit_bytes {
            return Err(Fault::TooLarge { bytes: envelope.payload.len(), limit_bytes });
        }
        let is_own = envelope.incarnation == self.client.incarnation
            && envelope.publisher == self.client.name.as_bytes();
        if !is_own {
            return Err(Fault::Publisher);
        }
        let lane = envelope.lane();
        if envelope.sequence <= self.lanes[lane].last_sequence {
            return Err(Fault::Protocol("a sequence number that does not increase"));
        }
        Ok(())
    }

    /// Whether a client that keeps to the limits may have one more event on its way to be confirmed.
    fn check_unconfirmed(&self, hub: &Hub, envelope: &EventEnvelope<'_>) -> Result<(), Fault> {
        if envelope.confirmation == Confirmation::Fire {
            return Ok(());
        }
        let (events, bytes) = hub.unconfirmed(self.key, envelope.lane());
        let limit_events = self.shared.config.unconfirmed_limit_events;
        if events >= limit_events || bytes > self.window_bytes() {
            return Err(Fault::Protocol("more was published than may wait to be confirmed"));
        }
        Ok(())
    }

    /// Counts a publish that may not be, and tells it: to auditors, and to the client.
    fn refuse_publish(&mut self, hub: &mut Hub, envelope: &EventEnvelope<'_>, rule: Option<usize>) {
        let topic = String::from_utf8_lossy(envelope.topic).into_owned();
        let denial = self.client.access.denial(Action::Publish, topic, rule);
        if let Some(untold) = self.refuse(hub, &denial) {
            let denied = proto::Denied {
                message: denial.to_string().into(),
                topic: denial.topics.into(),
                untold,
            };
            hub.send(self.key, Body::Denied(denied));
        }
    }

    /// The oldest deferred event of a lane has waited its limit: whoever is full loses it.
    pub(super) fn drop_for_the_stalled(&mut self, lane: Lane) -> Result<(), Fault> {
        let Some(event) = self.lanes[lane].deferred.lend_oldest() else { return Ok(()) };
        let envelope = EventEnvelope::parse(&event)?;
        let shared = self.shared;
        let mut hub = shared.hub.lock();
        let fate = self.route(&mut hub, &envelope, &event, AtFull::Drop);
        hub.flush();
        drop(hub);
        fate?;
        self.lanes[lane].deferred.pop();
        Ok(())
    }

    /// Gives publish window back, a quarter at a time; events set aside keep theirs. Towards the
    /// end every byte counts: it tells the client what became of its events (C13).
    pub(super) fn grant(&mut self, hub: &mut Hub) {
        let is_ending = self.said_goodbye || hub.is_closed();
        let least = if is_ending { 1 } else { self.shared.config.publish_window_bytes / 4 };
        for lane in Lane::ALL {
            let incoming = &mut self.lanes[lane];
            let routed = incoming.ungranted_bytes.saturating_sub(incoming.deferred.frame_bytes());
            if routed >= least {
                incoming.ungranted_bytes -= routed;
                let grant = proto::Grant { bytes: routed as u64, lane: wire::lane_to_wire(lane) };
                hub.send(self.key, Body::Grant(grant));
            }
        }
    }
}
