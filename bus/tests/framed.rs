//! Frames for protocols beside the broker's: whole messages arrive, an end within one and one that
//! is too long are told apart (W2), on names like the broker's (W7).

use daemoneye_eventbus::SocketAddress;
use daemoneye_eventbus::framed::{FramedListener, FramedStream, ReadFrameError};
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::wire::FrameError;
use tempfile::TempDir;

const LIMIT_BYTES: usize = 100_000;

fn listen() -> (FramedListener, SocketAddress, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let address = SocketAddress::from_path(folder.path().join("s")).expect("an address");
    let listener = Listener::bind(&address).expect("a free address");
    (FramedListener::new(listener, LIMIT_BYTES).expect("a listener"), address, folder)
}

/// Two ends of a connection.
async fn connected() -> (FramedStream, FramedStream, TempDir) {
    let (mut listener, address, folder) = listen();
    let connecting = FramedStream::connect(&address, LIMIT_BYTES);
    let (ours, theirs) = tokio::join!(connecting, listener.accept());
    (ours.expect("it is let in"), theirs.expect("somebody comes"), folder)
}

#[tokio::test]
async fn messages_of_every_length_arrive_whole_and_in_order() {
    let (ours, theirs, _folder) = connected().await;
    let (mut reader, _writer) = ours.split();
    let (_reader, mut writer) = theirs.split();
    let lengths = [0, 1, 4096, LIMIT_BYTES, 0, 7];
    let sending = async {
        for (length, byte) in lengths.into_iter().zip(0_u8..) {
            writer.send(&vec![byte; length]).await.unwrap();
        }
    };
    let receiving = async {
        for (length, byte) in lengths.into_iter().zip(0_u8..) {
            let message = reader.receive().await.unwrap().unwrap();
            assert_eq!(message, vec![byte; length]);
        }
    };
    tokio::join!(sending, receiving);
}

#[tokio::test]
async fn a_message_over_the_limit_is_told_by_its_length_alone() {
    let (ours, theirs, _folder) = connected().await;
    let (mut reader, _writer) = ours.split();
    let (_reader, mut writer) = theirs.split();
    let bytes = LIMIT_BYTES + 1;
    let message = vec![0; bytes];
    // The socket may take all of it before the other end has looked.
    let sending = async {
        writer.send(&message).await.unwrap();
        std::future::pending::<()>().await;
    };
    let refused = tokio::select! {
        refused = reader.receive() => refused.unwrap_err(),
        () = sending => unreachable!("it never ends"),
    };
    let ReadFrameError::Frame(told) = refused else { panic!("{refused:?}") };
    assert_eq!(told, FrameError::TooLong { bytes, limit_bytes: LIMIT_BYTES });
}

#[tokio::test]
async fn an_end_between_messages_is_an_end() {
    let (ours, theirs, _folder) = connected().await;
    let (mut reader, _writer) = ours.split();
    let (their_reader, mut writer) = theirs.split();
    writer.send(b"last").await.unwrap();
    drop((their_reader, writer));
    assert_eq!(reader.receive().await.unwrap().unwrap(), &b"last"[..]);
    assert!(reader.receive().await.unwrap().is_none());
}

#[tokio::test]
async fn both_ends_are_this_user() {
    let (ours, theirs, _folder) = connected().await;
    assert!(ours.is_same_user() && theirs.is_same_user());
    assert_eq!(theirs.peer_pid().unwrap_or_else(std::process::id), std::process::id());
}

#[cfg(unix)]
mod raw {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[tokio::test]
    async fn an_end_within_a_message_is_torn() {
        let (mut listener, address, _folder) = listen();
        let mut raw = UnixStream::connect(address.path()).unwrap();
        let (mut reader, _writer) = listener.accept().await.unwrap().split();
        raw.write_all(&[2, 0, 0, 0, b'a']).unwrap();
        drop(raw);
        assert!(matches!(reader.receive().await, Err(ReadFrameError::Torn)));
    }

    #[tokio::test]
    async fn a_wait_for_the_rest_of_a_message_can_be_given_up_and_taken_up_again() {
        let (mut listener, address, _folder) = listen();
        let mut raw = UnixStream::connect(address.path()).unwrap();
        let (mut reader, _writer) = listener.accept().await.unwrap().split();
        raw.write_all(&[2, 0, 0, 0, b'a']).unwrap();
        tokio::select! {
            biased;
            received = reader.receive() => panic!("{received:?} is not whole"),
            () = tokio::task::yield_now() => {}
        }
        raw.write_all(b"b").unwrap();
        assert_eq!(reader.receive().await.unwrap().unwrap(), &b"ab"[..]);
    }
}
