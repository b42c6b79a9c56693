//! What every process of a soak has: its orders and its way to the bus.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::{ClientConfig, DaemoneyeEventBus, EventBus, SocketAddress};
use legacy_buses::broken::{BrokenBus, Fault};

use super::line::{Assignment, Order};
use crate::driver::part;

/// How long leaving the bus may take.
pub(super) const CLOSE_LIMIT: Duration = Duration::from_secs(15);
/// What everybody publishes on, and reads.
pub(super) const TOPIC: &str = "events.process.lifecycle";
/// What a stranger of this user is: proofs of identity are judged elsewhere.
pub(super) const STRANGERS: Role = Role::Agent;

/// What the harness tells it.
pub(super) type Orders = part::Orders<Order>;

/// A connection of this part's own, behind its fault. Within a runtime.
pub(super) async fn connect(assignment: &Assignment) -> Result<Arc<dyn EventBus>, String> {
    let address = address(assignment)?;
    let config = ClientConfig::new(&assignment.name);
    let connected = DaemoneyeEventBus::connect(&address, config).await;
    let bus = connected.map_err(|cause| format!("the broker was not reached: {cause}"))?;
    behind_fault(Arc::new(bus), assignment)
}

pub(super) fn address(assignment: &Assignment) -> Result<SocketAddress, String> {
    SocketAddress::from_path(assignment.socket.clone()).map_err(|cause| cause.to_string())
}

/// The bus as it is, or behind the fault that must be told.
pub(super) fn behind_fault(
    bus: Arc<dyn EventBus>,
    assignment: &Assignment,
) -> Result<Arc<dyn EventBus>, String> {
    let Some(name) = &assignment.fault else { return Ok(bus) };
    let fault = Fault::named(name).ok_or_else(|| format!("no fault is called {name:?}"))?;
    Ok(Arc::new(BrokenBus::new(bus, fault)))
}
