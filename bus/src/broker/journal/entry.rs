//! Entries as bytes, and back.

use std::collections::BTreeMap;

use prost::Message as _;

use super::super::subscription::Life;
use super::{About, Recovered};
use crate::acl::{Principal, Role};
use crate::contract::EventSubscription;
use crate::identity::SecretDigest;
use crate::wire::{self, proto};

/// The generated messages of `proto/journal.proto`.
mod message {
    #![expect(unreachable_pub, reason = "generated code follows the generator's style")]

    include!(concat!(env!("OUT_DIR"), "/daemoneye.journal.v1.rs"));
}

/// One entry: what it is about, and its bytes with their length before them.
pub(super) struct Entry {
    pub(super) about: About,
    pub(super) bytes: Vec<u8>,
}

impl Entry {
    fn new(about: About, entry: message::entry::Entry) -> Self {
        let bytes = message::Entry { entry: Some(entry) }.encode_length_delimited_to_vec();
        Self { about, bytes }
    }

    pub(super) fn key(principal: &Principal, digest: &SecretDigest) -> Self {
        let key = message::Key {
            id: principal.id().to_owned(),
            role: principal.role().to_string(),
            digest: digest.to_bytes().to_vec().into(),
        };
        let about = About::Key { id: key.id.clone() };
        Self::new(about, message::entry::Entry::Key(key))
    }

    pub(super) fn subscription(life: &Life, subscription: &EventSubscription) -> Self {
        let request = wire::subscription_to_wire(0, subscription);
        let entry = message::Subscription {
            name: life.0.to_string(),
            incarnation: life.1,
            request: request.encode_to_vec().into(),
        };
        let about = About::Subscription { id: subscription.subscriber_id.clone() };
        Self::new(about, message::entry::Entry::Subscription(entry))
    }

    pub(super) fn ended(id: &str) -> Self {
        let about = About::Subscription { id: id.to_owned() };
        let ended = message::Ended { subscriber_id: id.to_owned() };
        Self::new(about, message::entry::Entry::Ended(ended))
    }
}

/// What the entries say together, up to the first that is none; and how many bytes that is.
pub(super) fn read_all(all: &[u8]) -> (BTreeMap<About, Vec<u8>>, usize) {
    let mut bytes = all;
    let mut live = BTreeMap::new();
    let mut valid = 0;
    while !bytes.is_empty() {
        let before = bytes;
        let Ok(entry) = message::Entry::decode_length_delimited(&mut bytes) else { break };
        let whole = before[..before.len() - bytes.len()].to_vec();
        valid = all.len() - bytes.len();
        match entry.entry {
            Some(message::entry::Entry::Key(key)) => {
                live.insert(About::Key { id: key.id }, whole);
            }
            Some(message::entry::Entry::Subscription(subscription)) => {
                if let Ok(request) = proto::SubscribeRequest::decode(subscription.request)
                    && let Ok(id) = String::from_utf8(request.subscriber_id.into())
                {
                    live.insert(About::Subscription { id }, whole);
                }
            }
            Some(message::entry::Entry::Ended(ended)) => {
                live.remove(&About::Subscription { id: ended.subscriber_id });
            }
            None => {}
        }
    }
    (live, valid)
}

/// What entries that hold mean; one that means nothing to this version is passed over.
pub(super) fn recover<'a>(entries: impl Iterator<Item = &'a Vec<u8>>) -> Recovered {
    let mut recovered = Recovered::default();
    for bytes in entries {
        let Ok(entry) = message::Entry::decode_length_delimited(bytes.as_slice()) else { continue };
        match entry.entry {
            Some(message::entry::Entry::Key(key)) => recovered.keys.extend(known_key(&key)),
            Some(message::entry::Entry::Subscription(subscription)) => {
                recovered.subscriptions.extend(known_subscription(subscription));
            }
            _ => {}
        }
    }
    recovered
}

fn known_key(key: &message::Key) -> Option<(Principal, SecretDigest)> {
    let role: Role = key.role.parse().ok()?;
    Some((Principal::new(key.id.clone(), role).ok()?, SecretDigest::from_bytes(&key.digest)?))
}

fn known_subscription(entry: message::Subscription) -> Option<(Life, EventSubscription)> {
    let request = proto::SubscribeRequest::decode(entry.request).ok()?;
    let subscription = wire::subscription_from_wire(request).ok()?;
    Some(((entry.name.into(), entry.incarnation), subscription))
}
