//! The end of a server with requests outstanding: each of them is answered or refused.

use std::time::Duration;

use collector_core::config::IpcConfig;
use collector_core::ipc::{AskError, IpcRefusal, IpcTask, TaskReport};
use tokio::task::JoinSet;

use crate::site::{Site, held, reaches, stuck};

/// Two clients, and what they are told of this task when the server ends.
async fn asked_by_two(
    site: &mut Site,
    task: fn() -> IpcTask,
) -> JoinSet<Result<TaskReport, AskError>> {
    let mut asking = JoinSet::new();
    for client in [site.client().await, site.client().await] {
        asking.spawn(async move { client.task(task()).await });
    }
    reaches(&mut site.begun, 2).await;
    asking
}

#[tokio::test]
async fn what_is_done_in_time_is_answered() {
    let mut site = Site::start(IpcConfig::default()).await;
    let asking = asked_by_two(&mut site, held).await;
    let Site { server, release, .. } = &mut site;
    tokio::join!(server.end(Duration::from_mins(1)), async { release.send_replace(true) });
    let counters = server.counters();
    assert_eq!((counters.unanswered, counters.faults), (0, 0));
    for told in asking.join_all().await {
        assert!(matches!(&told, Ok(report) if report.outcome.is_ok()), "{told:?}");
    }
}

#[tokio::test]
async fn what_is_not_done_in_time_is_refused_and_ended() {
    let mut site = Site::start(IpcConfig::default()).await;
    let asking = asked_by_two(&mut site, stuck).await;
    site.server.end(Duration::ZERO).await;
    let counters = site.server.counters();
    assert_eq!((counters.unanswered, counters.faults), (0, 0));
    for told in asking.join_all().await {
        assert_eq!(told, Err(AskError::Refused(IpcRefusal::Ending)));
    }
    reaches(&mut site.ended, 2).await;
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
    use tokio::time::timeout;

    use super::*;
    use crate::message::{HEALTH, TASK, request, task};
    use crate::raw::{ENDING, Raw, WATCHDOG};

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn the_last_word_is_that_there_is_no_more() {
        let mut site = Site::start(IpcConfig::default()).await;
        let mut raw = Raw::enter(&site);
        site.server.end(Duration::ZERO).await;
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
        let config = IpcConfig::default().with_request_limit(Duration::from_hours(1));
        let mut site = Site::start(config).await;
        let mut deaf = Raw::enter(&site);
        deaf.ask_until_nothing_is_read();
        let ended = timeout(WATCHDOG, site.server.end(Duration::ZERO)).await;
        ended.expect("it does not wait for as long as a request may take");
        assert!(!site.address.path().exists());
    }
}
