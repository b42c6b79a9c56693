//! What is asked is answered: each client its own answers, each as soon as it is ready, and no work
//! is begun that is not granted.

use std::sync::Arc;
use std::time::Duration;

use collector_core::SourceCaps;
use collector_core::analysis::{AnalysisSubject, Findings};
use collector_core::config::IpcConfig;
use collector_core::ipc::{
    AskError, CollectorIpcClient, ConnectError, IpcRefusal, IpcRequest, IpcResponse, IpcTask,
    Offer, StatusReport,
};
use futures_util::future::join_all;

use crate::site::{Site, THERE, held, length, reaches, stuck, wanting};

fn bytes(found: &Findings) -> Option<&str> {
    found.get("bytes")
}

#[tokio::test]
async fn every_question_is_answered() {
    let site = Site::start(IpcConfig::default()).await;
    let client = site.client().await;
    assert_eq!(client.link().grant.granted, THERE);

    let told = client.capabilities().await.unwrap();
    assert_eq!((told.collector.as_str(), told.capabilities), ("test-collector", THERE));
    assert_eq!(told.analysis_types, ["held", "length", "stuck"]);

    let health = client.health().await.unwrap();
    let parts: Vec<_> = health.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(parts, ["source", "publishing", "error_rate", "cpu", "memory"]);

    let status = client.status().await.unwrap();
    assert_eq!(status, StatusReport::from(&site.status.current()));

    let found = client.task(length("/a/b")).await.unwrap().outcome.unwrap();
    assert_eq!(bytes(&found), Some("4"));
}

#[tokio::test]
async fn without_a_socket_the_same_is_answered() {
    let site = Site::closed(IpcConfig::default());
    let server = &site.server;
    assert_eq!(server.get_capabilities(), THERE);
    let offer = Offer::new("c").with_wanted(SourceCaps::all());
    let granted = server.handle_request(IpcRequest::Negotiate(offer)).await;
    assert!(matches!(granted, IpcResponse::Granted(grant) if grant.granted == THERE));
    let told = server.handle_request(IpcRequest::Capabilities).await;
    assert!(matches!(told, IpcResponse::Capabilities(report) if report.capabilities == THERE));
    let status = server.handle_request(IpcRequest::Status).await;
    let expected = StatusReport::from(&site.status.current());
    assert_eq!(status, IpcResponse::Status(expected));
    let health = server.handle_request(IpcRequest::Health).await;
    assert!(matches!(health, IpcResponse::Health(report) if report.parts.len() == 5));
    let found = server.handle_request(IpcRequest::Task(length("abc"))).await;
    let IpcResponse::Task(report) = found else { panic!("{found:?}") };
    assert_eq!(bytes(&report.outcome.unwrap()), Some("3"));
}

#[tokio::test]
async fn an_answer_that_is_ready_does_not_wait_for_one_that_is_not() {
    let mut site = Site::start(IpcConfig::default()).await;
    let client = Arc::new(site.client().await);
    let asking = Arc::clone(&client);
    let held = tokio::spawn(async move { asking.task(held()).await });
    reaches(&mut site.begun, 1).await;
    client.health().await.unwrap();
    assert!(!held.is_finished());
    site.release.send_replace(true);
    let found = held.await.unwrap().unwrap().outcome.unwrap();
    assert_eq!(found.get("held"), Some("no more"));
}

#[tokio::test]
async fn several_clients_at_once_get_each_its_own_answers() {
    async fn ask(client: &CollectorIpcClient, from: usize) {
        for bytes_long in from..from + 20 {
            let report = client.task(length(&"x".repeat(bytes_long))).await.unwrap();
            let expected = bytes_long.to_string();
            assert_eq!(bytes(&report.outcome.unwrap()), Some(expected.as_str()));
        }
    }

    let site = Site::start(IpcConfig::default()).await;
    let clients = join_all((0..4).map(|_| site.client())).await;
    let asking = clients.iter().zip([1, 100, 200, 300]);
    join_all(asking.map(|(client, from)| ask(client, from))).await;
    let counters = site.server.counters();
    assert_eq!((counters.connections, counters.answers, counters.refusals), (4, 84, 0));
}

