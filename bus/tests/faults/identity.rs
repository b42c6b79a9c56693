//! Who somebody is follows from the connection (A4): tokens, keys, names, and attempts to be another.

use std::time::Duration;

use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, ConnectError, Credential, EventBus, EventBusClient, Secret,
};

use crate::encode::{Message, frame};
use crate::peer::INCARNATION;
use crate::served::{Bystanders, Served, event, within};

const IDENTITY: u64 = 4;
/// More than a test takes.
const LIFETIME: Duration = Duration::from_mins(1);

fn procmond() -> Principal {
    Principal::new("procmond", Role::Collector(CollectorKind::Process)).unwrap()
}

async fn come(
    served: &Served,
    name: &str,
    credential: Credential,
) -> Result<EventBusClient, ConnectError> {
    let config = ClientConfig::new(name).with_credential(credential);
    within(EventBusClient::connect(&served.address, config)).await
}

/// Why somebody was not taken for who it says it is.
async fn refusal(served: &Served, name: &str, credential: Credential) -> String {
    match come(served, name, credential).await.unwrap_err() {
        ConnectError::Identity { name: named, reason } => {
            assert_eq!(named, name);
            reason
        }
        error => panic!("{error}"),
    }
}

fn token(served: &Served) -> Secret {
    served.broker.issue_token(procmond(), LIFETIME).unwrap()
}

#[tokio::test]
async fn a_token_makes_its_bearer_who_it_was_issued_for_once() {
    let served = Served::strict(BrokerConfig::default());
    let token = token(&served);
    let client = come(&served, "procmond", Credential::SpawnToken(token.clone())).await.unwrap();
    assert_eq!(client.role(), Role::Collector(CollectorKind::Process));
    client.publish(event(1), None).await.unwrap();
    let again = refusal(&served, "procmond", Credential::SpawnToken(token)).await;
    assert_eq!(again, "the token was used before; each is good once");
    // Whoever was refused harms nobody.
    client.publish(event(2), None).await.unwrap();
    client.shutdown(LIFETIME).await.unwrap();
    assert_eq!(served.broker.statistics().events_published, 2);
}

#[tokio::test]
async fn a_token_that_is_wrong_expired_or_of_another_name_is_refused() {
    let served = Served::strict(BrokerConfig::default());
    let wrong = Credential::SpawnToken(Secret::random().unwrap());
    assert_eq!(refusal(&served, "procmond", wrong).await, "the token is not known here");
    let late = served.broker.issue_token(procmond(), Duration::ZERO).unwrap();
    let late = refusal(&served, "procmond", Credential::SpawnToken(late)).await;
    assert_eq!(late, "the token has expired");
    let other = refusal(&served, "netmond", Credential::SpawnToken(token(&served))).await;
    assert_eq!(other, "the proof is of another name than \"netmond\"");
    // A key is no token, nor the other way round.
    let key = served.broker.issue_key(procmond()).unwrap();
    let key = refusal(&served, "procmond", Credential::SpawnToken(key)).await;
    assert_eq!(key, "the token is not known here");
    let as_key = refusal(&served, "procmond", Credential::SessionKey(token(&served))).await;
    assert_eq!(as_key, "the session key is not known here");
    assert_eq!(served.broker.statistics().refused, 5);
}

#[tokio::test]
async fn a_key_is_good_again_and_again() {
    let served = Served::strict(BrokerConfig::default());
    let operator = Principal::new("operator", Role::Agent).unwrap();
    let key = served.broker.issue_key(operator).unwrap();
    for number in 1..4 {
        let key = Credential::SessionKey(key.clone());
        let client = come(&served, "operator", key).await.unwrap();
        assert_eq!(client.role(), Role::Agent);
        client.publish(event(number), None).await.unwrap();
        client.shutdown(LIFETIME).await.unwrap();
    }
    assert_eq!(served.broker.statistics().events_published, 3);
}

