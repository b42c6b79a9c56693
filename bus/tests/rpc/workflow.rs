//! Following a workflow over a bus: a request and its reply under one root (R6).

use daemoneye_eventbus::rpc::{Call, CorrelationTracker};
use daemoneye_eventbus::{CorrelationMetadata, EventSubscription};

use crate::stage::{Echo, MEMBER, Stage, WATCHDOG, client, service, task};

#[tokio::test]
async fn a_workflow_shows_its_requests_and_replies_in_order() {
    let stage = Stage::new();
    let bus = stage.here("tracker");
    let wanted = EventSubscription::new("tracker").with_pattern("control.#");
    let mut events = bus.subscribe(wanted).await.unwrap();
    let service = service(stage.here(MEMBER), Echo::once_there_are(1)).await;
    let client = client(stage.here("agent"), "agent").await;
    let scan = CorrelationMetadata::root("scan-7");
    for step in ["scan-7/1", "scan-7/2"] {
        let call = Call::new(task(step)).correlated(scan.child(step));
        client.call(call).await.unwrap();
        client.call(Call::new(task("other"))).await.unwrap();
    }
    drop((client, service));
    stage.broker.shutdown(WATCHDOG).await.unwrap();

    let mut tracker = CorrelationTracker::default();
    tracker.follow(&mut events).await;
    let timeline = tracker.timeline(&"scan-7".into());
    let topics: Vec<_> = timeline.iter().map(|entry| entry.topic.to_string()).collect();
    let (asked, replied) = ("control.collector.task.process", "control.rpc.reply.agent");
    assert_eq!(topics, [asked, replied, asked, replied]);
    assert_eq!(timeline[1].parent, Some("scan-7/1".into()));
    assert_eq!(timeline[1].event.publisher, MEMBER);
    assert_eq!(tracker.roots().count(), 3, "the others are workflows of their own");
}
