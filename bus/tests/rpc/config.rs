//! Configuration over topics: asked to check, to change and to go back, a member says what it did
//! or why not.

use std::sync::Mutex;

use async_trait::async_trait;
use daemoneye_eventbus::rpc::{
    Asked, Call, CallError, ConfigChange, ConfigChanges, ConfigKeys, ConfigOutcome, ConfigStore,
    ConfigUpdate, ConfigValues, InForce, Refusal, Request, Response, RpcClient, RpcHandler,
};

use crate::stage::{MEMBER, Stage, client, service};

/// `interval` is hot, `socket` needs a restart.
struct Keys;

impl ConfigKeys for Keys {
    fn in_force(&self, key: &str) -> Option<InForce> {
        match key {
            "interval" => Some(InForce::Hot),
            "socket" => Some(InForce::Restart),
            _ => None,
        }
    }

    fn check(&self, _key: &str, value: &str) -> Result<(), String> {
        if value.is_empty() { Err("empty".to_owned()) } else { Ok(()) }
    }
}

struct Configured(Mutex<ConfigStore<Keys>>);

#[async_trait]
impl RpcHandler for Configured {
    async fn handle(&self, request: Request, _asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::UpdateConfig(update) => {
                Ok(Response::Config(self.0.lock().unwrap().update(&update)?))
            }
            other => Err(Refusal::unknown(other.operation())),
        }
    }
}

fn changes(base_version: u64, pairs: &[(&str, &str)]) -> ConfigChanges {
    let change = |(key, value): &(&str, &str)| ConfigChange {
        key: (*key).to_owned(),
        value: Some((*value).to_owned()),
    };
    ConfigChanges { base_version: Some(base_version), changes: pairs.iter().map(change).collect() }
}

async fn ask(client: &RpcClient, update: ConfigUpdate) -> Result<ConfigOutcome, CallError> {
    let answer = client.call(Call::new(Request::UpdateConfig(update)).to(MEMBER)).await?;
    let Response::Config(outcome) = answer.response else { panic!("{:?}", answer.response) };
    Ok(outcome)
}

#[tokio::test]
async fn a_member_checks_changes_and_restores_its_configuration_when_asked() {
    let stage = Stage::new();
    let store = ConfigStore::new(Keys, ConfigValues::new());
    let _service = service(stage.here(MEMBER), Configured(Mutex::new(store))).await;
    let client = client(stage.here("agent"), "agent").await;
    let both = changes(1, &[("interval", "5"), ("socket", "/run/x")]);
    let outcome = |version| ConfigOutcome {
        version,
        hot_keys: vec!["interval".to_owned()],
        restart_keys: vec!["socket".to_owned()],
    };
    assert_eq!(ask(&client, ConfigUpdate::Validate(both.clone())).await, Ok(outcome(1)));
    assert_eq!(ask(&client, ConfigUpdate::Apply(both.clone())).await, Ok(outcome(2)));
    let stale = ask(&client, ConfigUpdate::Apply(both)).await.unwrap_err().to_string();
    assert_eq!(stale, "invalid body: the changes are of version 1, this is version 2");
    let wrong = ConfigUpdate::Apply(changes(2, &[("interval", "")]));
    let wrong = ask(&client, wrong).await.unwrap_err().to_string();
    assert_eq!(wrong, "invalid body: key \"interval\": empty");
    let back = ask(&client, ConfigUpdate::Rollback { to_version: 1 }).await;
    assert_eq!(back, Ok(outcome(3)));
}
