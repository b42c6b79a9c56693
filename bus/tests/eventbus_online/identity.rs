//! Who the tool is: an observer, or the operator by a key file (A4, A5).

use daemoneye_eventbus::BrokerConfig;
use daemoneye_eventbus::acl::{Principal, Role};
use daemoneye_eventbus::identity::{OPERATOR, write_key_file};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::fixture::Served;

const EVENT: &str = r#"{"kind":"process","pid":42,"name":"sh"}"#;

/// A broker that has left a key for its operator, as the agent does; the file's path.
pub(crate) fn with_key() -> (Served, String) {
    let served = Served::strict(BrokerConfig::default());
    let path = format!("{}.key", served.socket().display());
    let operator = Principal::new(OPERATOR, Role::Agent).unwrap();
    write_key_file(path.as_ref(), &served.broker.issue_key(operator).unwrap()).unwrap();
    (served, path)
}

#[test]
fn the_key_beside_the_socket_makes_the_operator() {
    let (served, _) = with_key();
    served.eventbus(&["pub", EVENT]).success();
    served.eventbus(&["subscriptions"]).success();
    assert_eq!(served.broker.statistics().events_published, 1);
}

#[test]
fn under_another_name_it_is_an_observer_and_told_what_helps() {
    let (served, path) = with_key();
    let told = served.eventbus(&["pub", EVENT, "--name", "me"]).code(2);
    told.stderr(contains("observer may not publish on").and(contains("--key")));
    let told = served.eventbus(&["subscriptions", "--name", "me"]).failure();
    told.stderr(contains("observer may not inspect the broker"));
    let told = served.eventbus(&["sub", "control.#", "--name", "me"]).code(2);
    told.stderr(contains("observer may not subscribe to control.#").and(contains("--key")));
    served.eventbus(&["stats", "--name", "me"]).success();
    assert_eq!(served.broker.statistics().events_published, 0);
    let told = served.eventbus(&["pub", EVENT, "--name", "me", "--key", &path]).failure();
    told.stderr(contains("the proof is of another name"));
}

#[test]
fn a_key_of_an_earlier_broker_is_told_as_such() {
    let (served, path) = with_key();
    let old = daemoneye_eventbus::Secret::random().unwrap();
    write_key_file(path.as_ref(), &old).unwrap();
    let told = served.eventbus(&["pub", EVENT]).code(4);
    told.stderr(contains("the session key is not known here").and(contains("new key file")));
}

#[test]
fn a_name_that_is_taken_is_told_with_what_helps() {
    let served = Served::strict(BrokerConfig::default());
    let told = served.eventbus(&["stats", "--name", "procmond"]).code(4);
    told.stderr(contains("is reserved").and(contains("choose another --name")));
}