#[tokio::test]
async fn what_was_not_granted_is_not_begun() {
    let site = Site::start(IpcConfig::default()).await;
    let modest = CollectorIpcClient::connect(&site.address, wanting(SourceCaps::REALTIME));
    let modest = modest.await.unwrap();
    let refused = modest.task(stuck()).await.unwrap_err();
    let (needed, present) = (SourceCaps::PROCESS, SourceCaps::REALTIME);
    let missing = IpcRefusal::MissingCapabilities { needed, present };
    assert_eq!(refused, AskError::Refused(missing));
    assert_eq!(*site.begun.borrow(), 0);
    modest.health().await.unwrap();
}

#[tokio::test]
async fn what_did_not_work_is_told_apart_from_what_cannot_be() {
    let site = Site::start(IpcConfig::default()).await;
    let client = site.client().await;
    let failed = client.task(length("")).await.unwrap();
    assert_eq!(failed.outcome, Err("nothing to measure".to_owned()));

    let no_path = IpcTask { subject: AnalysisSubject::process(1), ..length("") };
    let reason = "no path is named".to_owned();
    let refused = client.task(no_path).await;
    assert_eq!(refused, Err(AskError::Refused(IpcRefusal::Invalid { reason })));

    let no_analysis = IpcTask { analysis_type: "width".to_owned(), ..length("") };
    let reason = "no analysis \"width\" is done here".to_owned();
    let refused = client.task(no_analysis).await;
    assert_eq!(refused, Err(AskError::Refused(IpcRefusal::Unknown { reason })));
}

#[tokio::test]
async fn a_request_longer_than_may_be_is_not_sent() {
    let config = IpcConfig::default().with_frame_limit_bytes(2000);
    let site = Site::start(config).await;
    let client = site.client().await;
    let refused = client.task(length(&"x".repeat(2000))).await.unwrap_err();
    assert!(matches!(refused, AskError::TooLarge { limit_bytes: 2000, .. }), "{refused}");
    client.health().await.unwrap();
}

#[tokio::test]
async fn what_takes_longer_than_a_request_may_is_ended_and_told() {
    let config = IpcConfig::default().with_request_limit(Duration::from_millis(50));
    let mut site = Site::start(config).await;
    let client = site.client().await;
    let refused = client.task(stuck()).await.unwrap_err();
    let reason = "it was not done within 50ms".to_owned();
    assert_eq!(refused, AskError::Refused(IpcRefusal::TimedOut { reason }));
    reaches(&mut site.ended, 1).await;
}

#[tokio::test]
async fn what_a_client_has_asked_for_ends_with_it() {
    let mut site = Site::start(IpcConfig::default()).await;
    let client = site.client().await;
    let asking = tokio::spawn(async move { client.task(stuck()).await });
    reaches(&mut site.begun, 1).await;
    asking.abort();
    reaches(&mut site.ended, 1).await;
    assert_eq!(site.server.counters().unanswered, 1);
}

#[tokio::test]
async fn as_many_connect_as_may_and_one_more_once_another_has_left() {
    let config = IpcConfig::default().with_connection_limit(2);
    let site = Site::start(config).await;
    let (first, second) = (site.client().await, site.client().await);
    let refused = CollectorIpcClient::connect(&site.address, wanting(THERE)).await.unwrap_err();
    let reason = "2 connections, the limit".to_owned();
    let ConnectError::Refused(refusal) = refused else { panic!("{refused}") };
    assert_eq!(refusal, IpcRefusal::Busy { reason });
    assert_eq!(site.server.counters().turned_away, 1);

    drop(first);
    let third = loop {
        match CollectorIpcClient::connect(&site.address, wanting(THERE)).await {
            Ok(client) => break client,
            Err(ConnectError::Refused(IpcRefusal::Busy { .. })) => {}
            Err(error) => panic!("{error}"),
        }
    };
    third.health().await.unwrap();
    second.health().await.unwrap();
}
