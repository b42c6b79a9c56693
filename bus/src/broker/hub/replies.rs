//! Replies that clients owe: whoever was sent a request may answer it, once, though no row of the
//! table lets it publish there (A2).
//!
//! Requests are told by their payload, which the broker reads of control messages alone. One owes a
//! reply only where whoever sent it may read it.

use std::collections::VecDeque;

use bytestring::ByteString;

use super::super::publication::Publication;
use super::super::subscription::Sink;
use super::Hub;
use crate::topic::{REPLY_PREFIX, TopicPattern, TopicSegment};

/// Replies one client owes at most; the oldest is forgotten when one more comes.
const MAX_OWED_REPLIES: usize = 1024;

/// Addresses of whoever waits for a reply of one client, oldest first.
#[derive(Debug, Default)]
pub(super) struct OwedReplies {
    addresses: VecDeque<ByteString>,
}

impl OwedReplies {
    fn note(&mut self, address: ByteString) {
        if self.addresses.len() >= MAX_OWED_REPLIES {
            self.addresses.pop_front();
        }
        self.addresses.push_back(address);
    }

    fn find(&self, topic: &[u8]) -> Option<usize> {
        let address = topic.strip_prefix(REPLY_PREFIX.as_bytes())?;
        self.addresses.iter().position(|owed| owed.as_bytes() == address)
    }
}

impl Hub {
    /// Notes who is sent a request now, for its reply.
    pub(super) fn note_request(&mut self, publication: &Publication<'_>) {
        let Some(address) = publication.reply_address() else { return };
        for key in &self.matched {
            if let Sink::Remote(remote) = &super::live(&self.subscriptions, *key).sink
                && let Some(peer) = self.connections.get_mut(remote.connection)
            {
                peer.owed_replies.note(address.clone());
            }
        }
    }

    /// Whether a client owes a reply on this topic.
    pub(in super::super) fn owes_reply(&mut self, connection: u32, topic: &[u8]) -> bool {
        self.connections
            .get_mut(connection)
            .is_some_and(|peer| peer.owed_replies.find(topic).is_some())
    }

    /// It has given one.
    pub(in super::super) fn replied(&mut self, connection: u32, topic: &[u8]) {
        if let Some(peer) = self.connections.get_mut(connection)
            && let Some(at) = peer.owed_replies.find(topic)
        {
            peer.owed_replies.addresses.remove(at);
        }
    }
}

/// Whether a pattern is of replies alone.
pub(super) fn is_of_replies(pattern: &TopicPattern) -> bool {
    let mut levels = pattern.segments().iter();
    let mut prefix = REPLY_PREFIX.split_terminator('.');
    prefix.all(|level| matches!(levels.next(), Some(TopicSegment::Literal(text)) if text == level))
        && levels.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_of_replies_alone_when_it_names_nothing_else() {
        for (pattern, expected) in [
            ("control.rpc.reply.fsmond", true),
            ("control.rpc.reply.+", true),
            ("control.rpc.reply", false),
            ("control.rpc.+.fsmond", false),
            ("control.#", false),
            ("events.process.#", false),
        ] {
            let parsed: TopicPattern = pattern.parse().unwrap();
            assert_eq!(is_of_replies(&parsed), expected, "{pattern}");
        }
    }

    #[test]
    fn the_oldest_debt_is_forgotten_at_the_limit() {
        let mut owed = OwedReplies::default();
        for number in 0..=MAX_OWED_REPLIES {
            owed.note(format!("asker-{number}").into());
        }
        assert_eq!(owed.addresses.len(), MAX_OWED_REPLIES);
        assert_eq!(owed.find(b"control.rpc.reply.asker-0"), None);
        assert_eq!(owed.find(b"control.rpc.reply.asker-1"), Some(0));
        assert_eq!(owed.find(b"control.health.asker-1"), None);
    }
}