#[tokio::test]
async fn the_session_key_in_a_welcome_proves_a_reconnect() {
    let served = Served::strict(BrokerConfig::default());
    let proof = token(&served).to_hex();
    let mut peer = served.stranger();
    peer.send(&hello("procmond", Some((5, &bytes(&proof)))));
    let welcome = peer.expect(frame::WELCOME);
    assert_eq!(welcome.text(5), "collector:process");
    let key = welcome.bytes(6).to_vec();
    assert_eq!(key.len(), 32);
    let mut again = served.stranger();
    again.send(&hello("procmond", Some((6, &key))));
    let welcome = again.expect(frame::WELCOME);
    assert_eq!(
        (welcome.text(5), welcome.bytes(6).to_vec()),
        ("collector:process".to_owned(), Vec::new())
    );
}

#[tokio::test]
async fn without_a_token_a_client_is_an_observer_under_a_free_name() {
    let served = Served::strict(BrokerConfig::default());
    let client = come(&served, "reader", Credential::None).await.unwrap();
    assert_eq!(client.role(), Role::Observer);
    let watched = Principal::new("watcher", Role::Agent).unwrap();
    served.broker.issue_token(watched, LIFETIME).unwrap();
    for taken in ["agent", "broker", "procmond", "watcher"] {
        let told = refusal(&served, taken, Credential::None).await;
        assert_eq!(told, format!("the name {taken:?} is reserved; it needs a token"));
    }
}

#[tokio::test]
async fn a_broker_may_admit_nobody_without_a_token() {
    let served = Served::strict(BrokerConfig::default().with_unidentified(None));
    let told = refusal(&served, "reader", Credential::None).await;
    assert_eq!(told, "clients without a token are not admitted");
    let token = Credential::SpawnToken(token(&served));
    assert!(come(&served, "procmond", token).await.is_ok());
}

#[test]
fn a_proof_of_another_length_is_refused() {
    let served = Served::strict(BrokerConfig::default());
    for field in [5, 6] {
        for length in [0, 1, 31, 33, 4096] {
            let mut peer = served.stranger();
            peer.send(&hello("procmond", Some((field, &vec![7; length]))));
            let told = peer.refusal();
            let expected = (IDENTITY, "a token or session key has 32 bytes".to_owned());
            assert_eq!(told, Some(expected), "field {field}, {length} bytes");
        }
    }
}

#[tokio::test]
async fn an_event_in_the_name_of_another_ends_the_connection_and_harms_nobody() {
    let served = Served::new(BrokerConfig::default());
    let mut bystanders = Bystanders::connect(&served).await;
    let mut spoofer = served.raw("spoofer");
    spoofer.send(&crate::peer::publish("bystander-p", 1));
    assert_eq!(spoofer.refusal().map(|(code, _)| code), Some(IDENTITY));
    bystanders.exchange().await;
}

/// A hello, with a proof in one of its fields.
pub(crate) fn hello(name: &str, proof: Option<(u32, &[u8])>) -> Vec<u8> {
    let hello = Message::default().number(1, 1).number(2, 1).bytes(3, name).fixed(4, INCARNATION);
    match proof {
        Some((field, proof)) => hello.bytes(field, proof).framed(frame::HELLO),
        None => hello.framed(frame::HELLO),
    }
}

/// The bytes of a secret in hexadecimal digits.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// As root alone one can be another user; elsewhere there is nothing to try.
#[cfg(target_os = "linux")]
#[test]
fn another_user_is_refused_before_it_says_a_word() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    const NOBODY: u32 = 65534;
    let served = Served::new(BrokerConfig::default());
    for path in [served.folder.path(), served.address.path()] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let mut connect = Command::new("python3");
    let script = "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);\
                  sys.stdout.buffer.write(s.recv(4096))";
    connect.args(["-c", script]).arg(served.address.path()).uid(NOBODY);
    let said = match connect.output() {
        Ok(output) if output.status.success() => output.stdout,
        _ => return eprintln!("skipped: needs root, to be another user, and python3"),
    };
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.contains("this broker is for clients of its own user alone"), "{said}");
    drop(served.raw("own"));
}
