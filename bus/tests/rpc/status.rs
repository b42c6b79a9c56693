//! What members tell unasked (R1): heard by whoever listens, by the name of the handle it is from.
//! The clock is paused.

use std::time::Duration;

use daemoneye_eventbus::event::ControlSubject;
use daemoneye_eventbus::rpc::{
    AnnounceError, Announcement, HealthPart, HealthReport, HealthStatus, Resources, StatusMonitor,
    StatusReport, Telemetry, announce,
};
use daemoneye_eventbus::{CollectionEvent, ControlMessage, EventSubscription, PublishError};

use crate::stage::{MEMBER, Stage, WATCHDOG};

fn status(sequence: u64, reason: &str) -> Announcement {
    let part = HealthPart {
        name: "error_rate".to_owned(),
        status: HealthStatus::Degraded,
        reason: Some(reason.to_owned()),
    };
    Announcement::Status(StatusReport { sequence, report: HealthReport { parts: vec![part] } })
}

fn telemetry(sequence: u64) -> Announcement {
    let resources = Resources { memory_bytes: Some(4096), ..Resources::default() };
    Announcement::Telemetry(Telemetry { sequence, resources, ..Telemetry::default() })
}

async fn monitor(stage: &Stage) -> StatusMonitor {
    StatusMonitor::start(stage.here("agent"), "agent").await.unwrap()
}

/// Announces as a member, in this order.
async fn tell(stage: &Stage, member: &str, announcements: &[Announcement]) {
    let bus = stage.here(member);
    for announcement in announcements {
        announce(&*bus, MEMBER, announcement).await.unwrap();
    }
}

/// Lets others run until it is so; no time passes meanwhile.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

fn sequence(monitor: &StatusMonitor, member: &str) -> Option<u64> {
    monitor.last_telemetry(member).map(|last| last.telemetry.sequence)
}

#[tokio::test(start_paused = true)]
async fn the_last_word_of_each_member_is_kept_until_it_is_forgotten() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    assert_eq!(monitor.last_status(MEMBER), None);
    tell(&stage, MEMBER, &[status(1, "once"), telemetry(1), status(2, "now"), telemetry(2)]).await;
    until(|| sequence(&monitor, MEMBER) == Some(2)).await;

    let last = monitor.last_status(MEMBER).unwrap();
    assert_eq!((last.sequence, last.report.reasons().as_deref()), (2, Some("error_rate: now")));
    tokio::time::sleep(Duration::from_secs(7)).await;
    let told = monitor.last_telemetry(MEMBER).unwrap();
    assert_eq!(told.telemetry.resources.memory_bytes, Some(4096));
    assert_eq!(told.age.as_secs(), 7);

    monitor.forget(MEMBER);
    assert_eq!((monitor.last_status(MEMBER), monitor.last_telemetry(MEMBER)), (None, None));
}

#[tokio::test(start_paused = true)]
async fn nobody_tells_for_another() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    tell(&stage, "impostor", &[telemetry(9)]).await;
    tell(&stage, MEMBER, &[telemetry(1)]).await;
    until(|| sequence(&monitor, MEMBER) == Some(1)).await;
    until(|| sequence(&monitor, "impostor") == Some(9)).await;
}

#[tokio::test(start_paused = true)]
async fn an_announcement_goes_to_its_topic_with_its_number_and_its_source() {
    let stage = Stage::new();
    let (listener, bus) = (stage.here("listener"), stage.here("procmond-1"));
    let wanted = EventSubscription::new("all").with_pattern("#");
    let mut all = listener.subscribe(wanted).await.unwrap();
    for (number, announcement, operation) in
        [(3, status(3, "x"), "status"), (4, telemetry(4), "telemetry")]
    {
        announce(&*bus, MEMBER, &announcement).await.unwrap();
        let event = all.recv().await.unwrap();
        assert_eq!(event.topic.as_str(), "control.health.status");
        assert_eq!(event.id.publisher, "procmond-1");
        assert_eq!(Announcement::of(&event), Some(announcement));
        let CollectionEvent::Control(message) = &event.event else { panic!("{event:?}") };
        assert_eq!((&*message.operation, &message.subject), (operation, &ControlSubject::Status));
        assert_eq!(message.header.source, MEMBER);
        assert_eq!(message.header.source_sequence, number);
        assert!(message.request_id.is_empty(), "nobody is asked");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_announcement_is_passed_over() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    let bus = stage.here(MEMBER);
    for operation in ["status", "poetry"] {
        let message = ControlMessage {
            subject: ControlSubject::Status,
            operation: operation.into(),
            ..ControlMessage::default()
        };
        bus.publish(CollectionEvent::Control(message), None).await.unwrap();
    }
    announce(&*bus, MEMBER, &telemetry(1)).await.unwrap();
    until(|| sequence(&monitor, MEMBER) == Some(1)).await;
    assert_eq!(monitor.last_status(MEMBER), None, "a status without a report is none");
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_has_ended_is_told_as_the_end() {
    let stage = Stage::new();
    let bus = stage.here(MEMBER);
    stage.broker.shutdown(WATCHDOG).await.unwrap();
    let error = announce(&*bus, MEMBER, &telemetry(1)).await.unwrap_err();
    assert_eq!(error, AnnounceError::NotSent(PublishError::Closed));
    assert!(error.is_final());
}
