//! Clients that break the protocol, or die over it: each is told if it can be, and harms no other.

use std::path::Path;
use std::time::Duration;

use collector_core::config::{FolderError, IpcConfig};
use collector_core::ipc::{CollectorIpcClient, StartError};
use daemoneye_eventbus::transport::BindError;
use tokio::time::timeout;

use crate::message::{
    GRANT, HEALTH, NEGOTIATE, TASK, chunk, negotiate, number, number_of, request, task,
};
use crate::raw::{
    BUSY, MISSING_CAPABILITIES, NOT_NEGOTIATED, PROTOCOL, Raw, TIMED_OUT, TOO_LARGE, UNKNOWN,
    WATCHDOG, framed,
};
use crate::site::{Site, THERE, reaches};

const SHORT: Duration = Duration::from_millis(50);
/// The beginning of a message of nine bytes.
const HALF: [u8; 5] = [9, 0, 0, 0, 8];

/// A client that has done nothing wrong.
struct Bystander(CollectorIpcClient);

impl Bystander {
    async fn at(site: &Site) -> Self {
        Self(site.client().await)
    }

    /// Is answered on the connection it had all along.
    async fn is_unharmed(&self) {
        self.0.health().await.expect("it is answered");
        assert_eq!(self.0.link().reconnections, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_no_message_ends_its_connection_with_a_word() {
    let site = Site::start(IpcConfig::default()).await;
    let bystander = Bystander::at(&site).await;
    for garbage in [&[0xff_u8; 9][..], &[8], &[0x0a, 200]] {
        let mut raw = Raw::enter(&site);
        raw.send(garbage);
        assert_eq!(raw.refusal(), (0, PROTOCOL), "{garbage:?}");
        assert_eq!(raw.receive(), None);
    }
    bystander.is_unharmed().await;
    assert_eq!(site.server.counters().faults, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_message_over_the_limit_ends_its_connection_before_it_is_read() {
    let config = IpcConfig::default().with_frame_limit_bytes(2000);
    let site = Site::start(config).await;
    let bystander = Bystander::at(&site).await;
    let mut raw = Raw::enter(&site);
    // As long as may be: no task, and no more than that.
    let body = chunk(2, &[b'x'; 1900]);
    raw.send(&request(2, TASK, &body));
    assert_eq!(raw.refusal().0, 2);
    raw.write(&2001_u32.to_le_bytes()).unwrap();
    assert_eq!(raw.refusal(), (0, TOO_LARGE));
    assert_eq!(raw.receive(), None);
    bystander.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_end_within_a_message_ends_the_connection_and_nothing_else() {
    let site = Site::start(IpcConfig::default()).await;
    let bystander = Bystander::at(&site).await;
    let mut raw = Raw::enter(&site);
    raw.write(&HALF).unwrap();
    raw.end_writing();
    assert_eq!(raw.receive(), None);
    assert_eq!(site.server.counters().faults, 1);
    bystander.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn half_a_message_does_not_keep_a_connection_open() {
    let config = IpcConfig::default().with_handshake_limit(SHORT);
    let site = Site::start(config).await;
    let mut stranger = Raw::knock(&site);
    // Its time may be up already.
    let _ = stranger.write(&HALF);
    assert_eq!(stranger.refusal(), (0, TIMED_OUT));
    assert_eq!(stranger.receive(), None);

    let site = Site::start(IpcConfig::default().with_idle_limit(SHORT)).await;
    let mut known = Raw::enter_with(&site, &HALF);
    assert_eq!(known.refusal(), (0, TIMED_OUT));
    assert_eq!(known.receive(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn who_waits_for_an_answer_is_not_silent() {
    let config = IpcConfig::default().with_idle_limit(SHORT).with_request_limit(4 * SHORT);
    let site = Site::start(config).await;
    let mut raw = Raw::enter_with(&site, &framed(&request(2, TASK, &task("stuck"))));
    assert_eq!(raw.refusal(), (2, TIMED_OUT), "the request's time is up first");
    assert_eq!(raw.refusal(), (0, TIMED_OUT), "and then the connection's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_request_of_a_newer_client_is_refused_and_the_next_is_answered() {
    let site = Site::start(IpcConfig::default()).await;
    let mut raw = Raw::enter(&site);
    raw.send(&request(7, 100, b""));
    assert_eq!(raw.refusal(), (7, UNKNOWN));
    // A field that nobody here knows, beside those that are known.
    raw.send(&[request(8, HEALTH, b""), number(200, 1)].concat());
    let answer = raw.receive().unwrap();
    assert_eq!((answer.id, answer.says), (8, HEALTH));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nothing_is_answered_before_something_is_granted() {
    let site = Site::start(IpcConfig::default()).await;
    let mut raw = Raw::knock(&site);
    raw.send(&request(1, HEALTH, b""));
    assert_eq!(raw.refusal(), (1, NOT_NEGOTIATED));
    let (process, network) = (1, 2);
    raw.send(&request(2, NEGOTIATE, &negotiate(0, process | network)));
    let refused = raw.receive().unwrap();
    assert_eq!((refused.id, refused.refusal_code()), (2, Some(MISSING_CAPABILITIES)));
    let named = (number_of(&refused.content, 5), number_of(&refused.content, 6));
    assert_eq!(named, (process | network, u64::from(THERE.bits())));
    // Who can do with less may say so.
    raw.send(&request(3, NEGOTIATE, &negotiate(network, process)));
    let granted = raw.receive().unwrap();
    assert_eq!((granted.id, granted.says), (3, GRANT));
    assert_eq!(number_of(&granted.content, 2), process);
    raw.send(&request(4, HEALTH, b""));
    assert_eq!(raw.receive().unwrap().says, HEALTH);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn numbers_that_cannot_be_told_apart_end_their_connection() {
    let mut site = Site::start(IpcConfig::default()).await;
    let mut nobody = Raw::enter(&site);
    nobody.send(&request(0, HEALTH, b""));
    assert_eq!(nobody.refusal(), (0, PROTOCOL));
    assert_eq!(nobody.receive(), None);

    let mut twice = Raw::enter(&site);
    twice.send(&request(5, TASK, &task("stuck")));
    reaches(&mut site.begun, 1).await;
    twice.send(&request(5, HEALTH, b""));
    assert_eq!(twice.refusal(), (0, PROTOCOL));
    assert_eq!(twice.receive(), None);
    reaches(&mut site.ended, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_request_more_than_may_be_outstanding_is_refused_alone() {
    let config = IpcConfig::default().with_outstanding_limit(1);
    let mut site = Site::start(config).await;
    let mut raw = Raw::enter(&site);
    raw.send(&request(5, TASK, &task("held")));
    reaches(&mut site.begun, 1).await;
    raw.send(&request(6, HEALTH, b""));
    assert_eq!(raw.refusal(), (6, BUSY));
    site.release.send_replace(true);
    let answer = raw.receive().unwrap();
    assert_eq!((answer.id, answer.says), (5, TASK));
    raw.send(&request(6, HEALTH, b""));
    assert_eq!(raw.receive().unwrap().id, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn who_never_reads_is_closed_and_delays_nobody_else() {
    let config = IpcConfig::default().with_request_limit(4 * SHORT);
    let site = Site::start(config).await;
    let bystander = Bystander::at(&site).await;
    let mut deaf = Raw::enter(&site);
    let asking = std::thread::spawn(move || {
        deaf.ask_until_nothing_is_read();
        deaf
    });
    let closed = async {
        while site.server.counters().faults == 0 {
            bystander.is_unharmed().await;
        }
    };
    timeout(WATCHDOG, closed).await.expect("it is closed");
    drop(asking.join());
    let counters = site.server.counters();
    assert_eq!((counters.faults, counters.unanswered), (1, 1));
}

#[tokio::test]
async fn the_socket_is_its_users_alone_and_gone_with_the_server() {
    use std::os::unix::fs::PermissionsExt;

    let mut site = Site::start(IpcConfig::default()).await;
    let socket = site.address.path().to_owned();
    let folder = socket.parent().unwrap().to_owned();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(&folder)), (0o600, 0o700));
    site.server.end(SHORT).await;
    assert_eq!(folder.read_dir().unwrap().count(), 0);
    site.server.start().await.unwrap();
    assert_eq!(mode(&socket), 0o600);
}

#[tokio::test]
async fn a_folder_open_to_others_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let mut site = Site::closed(IpcConfig::default());
    let folder = site.address.path().parent().unwrap().to_owned();
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = site.server.start().await.unwrap_err();
    let is_open = matches!(&refused, StartError::Folder(FolderError::NotPrivate { .. }));
    assert!(is_open, "{refused:?}");
    assert!(!site.address.path().exists());
}

#[tokio::test]
async fn a_name_that_is_taken_is_not_taken_over() {
    let mut site = Site::start(IpcConfig::default()).await;
    let again = site.server.start().await.unwrap_err();
    assert!(matches!(again, StartError::Started), "{again:?}");
    let bystander = Bystander::at(&site).await;
    let mut second = Site::second(&site);
    let refused = second.start().await.unwrap_err();
    let is_taken = matches!(&refused, StartError::Bind(BindError::InUse { .. }));
    assert!(is_taken, "{refused:?}");
    bystander.is_unharmed().await;
}
