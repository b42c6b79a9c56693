//! What all connections of a server share.

use std::sync::Arc;

use super::super::desk::Desk;
use super::counters::Tally;
use crate::config::IpcConfig;

/// Shared by clones.
#[derive(Clone)]
pub(super) struct Site {
    desk: Arc<Desk>,
    tally: Arc<Tally>,
}

impl Site {
    pub(super) fn new(desk: Desk) -> Self {
        Self { desk: Arc::new(desk), tally: Arc::default() }
    }

    pub(super) fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn limits(&self) -> &IpcConfig {
        self.desk.limits()
    }
}
