//! A client whose server goes away and comes back: what was asked is asked again, within limits.

use std::sync::Arc;
use std::time::Duration;

use collector_core::SourceCaps;
use collector_core::config::IpcConfig;
use collector_core::ipc::{AskError, CollectorIpcClient, ConnectError};

use crate::site::{Site, THERE, held, reaches, wanting};

const LIMIT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_restarted_server_is_found_again_and_asked_again() {
    let mut site = Site::start(IpcConfig::default()).await;
    let client = Arc::new(site.client().await);
    client.health().await.unwrap();
    site.server.end(LIMIT).await;
    // Asked while nobody is there.
    let asking = Arc::clone(&client);
    let asked = tokio::spawn(async move { asking.health().await });
    site.server.start().await.unwrap();
    asked.await.unwrap().unwrap();
    client.status().await.unwrap();
    let link = client.link();
    assert!(link.is_connected && link.failure.is_none(), "{link:?}");
    assert_eq!((link.reconnections, link.grant.granted), (1, THERE));
}

#[tokio::test]
async fn what_was_outstanding_when_the_connection_broke_is_asked_on_the_next() {
    let mut site = Site::start(IpcConfig::default()).await;
    let client = site.client().await;
    let asked = tokio::spawn(async move { client.task(held()).await });
    reaches(&mut site.begun, 1).await;
    site.replace(THERE).await;
    reaches(&mut site.begun, 2).await;
    site.release.send_replace(true);
    let found = asked.await.unwrap().unwrap().outcome.unwrap();
    assert_eq!(found.get("held"), Some("no more"));
}

#[tokio::test]
async fn who_stays_away_is_told_of_with_the_reason_when_the_time_is_up() {
    let mut site = Site::start(IpcConfig::default()).await;
    let config = wanting(THERE).with_ask_limit(LIMIT);
    let client = CollectorIpcClient::connect(&site.address, config).await.unwrap();
    site.server.end(LIMIT).await;
    loop {
        let told = client.health().await.unwrap_err();
        let AskError::TimedOut { waited, failure } = told else { panic!("{told}") };
        assert_eq!(waited, LIMIT);
        // Until it has sought the collector it knows how the connection ended, and no more.
        if failure.is_some_and(|failure| failure.starts_with("cannot connect: ")) {
            break;
        }
    }
    assert!(!client.link().is_connected);
}

#[tokio::test]
async fn nobody_listens_is_told_at_once_to_who_connects_first() {
    let site = Site::closed(IpcConfig::default());
    let told = CollectorIpcClient::connect(&site.address, wanting(THERE)).await.unwrap_err();
    assert!(matches!(told, ConnectError::Io(_)), "{told}");
}

#[tokio::test]
async fn another_collector_that_cannot_do_what_is_required_is_told_and_not_sought_on() {
    let mut site = Site::start(IpcConfig::default()).await;
    let config = wanting(THERE).with_required(SourceCaps::PROCESS);
    let client = CollectorIpcClient::connect(&site.address, config).await.unwrap();
    client.health().await.unwrap();
    site.replace(SourceCaps::NETWORK).await;
    let told = client.health().await.unwrap_err();
    let AskError::NoConnection { reason } = told else { panic!("{told}") };
    assert!(reason.contains("PROCESS is not there"), "{reason}");
    // The next one may be another again.
    site.replace(THERE).await;
    client.health().await.unwrap();
}
