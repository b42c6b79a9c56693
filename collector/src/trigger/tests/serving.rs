//! Triggers on a bus in this process: events in, requests out, and every way it ends.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{
    EventBus, EventReceiver, EventSubscription, PublishError, SubscribeError,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::config::TriggerResourceLimits;
use crate::test_utils::ScriptedBus;
use crate::trigger::{
    ServiceEnded, TriggerHandle, TriggerService, TriggerServiceConfig, TriggerServiceError,
    TriggerServiceStatistics,
};

const LIMIT: Duration = Duration::from_secs(30);

type Ended = Result<TriggerServiceStatistics, TriggerServiceError>;

/// A service that runs beside its test. Its requests are answered by a script; what it looks at is
/// published behind that.
struct Running {
    bus: Arc<ScriptedBus>,
    requests: EventReceiver,
    handle: TriggerHandle,
    stop: oneshot::Sender<()>,
    run: JoinHandle<Ended>,
}

impl Running {
    async fn start(bus: ScriptedBus, triggers: impl IntoIterator<Item = Trigger>) -> Self {
        let bus = Arc::new(bus);
        let wanted = EventSubscription::new("test").with_pattern("control.trigger.request");
        let requests = bus.subscribe(wanted).await.unwrap();
        let config = TriggerServiceConfig::default();
        let subscribed = TriggerService::subscribe(bus.clone(), manager(triggers), config).await;
        let (service, handle) = subscribed.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = tokio::spawn(service.run_until(async move {
            let _ = stopped.await;
        }));
        Self { bus, requests, handle, stop, run }
    }

    async fn publish(&self, event: CollectionEvent) {
        self.bus.behind().publish(event, None).await.unwrap();
    }

    async fn next_request(&mut self) -> Arc<BusEvent> {
        self.requests.recv().await.expect("the bus is open")
    }

    async fn wait_for(&mut self, condition: impl FnMut(&TriggerServiceStatistics) -> bool) {
        let found = self.handle.wait_for(condition).await;
        assert!(found.is_some(), "the service ended as {:?}", self.handle.statistics());
    }

    async fn stop(self) -> Ended {
        let _ = self.stop.send(());
        self.run.await.unwrap()
    }
}

fn open() -> ScriptedBus {
    ScriptedBus::new([])
}

#[tokio::test]
async fn it_ends_with_its_bus_once_all_was_looked_at() {
    let running = Running::start(open(), [trigger("t", "pid < 0")]).await;
    for pid in 0..100 {
        running.publish(process(pid)).await;
    }
    running.bus.shutdown(LIMIT).await.unwrap();
    let statistics = running.run.await.unwrap().unwrap();
    assert_eq!(statistics.events_received, 100);
    assert_eq!(running.handle.done("t/1").await, Err(ServiceEnded));
    assert_eq!(running.handle.statistics(), statistics);
}

#[tokio::test]
async fn once_it_is_stopped_its_name_is_free_and_the_bus_is_open() {
    let running = Running::start(open(), [trigger("t", ALWAYS)]).await;
    let bus = running.bus.clone();
    running.stop().await.unwrap();
    let config = TriggerServiceConfig::default();
    let again = TriggerService::subscribe(bus, manager([trigger("t", ALWAYS)]), config).await;
    assert!(again.is_ok());
}

#[tokio::test]
async fn without_triggers_there_is_nothing_to_subscribe_to() {
    let config = TriggerServiceConfig::default();
    let refused = TriggerService::subscribe(Arc::new(open()), manager([]), config).await;
    assert_eq!(refused.err(), Some(SubscribeError::NoPattern));
}

