//! `eventbus tap`.

use std::path::PathBuf;

use daemoneye_eventbus::wire::payload_bytes;
use daemoneye_eventbus::{EventBus, EventSubscription};
use predicates::str::contains;

use crate::fixture::{Running, Served, event, received};

fn out(served: &Served) -> PathBuf {
    served.folder.path().join("traffic.jsonl")
}

fn tapped(served: &Served, arguments: &[&str]) -> Running {
    let out = out(served);
    let mut tap =
        served.spawn(&[&["tap", "#", "--out", out.to_str().unwrap()], arguments].concat());
    tap.until_told("subscribed");
    tap
}

fn lines(served: &Served) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(out(served)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn the_shape_of_each_event_is_recorded_and_nothing_of_its_contents() {
    let served = Served::new();
    let tap = tapped(&served, &["--count", "2"]);
    served.bus.publish(event(1), None).await.unwrap();
    served
        .bus
        .publish_to("admin.x".parse().unwrap(), event(2), Some("secret".into()))
        .await
        .unwrap();
    assert_eq!(tap.end().0.code(), Some(0));
    let [begin, first, second, end] = &lines(&served)[..] else { panic!("four lines") };
    assert_eq!((&begin["format"], &begin["version"]), (&"eventbus-tap".into(), &1.into()));
    assert_eq!(begin["topic_patterns"][0], "#");
    assert_eq!(first["topic"], "events.process.lifecycle");
    assert_eq!((&first["kind"], &first["priority"]), (&"process".into(), &2.into()));
    assert_eq!(first["bytes"], payload_bytes(&event(1)));
    assert_eq!((&first["stream"], &first["publisher"]), (&0.into(), &"beside".into()));
    assert!(first["at_ns"].as_u64().unwrap() <= second["at_ns"].as_u64().unwrap());
    assert_eq!(second["topic"], "admin.x");
    assert!(second.get("event").is_none() && second.get("correlation").is_none(), "{second}");
    assert_eq!(
        (&end["end"], &end["events"], &end["lost"]),
        (&"count".into(), &2.into(), &0.into())
    );
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_recorded_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let served = Served::new();
    let tap = tapped(&served, &["--count", "1"]);
    served.bus.publish(event(1), None).await.unwrap();
    assert_eq!(tap.end().0.code(), Some(0));
    let mode = std::fs::metadata(out(&served)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "traffic tells who does what");
}

#[tokio::test]
async fn with_contents_the_lines_of_events_can_be_published_again() {
    let served = Served::new();
    let tap = tapped(&served, &["--count", "1", "--contents"]);
    served.bus.publish(event(3), Some("scan".into())).await.unwrap();
    assert_eq!(tap.end().0.code(), Some(0));
    let wanted = EventSubscription::new("again").with_pattern("#");
    let mut receiver = served.bus.subscribe(wanted).await.unwrap();
    let line = lines(&served)[1].to_string();
    served.eventbus_with(&["pub", "-"], &line).code(0);
    let again = received(&mut receiver).await;
    assert_eq!(again.event, event(3));
    assert!(again.correlation.id.is("scan"));
}

#[tokio::test]
async fn a_file_never_has_more_bytes_than_asked() {
    let served = Served::new();
    let tap = tapped(&served, &["--bytes", "4096", "--json"]);
    for number in 1..=100 {
        served.bus.publish(event(number), None).await.unwrap();
    }
    let (status, _) = tap.end();
    assert_eq!(status.code(), Some(0));
    let bytes = std::fs::metadata(out(&served)).unwrap().len();
    assert!((3000..=4096).contains(&bytes), "{bytes}");
    let lines = lines(&served);
    let end = lines.last().unwrap();
    assert_eq!(end["end"], "bytes");
    assert_eq!(end["events"], lines.len() - 2);
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_ends_a_recording_with_its_last_line() {
    let served = Served::new();
    let mut tap = tapped(&served, &["--json"]);
    served.bus.publish(event(1), None).await.unwrap();
    while served.broker.statistics().subscriptions[0].delivered == 0 {
        std::thread::yield_now();
    }
    tap.signal(nix::sys::signal::Signal::SIGINT);
    let end = tap.json();
    assert_eq!(end["end"], "interrupt");
    assert_eq!(tap.end().0.code(), Some(0));
    assert_eq!(lines(&served).last(), Some(&end));
}

#[test]
fn a_file_that_exists_is_not_written_over() {
    let served = Served::new();
    std::fs::write(out(&served), "mine").unwrap();
    let path = out(&served);
    let arguments = ["tap", "#", "--out", path.to_str().unwrap(), "--count", "1"];
    served.eventbus(&arguments).code(2).stderr(contains("traffic.jsonl exists; name another"));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
}

#[test]
fn a_recording_without_room_for_its_first_line_is_refused_and_leaves_no_file() {
    let served = Served::new();
    let path = out(&served);
    let patterns: Vec<String> = (0..200).map(|number| format!("events.x{number:058}")).collect();
    let mut arguments = vec!["tap", "--out", path.to_str().unwrap(), "--bytes", "4096"];
    arguments.extend(patterns.iter().map(String::as_str));
    served.eventbus(&arguments).code(2).stderr(contains("--bytes 4096 has no room"));
    assert!(!path.exists());
}
