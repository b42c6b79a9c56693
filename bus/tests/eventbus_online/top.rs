//! `eventbus top`.

#[cfg(unix)]
use std::fs::File;
#[cfg(unix)]
use std::io::Read;
#[cfg(unix)]
use std::process::{Command, Stdio};

use daemoneye_eventbus::{EventBus, EventSubscription};
#[cfg(unix)]
use nix::pty::{Winsize, openpty};
#[cfg(unix)]
use nix::sys::signal::Signal;

use crate::fixture::{Served, event};

#[tokio::test]
async fn one_look_lists_connections_and_subscriptions() {
    let served = Served::new();
    let wanted = EventSubscription::new("slow").with_pattern("events.#");
    let _receiver = served.bus.subscribe(wanted).await.unwrap();
    served.bus.publish(event(1), None).await.unwrap();
    let look = ["top", "--once", "--interval", "20ms", "--name", "eye"];
    let text = served.eventbus(&look).code(0).get_output().stdout.clone();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("published 0.0/s, delivered 0.0/s, dropped 0.0/s, up "), "{text}");
    let line = |begin: &str| text.lines().find(|line| line.contains(begin)).unwrap();
    assert!(line("eye").trim_start().starts_with('1'), "{text}");
    let cells: Vec<&str> = line("slow").split_whitespace().collect();
    assert_eq!(cells[..], ["slow", "the", "broker", "0.0", "0.0", "0.0", "0", "1", "-", "closed"]);
}

#[cfg(unix)]
#[tokio::test]
async fn rates_are_those_between_two_looks_until_ctrl_c() {
    let served = Served::new();
    let mut top = served.spawn(&["top", "--json", "--interval", "20ms"]);
    top.json();
    served.bus.publish(event(1), None).await.unwrap();
    // One of the next looks is the first after the event.
    while top.json()["published_per_second"].as_f64().unwrap() == 0.0 {}
    top.signal(Signal::SIGINT);
    while top.line().is_some() {}
    let (status, told) = top.end();
    assert_eq!((status.code(), told.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_broker_that_ends_ends_it_with_its_reason() {
    let served = Served::new();
    let mut top = served.spawn(&["top", "--json", "--interval", "20ms"]);
    top.json();
    served.broker.shutdown(std::time::Duration::from_secs(10)).await.unwrap();
    while top.line().is_some() {}
    let (status, told) = top.end();
    assert_eq!(status.code(), Some(4));
    assert!(told.contains("eventbus: cannot "), "{told}");
}

/// A terminal of six rows: nothing may go past the last one, or the table would scroll.
#[cfg(unix)]
#[tokio::test]
async fn on_a_terminal_each_look_is_drawn_over_the_last_within_its_rows_and_columns() {
    const HOME: &str = "\u{1b}[1;1H";
    let served = Served::new();
    let mut receivers = Vec::new();
    for number in 0..20 {
        let wanted = EventSubscription::new(format!("s-{number}")).with_pattern("events.#");
        receivers.push(served.bus.subscribe(wanted).await.unwrap());
    }
    let size = Winsize { ws_row: 6, ws_col: 40, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(&size, None).unwrap();
    let mut top = Command::new(env!("CARGO_BIN_EXE_eventbus"))
        .args(["top", "--interval", "20ms", "--socket"])
        .arg(served.socket())
        .stdin(Stdio::null())
        .stdout(terminal.slave)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut screen = File::from(terminal.master);
    let mut seen = String::new();
    while seen.matches(HOME).count() < 3 {
        let mut chunk = [0; 4096];
        let bytes = screen.read(&mut chunk).unwrap();
        seen.push_str(std::str::from_utf8(&chunk[..bytes]).unwrap());
    }
    top.kill().unwrap();
    top.wait().unwrap();
    let looks: Vec<&str> = seen.split(HOME).collect();
    assert_eq!(looks[0], "", "the first look begins at the top");
    // To the end of the line, then one line down.
    let lines: Vec<&str> = looks[1].split("\u{1b}[K\u{1b}[1E").collect();
    assert!(lines[0].starts_with("published 0.0/s, delivered"), "{lines:?}");
    let (rest, rows) = lines.split_last().unwrap();
    assert_eq!(*rest, "\u{1b}[J", "what was below is gone");
    assert!(rows.len() == 5 && rows.iter().all(|row| row.chars().count() <= 40), "{rows:?}");
    assert!(!looks[1].contains('\n'), "a line break would scroll");
}
