//! The buses inside one process, as they are or behind a fault.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::EventBus;
use legacy_buses::broadcast::{BroadcastConfig, BroadcastEventBus};
use legacy_buses::broken::{BrokenBus, Fault};
use legacy_buses::crossbeam::{CrossbeamConfig, HandOff, LocalEventBus, Sharing};
use legacy_buses::sharing::{SharingConfig, SharingEventBus};

use super::{OpenError, Opening};
use crate::plan::Bus;

/// The bus as it is, or behind the fault the harness must catch.
pub(super) fn open(opening: &Opening) -> Result<Arc<dyn EventBus>, OpenError> {
    let bus = sound(opening)?;
    let Some(name) = &opening.settings.fault else { return Ok(bus) };
    let fault = Fault::named(name)
        .ok_or_else(|| OpenError::Local(format!("no fault is called {name:?}")))?;
    leave(fault, &opening.socket).map_err(|cause| OpenError::Local(cause.to_string()))?;
    Ok(Arc::new(BrokenBus::new(bus, fault)))
}

fn sound(opening: &Opening) -> Result<Arc<dyn EventBus>, OpenError> {
    match opening.bus {
        Bus::Broadcast => broadcast(opening),
        Bus::Sharing => sharing(opening),
        _ => crossbeam(opening),
    }
}

/// Leaves behind what a fault says and no wrapper around a bus could, not knowing the place.
fn leave(fault: Fault, socket: &Path) -> io::Result<()> {
    match fault {
        Fault::LeavesASocket => std::fs::write(socket, ""),
        Fault::LeavesAFile => std::fs::write(socket.with_file_name("left"), ""),
        _ => Ok(()),
    }
}

fn crossbeam(opening: &Opening) -> Result<Arc<dyn EventBus>, OpenError> {
    let settings = &opening.settings;
    let mut config = CrossbeamConfig { hops: opening.hops.clone(), ..CrossbeamConfig::default() };
    if let Some(limit) = settings.subscriber_limit {
        config.subscriber_limit = limit;
    }
    if let Some(limit_ms) = settings.publish_limit_ms {
        config.publish_limit = Duration::from_millis(limit_ms);
    }
    if let Some(events) = settings.central_capacity {
        config.central_capacity = Some(events);
    }
    if opening.share_by_clone {
        config.sharing = Sharing::Clone;
    }
    match opening.bus {
        Bus::CrossbeamSpinning => config.hand_off = HandOff::Spinning,
        Bus::CrossbeamFaithful => {
            config.faithful = true;
            // No trial waits for 99 s; what comes after (V5) is the same.
            if let Some(limit_ms) = settings.publish_limit_ms {
                config.hand_off_limit = Duration::from_millis(limit_ms);
            }
        }
        _ => {}
    }
    let bus = LocalEventBus::new(&config).map_err(|cause| OpenError::Local(cause.to_string()))?;
    Ok(Arc::new(bus))
}

/// With backpressure: what asks for `block` must get it, or its losses would be all that is seen.
fn broadcast(opening: &Opening) -> Result<Arc<dyn EventBus>, OpenError> {
    let settings = &opening.settings;
    let mut config = BroadcastConfig { backpressure: true, ..BroadcastConfig::default() };
    if let Some(limit) = settings.subscriber_limit {
        config.subscriber_limit = limit;
    }
    if let Some(limit_ms) = settings.publish_limit_ms {
        config.publish_limit = Duration::from_millis(limit_ms);
    }
    if let Some(events) = settings.central_capacity {
        config.capacity = events;
    }
    let bus =
        BroadcastEventBus::new(&config).map_err(|cause| OpenError::Local(cause.to_string()))?;
    Ok(Arc::new(bus))
}

fn sharing(opening: &Opening) -> Result<Arc<dyn EventBus>, OpenError> {
    let settings = &opening.settings;
    let mut config = SharingConfig::default();
    if let Some(limit) = settings.subscriber_limit {
        config.subscriber_limit = limit;
    }
    if let Some(limit_ms) = settings.publish_limit_ms {
        config.publish_limit = Duration::from_millis(limit_ms);
    }
    if let Some(events) = settings.central_capacity {
        config.ring_capacity = events;
    }
    let bus = SharingEventBus::new(&config).map_err(|cause| OpenError::Local(cause.to_string()))?;
    Ok(Arc::new(bus))
}
