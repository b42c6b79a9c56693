//! The end of a server with requests outstanding: each of them is answered or refused.

use std::sync::Arc;
use std::time::Duration;

use collector_core::config::IpcConfig;
use collector_core::ipc::{AskError, IpcRefusal};

use crate::site::{Site, held, reaches, stuck};

/// Long enough for what is let go at once.
const LIMIT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn what_is_done_in_time_is_answered_and_the_rest_is_refused() {
    let mut site = Site::start(IpcConfig::default()).await;
    let clients = [Arc::new(site.client().await), Arc::new(site.client().await)];
    let mut asking = Vec::new();
    for client in &clients {
        for task in [held(), stuck()] {
            let client = Arc::clone(client);
            asking.push(tokio::spawn(async move { client.task(task).await }));
        }
    }
    reaches(&mut site.begun, 4).await;
    let Site { server, release, .. } = &mut site;
    tokio::join!(server.end(LIMIT), async { release.send_replace(true) });
    let counters = server.counters();
    assert_eq!((counters.unanswered, counters.faults), (0, 0));

    let mut outcomes = Vec::new();
    for asked in asking {
        outcomes.push(asked.await.unwrap());
    }
    for pair in outcomes.chunks(2) {
        let [held, stuck] = pair else { panic!("two of each client") };
        assert!(matches!(held, Ok(report) if report.outcome.is_ok()), "{held:?}");
        assert_eq!(*stuck, Err(AskError::Refused(IpcRefusal::Ending)));
    }
    reaches(&mut site.ended, 4).await;
}

#[tokio::test]
async fn a_server_that_is_dropped_ends_what_it_had_begun() {
    let mut site = Site::start(IpcConfig::default()).await;
    let client = site.client().await;
    let asking = tokio::spawn(async move { client.task(stuck()).await });
    reaches(&mut site.begun, 1).await;
    let Site { server, mut ended, .. } = site;
    drop(server);
    reaches(&mut ended, 1).await;
    asking.abort();
}

#[cfg(unix)]
mod raw {
    use super::*;
    use crate::message::{HEALTH, TASK, request, task};
    use crate::raw::{ENDING, Raw, framed};

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn the_last_word_is_that_there_is_no_more() {
        let mut site = Site::start(IpcConfig::default()).await;
        let mut raw = Raw::enter(&site);
        site.server.end(LIMIT).await;
        assert_eq!(raw.refusal(), (0, ENDING));
        assert_eq!(raw.receive(), None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_comes_while_it_ends_is_refused_by_its_number() {
        let mut site = Site::start(IpcConfig::default()).await;
        let mut raw = Raw::enter(&site);
        raw.send(&request(2, TASK, &task("held")));
        reaches(&mut site.begun, 1).await;
        let Site { mut server, release, .. } = site;
        let ending = tokio::spawn(async move { server.end(Duration::from_mins(1)).await });
        for id in 3.. {
            raw.send(&request(id, HEALTH, b""));
            let answer = raw.receive().unwrap();
            assert_eq!(answer.id, id);
            if answer.refusal_code() == Some(ENDING) {
                break;
            }
        }
        release.send_replace(true);
        let answer = raw.receive().unwrap();
        assert_eq!((answer.id, answer.says), (2, TASK));
        assert_eq!(raw.refusal(), (0, ENDING));
        assert_eq!(raw.receive(), None);
        ending.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn who_does_not_read_does_not_hold_up_the_end() {
        let mut site = Site::start(IpcConfig::default()).await;
        let mut deaf = Raw::enter(&site);
        let flooding = std::thread::spawn(move || {
            let health = |id| framed(&request(id, HEALTH, b""));
            (2..u64::MAX).take_while(|id| deaf.write(&health(*id)).is_ok()).count()
        });
        // Some of it is answered; then it is stuck, or will be.
        while site.server.counters().answers < 100 {
            tokio::task::yield_now().await;
        }
        site.server.end(Duration::ZERO).await;
        assert!(flooding.join().unwrap() > 0);
        assert!(!site.address.path().exists());
    }
}
