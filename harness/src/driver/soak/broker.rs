//! The part that is the broker, and the planted leak in its process.

use std::sync::Arc;

use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventSubscription, Topic,
};
use tokio::runtime::Builder;

use super::line::{Assignment, Order, Reply};
use super::link::{self, CLOSE_LIMIT, Orders, STRANGERS, TOPIC};
use crate::driver::part::tell;

/// Where a leaking process publishes what it was given once more; nobody reads there.
const NOBODYS: &str = "events.audit.record";

/// Serves until told to leave.
pub(super) fn run(assignment: &Assignment, mut orders: Orders) -> Result<(), String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| cause.to_string())?;
    let broker = DaemoneyeBroker::new(BrokerConfig::default().with_unidentified(Some(STRANGERS)));
    let listener =
        Listener::bind(&link::address(assignment)?).map_err(|cause| cause.to_string())?;
    broker.serve(listener).map_err(|cause| cause.to_string())?;
    runtime.block_on(async {
        let leaking = assignment.fault.is_some();
        let leak = leaking.then(|| tokio::spawn(leak(broker.clone(), assignment.clone())));
        tell(&Reply::Ready);
        while let Some(order) = orders.recv().await {
            if order == Order::Leave {
                break;
            }
            tell(&Reply::Ready);
        }
        if let Some(leak) = leak {
            leak.abort();
        }
        broker.shutdown(CLOSE_LIMIT).await.map_err(|cause| format!("shutdown: {cause}"))
    })?;
    tell(&Reply::Ready);
    Ok(())
}

/// Gives every event to a bus that keeps some of each for ever.
async fn leak(broker: DaemoneyeBroker, assignment: Assignment) -> Result<(), String> {
    let sound = Arc::new(DaemoneyeEventBus::from_broker(&broker, "leak"));
    let broken = link::behind_fault(Arc::<DaemoneyeEventBus>::clone(&sound), &assignment)?;
    let wanted = EventSubscription::new("leak").with_pattern(TOPIC);
    let mut receiver = sound.subscribe(wanted).await.map_err(|cause| cause.to_string())?;
    let topic = Topic::new(NOBODYS).expect("a topic of the registry");
    while let Some(event) = receiver.recv().await {
        // What becomes of it does not matter: it has leaked.
        let _ = broken.publish_to(topic.clone(), event.event.clone(), None).await;
    }
    Ok(())
}
