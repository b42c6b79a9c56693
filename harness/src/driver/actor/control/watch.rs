//! What the desk hears of members: their hearts, beside the monitor, what the monitor makes of
//! them, and what they were refused.

use std::sync::Arc;

use daemoneye_eventbus::rpc::{HealthMonitor, HealthStatus};
use daemoneye_eventbus::topic::AUDIT_TOPIC;
use daemoneye_eventbus::{CollectionEvent, EventBus, EventSubscription};

use super::notes::{Notes, noted};
use crate::record::Fact;

/// Where hearts are heard.
const HEARTS: &str = "control.health.heartbeat";

/// Notes every heartbeat from now on, by a subscription of the desk's own.
pub(super) async fn hear_hearts(bus: &Arc<dyn EventBus>, notes: Notes) -> Result<(), String> {
    let wanted = EventSubscription::new("desk.hearts").with_pattern(HEARTS);
    let mut hearts = bus.subscribe(wanted).await.map_err(|cause| cause.to_string())?;
    tokio::spawn(async move {
        while let Some(event) = hearts.recv().await {
            notes.note(Fact::Heard { member: event.id.publisher.to_string() });
        }
    });
    Ok(())
}

/// Notes everything that is told on the audit topic from now on.
pub(super) async fn hear_audits(bus: &Arc<dyn EventBus>, notes: Notes) -> Result<(), String> {
    let wanted = EventSubscription::new("desk.audits").with_pattern(AUDIT_TOPIC);
    let mut audits = bus.subscribe(wanted).await.map_err(|cause| cause.to_string())?;
    tokio::spawn(async move {
        while let Some(told) = audits.recv().await {
            let CollectionEvent::Audit(audit) = &told.event else { continue };
            notes.note(Fact::Audited {
                actor: audit.actor.to_string(),
                action: audit.action.to_string(),
                resource: audit.resource.to_string(),
                reason: audit.reason.as_deref().unwrap_or_default().to_owned(),
            });
        }
    });
    Ok(())
}

/// Notes every change of somebody's health that the monitor tells.
pub(super) fn note_changes(monitor: &HealthMonitor, notes: Notes) {
    let mut changes = monitor.changes();
    tokio::spawn(async move {
        loop {
            for change in changes.next().await {
                let health = change.now.map(|status: HealthStatus| noted(status));
                notes.note(Fact::Changed { member: change.member, health });
            }
        }
    });
}
