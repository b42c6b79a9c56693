//! Servers that are not ours: a client gets along with one that keeps to the protocol, and gives up
//! on one that does not.

use collector_core::ipc::{AskError, CollectorIpcClient};
use daemoneye_eventbus::SocketAddress;
use daemoneye_eventbus::framed::{FrameReader, FrameWriter, FramedListener};
use daemoneye_eventbus::transport::Listener;
use tempfile::TempDir;

use crate::message::{GRANT, HEALTH, TASK, chunk, number, number_of};
use crate::site::{THERE, length, wanting};

/// More than any socket takes while nobody reads, bytes, and less than a message may be long.
const LONG: usize = 900_000;

fn listen() -> (FramedListener, SocketAddress, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let address = SocketAddress::from_path(folder.path().join("s")).expect("an address");
    let listener = Listener::bind(&address).expect("a free address");
    (FramedListener::new(listener, 1 << 20).expect("a listener"), address, folder)
}

/// Lets the next client in, and grants what little it must.
async fn let_in(listener: &mut FramedListener) -> (FrameReader, FrameWriter) {
    let (mut reader, mut writer) = listener.accept().await.expect("somebody comes").split();
    reader.receive().await.expect("a whole message").expect("it negotiates");
    let limits = [number(3, 1 << 20), number(4, 4), number(5, 1000), number(6, 1000)].concat();
    let grant = [number(1, 1), number(2, 0), limits].concat();
    let granted = [number(1, 1), chunk(GRANT, &grant)].concat();
    writer.send(&granted).await.expect("it is sent");
    (reader, writer)
}

async fn close_over_every_request(mut listener: FramedListener) {
    loop {
        let (mut reader, _writer) = let_in(&mut listener).await;
        // Or its end: a client that has given up.
        drop(reader.receive().await);
    }
}

#[tokio::test]
async fn a_request_over_which_the_connection_breaks_again_and_again_is_given_up() {
    let (listener, address, _folder) = listen();
    let serving = tokio::spawn(close_over_every_request(listener));
    let client = CollectorIpcClient::connect(&address, wanting(THERE)).await.unwrap();
    let told = client.health().await.unwrap_err();
    assert!(matches!(told, AskError::Lost { tries: 3, .. }), "{told}");
    assert_eq!(client.link().reconnections, 2);
    serving.abort();
}

/// Gives each request the next of these answers, and reads nothing until that is taken.
async fn answer_in_turn(mut listener: FramedListener, answers: [Vec<u8>; 2]) {
    let (mut reader, mut writer) = let_in(&mut listener).await;
    for answer in answers {
        let request = reader.receive().await.expect("a whole message").expect("it asks");
        let response = [number(1, number_of(&request, 1)), answer].concat();
        writer.send(&response).await.expect("it is taken");
    }
    // Until the client leaves.
    drop(reader.receive().await);
}

#[tokio::test]
async fn a_long_request_and_a_long_answer_do_not_wait_for_each_other() {
    let (listener, address, _folder) = listen();
    let text = "x".repeat(LONG);
    let part = [chunk(1, b"part"), number(2, 1), chunk(3, text.as_bytes())].concat();
    let health = chunk(HEALTH, &chunk(1, &part));
    let failure = chunk(TASK, &chunk(2, b"as it is"));
    let serving = tokio::spawn(answer_in_turn(listener, [health, failure]));
    let client = CollectorIpcClient::connect(&address, wanting(THERE)).await.unwrap();
    let (health, task) = tokio::join!(client.health(), client.task(length(&text)));
    assert_eq!(health.unwrap().parts[0].reason, Some(text));
    assert_eq!(task.unwrap().outcome, Err("as it is".to_owned()));
    drop(client);
    serving.await.unwrap();
}
