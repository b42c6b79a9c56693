//! Doors for fuzzers to what no user calls. Compiled for them alone.

use tokio::runtime::{Builder, Runtime};

use crate::acl::Role;
use crate::broker::{BrokerConfig, DaemoneyeBroker};
use crate::transport::Stream;
use crate::wire::{self, EventEnvelope, Inbound, Scanner};

/// Frames of a fuzzed stream: larger ones are refused before they are read.
const FRAME_LIMIT_BYTES: usize = 64 << 10;

/// Reads bytes as both sides do, up to the first thing that is wrong.
pub fn read_frames(mut bytes: &[u8]) {
    let scanner = Scanner::new(FRAME_LIMIT_BYTES);
    let mut targets = Vec::new();
    while let Ok(Some((frame, used))) = scanner.next(bytes) {
        match frame {
            Inbound::Publish(event) => {
                let _ = EventEnvelope::parse(event);
                wire::assert_agrees(event);
            }
            Inbound::Deliver(delivery) => {
                if let Ok(envelope) = wire::parse_delivery(delivery, &mut targets) {
                    wire::assert_agrees(envelope);
                }
            }
            Inbound::Control(_) => {}
        }
        bytes = &bytes[used..];
    }
}

/// A broker at whose door fuzzed peers stand, one after the other.
#[derive(Debug)]
pub struct Door {
    runtime: Runtime,
    broker: DaemoneyeBroker,
}

impl Door {
    /// A broker that takes everybody for an agent, so that no part of it is out of reach.
    pub fn open() -> Self {
        let config = BrokerConfig::default().with_unidentified(Some(Role::Agent));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, broker: DaemoneyeBroker::new(config) }
    }

    /// A peer comes, says this and goes; returns when the broker is done with it.
    pub fn say(&mut self, bytes: &[u8]) {
        self.runtime.block_on(async {
            let (peer, stream) = Stream::pair().expect("two ends");
            let mut written = 0;
            // What the socket does not take at once is left unsaid.
            while let Ok(more @ 1..) = peer.try_write(&bytes[written..]) {
                written += more;
            }
            drop(peer);
            self.broker.serve_one(stream).await;
        });
        let left = self.broker.statistics();
        assert_eq!(left.active_subscribers, 0, "a peer that is gone has left something");
    }
}
