//! Where brokers of others are not built: whoever asks for one is told so.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::EventBus;

use super::program::why_unavailable;
use crate::plan::Bus;

/// There is none.
pub(in crate::driver) enum Server {}

impl Server {
    pub(in crate::driver) fn start(bus: Bus, _socket: &Path) -> Result<Self, String> {
        Err(refusal(bus))
    }

    pub(in crate::driver) fn pid(&self) -> u32 {
        match *self {}
    }

    pub(in crate::driver) fn end(&self, _limit: Duration) -> bool {
        match *self {}
    }
}

pub(in crate::driver) async fn publishing(
    bus: Bus,
    _socket: &Path,
    _name: &str,
) -> Result<Arc<dyn EventBus>, String> {
    Err(refusal(bus))
}

pub(in crate::driver) fn subscribing(
    bus: Bus,
    _socket: &Path,
) -> Result<Arc<dyn EventBus>, String> {
    Err(refusal(bus))
}

fn refusal(bus: Bus) -> String {
    why_unavailable(bus).unwrap_or_else(|| format!("{} is no broker of others", bus.as_str()))
}