#[tokio::test]
async fn events_that_come_too_fast_are_given_up_the_oldest_first_and_counted() {
    let bus: Arc<dyn EventBus> = Arc::new(open());
    let config = TriggerServiceConfig { capacity_events: 4, ..TriggerServiceConfig::default() };
    let idle = manager([trigger("t", "pid < 0")]);
    let (service, handle) = TriggerService::subscribe(bus.clone(), idle, config).await.unwrap();
    // Nobody looks yet.
    for pid in 0..10 {
        bus.publish(process(pid), None).await.unwrap();
    }
    bus.shutdown(LIMIT).await.unwrap();
    let statistics = service.run().await.unwrap();
    assert_eq!((statistics.events_received, statistics.events_lost), (4, 6));
    assert_eq!(handle.statistics().events_lost, 6);
}

#[tokio::test]
async fn what_is_told_done_makes_room() {
    let limits = TriggerResourceLimits { max_pending: 1, ..TriggerResourceLimits::default() };
    let condition = TriggerCondition::new(ALWAYS).with_resource_limits(limits);
    let one = Trigger::new("t", condition, "procmond", "binary_hash");
    let mut running = Running::start(open(), [one]).await;
    running.publish(process(1)).await;
    let first = running.next_request().await;
    running.publish(process(2)).await;
    running.wait_for(|statistics| statistics.triggers.pending_refused == 1).await;

    let CollectionEvent::TriggerRequest(first) = &first.event else { panic!("{first:?}") };
    running.handle.done(first.trigger_id.clone()).await.unwrap();
    running.wait_for(|statistics| statistics.triggers.done == 1).await;
    running.publish(process(2)).await;
    assert_eq!(running.next_request().await.event.pid(), Some(2));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_request_the_bus_has_no_room_for_is_published_later() {
    let full = PublishError::Timeout { waited: Duration::ZERO };
    let bus = ScriptedBus::new([full.clone(), full]);
    let mut running = Running::start(bus, [trigger("t", ALWAYS)]).await;
    running.publish(process(7)).await;
    assert_eq!(running.next_request().await.event.pid(), Some(7));
    running.wait_for(|statistics| statistics.requests_published == 1).await;
    let statistics = running.stop().await.unwrap();
    assert_eq!((statistics.publish_retries, statistics.requests_lost), (2, 0));
}

#[tokio::test]
async fn a_request_the_bus_refuses_is_counted_and_the_next_event_asks_again() {
    let too_large = PublishError::TooLarge { bytes: 2, limit_bytes: 1 };
    let mut running = Running::start(ScriptedBus::new([too_large]), [trigger("t", ALWAYS)]).await;
    running.publish(process(7)).await;
    running.wait_for(|statistics| statistics.requests_lost == 1).await;
    running.publish(process(7)).await;
    assert_eq!(running.next_request().await.event.pid(), Some(7));
    running.wait_for(|statistics| statistics.requests_published == 1).await;
    let statistics = running.stop().await.unwrap();
    assert_eq!((statistics.triggers.fired, statistics.triggers.withdrawn), (2, 1));
    assert_eq!(statistics.requests_lost, 1);
}

#[tokio::test]
async fn a_bus_that_is_gone_ends_it_with_the_count_of_losses() {
    let gone = PublishError::Disconnected { reason: "gone".to_owned(), undelivered: 0 };
    let bus = ScriptedBus::new([gone.clone()]);
    let triggers = [trigger("a", ALWAYS), trigger("b", ALWAYS)];
    let running = Running::start(bus, triggers).await;
    running.publish(process(7)).await;
    let ended = running.run.await.unwrap();
    assert_eq!(ended, Err(TriggerServiceError::BusLost { source: gone, lost: 2 }));
}

#[tokio::test]
async fn a_stop_comes_while_the_bus_has_no_room() {
    let full = PublishError::Timeout { waited: Duration::ZERO };
    let script = std::iter::repeat_n(full, 10_000);
    let mut running = Running::start(ScriptedBus::new(script), [trigger("t", ALWAYS)]).await;
    running.publish(process(7)).await;
    running.wait_for(|statistics| statistics.publish_retries > 0).await;
    assert_eq!(running.stop().await.unwrap().requests_lost, 1);
}
