//! What a proxy does to real sockets.

use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::*;

/// Nothing that is to come takes so long.
const WATCHDOG: Duration = Duration::from_secs(20);

struct Through {
    proxy: Proxy,
    role: UnixStream,
    broker: UnixStream,
    _folder: TempDir,
}

async fn through() -> Through {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = folder.path().join("bus");
    let listener = UnixListener::bind(&broker).expect("bound");
    let proxy = Proxy::open(folder.path().join("way"), broker).expect("open");
    let role = UnixStream::connect(proxy.path()).await.expect("connected");
    let (broker, _) = listener.accept().await.expect("accepted");
    let mut through = Through { proxy, role, broker, _folder: folder };
    // The first byte says that the connection is known.
    through.role.write_all(b"!").await.expect("written");
    assert_eq!(read(&mut through.broker, 1).await, b"!");
    through
}

async fn read(stream: &mut UnixStream, bytes: usize) -> Vec<u8> {
    let mut found = vec![0; bytes];
    let read = timeout(WATCHDOG, stream.read_exact(&mut found)).await;
    read.expect("in time").expect("whole");
    found
}

/// What an end reads when the connection is over: nothing, or an error.
async fn is_over(stream: &mut UnixStream) -> bool {
    let mut rest = [0; 16];
    !matches!(timeout(WATCHDOG, stream.read(&mut rest)).await.expect("in time"), Ok(1..))
}

#[tokio::test]
async fn bytes_pass_both_ways_as_they_are() {
    let Through { proxy, mut role, mut broker, _folder } = through().await;
    role.write_all(b"forth").await.expect("written");
    broker.write_all(b"back").await.expect("written");
    assert_eq!(read(&mut broker, 5).await, b"forth");
    assert_eq!(read(&mut role, 4).await, b"back");
    assert_eq!(proxy.treat(Treatment::Plain).await, Some(0));
}

#[tokio::test]
async fn nothing_passes_a_stalled_connection_until_it_heals() {
    let Through { proxy, mut role, mut broker, _folder } = through().await;
    proxy.treat(Treatment::Stall).await.expect("a connection");
    role.write_all(b"held").await.expect("written");
    // What the proxy has read it counts; it reads only when it is asked nothing.
    let mut held = 0;
    let counted = async {
        while held < 4 {
            held += proxy.treat(Treatment::Stall).await.expect("a connection");
            tokio::task::yield_now().await;
        }
    };
    timeout(WATCHDOG, counted).await.expect("it is read");
    assert!(broker.try_read(&mut [0; 4]).is_err_and(|why| why.kind() == io::ErrorKind::WouldBlock));
    proxy.treat(Treatment::Plain).await.expect("a connection");
    assert_eq!(read(&mut broker, 4).await, b"held");
}

#[tokio::test]
async fn what_is_split_or_delayed_arrives_whole_and_is_counted() {
    let Through { proxy, mut role, mut broker, _folder } = through().await;
    for (treatment, touched) in
        [(Treatment::Split(1), 8), (Treatment::Delay(Duration::from_millis(1)), 9)]
    {
        proxy.treat(treatment).await.expect("a connection");
        role.write_all(b"in pieces").await.expect("written");
        assert_eq!(read(&mut broker, 9).await, b"in pieces");
        assert_eq!(proxy.treat(Treatment::Plain).await, Some(touched), "{treatment:?}");
    }
}

#[tokio::test]
async fn a_reset_ends_both_sides_and_what_was_held_never_arrives() {
    let Through { proxy, mut role, mut broker, _folder } = through().await;
    proxy.treat(Treatment::Stall).await.expect("a connection");
    role.write_all(b"torn").await.expect("written");
    assert!(proxy.reset().await);
    assert!(is_over(&mut broker).await && is_over(&mut role).await);
    assert!(!proxy.reset().await, "there is none any more");
}

#[tokio::test]
async fn a_half_close_is_done_once_the_other_end_has_closed() {
    for direction in [Direction::ToBroker, Direction::FromBroker] {
        let Through { proxy, mut role, mut broker, _folder } = through().await;
        let (seeing, other) = match direction {
            Direction::ToBroker => (&mut broker, &mut role),
            Direction::FromBroker => (&mut role, &mut broker),
        };
        let ends = async {
            assert!(is_over(seeing).await);
            seeing.shutdown().await.expect("shut");
            assert!(is_over(other).await);
            other.shutdown().await.expect("shut");
        };
        let (closed, ()) = tokio::join!(proxy.half_close(direction), ends);
        assert!(closed, "{direction:?}");
    }
}

#[tokio::test]
async fn nothing_can_be_done_to_a_connection_that_never_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = Proxy::open(folder.path().join("way"), folder.path().join("bus")).expect("open");
    assert_eq!(proxy.treat(Treatment::Stall).await, None);
    assert!(!proxy.reset().await && !proxy.half_close(Direction::ToBroker).await);
}
