//! The whole table of access: every role, both actions, every registered topic; patterns; default deny
//! and first match (A1–A3); and that an answer from memory is the table's (A6). That the broker asks it
//! is for other tests to show.

use daemoneye_eventbus::acl::{
    AccessControl, Action, CollectorKind, Decision, Effect, Principal, Role, Roles, Rule,
    TopicTemplate,
};
use daemoneye_eventbus::topic::REGISTRY;
use daemoneye_eventbus::{Topic, TopicPattern};

/// What each role may publish on, as the contract lists it; `KIND` and `ID` are its own.
const MAY_PUBLISH: &[&str] = &[
    "events.KIND.lifecycle",
    "control.health.heartbeat",
    "control.health.status",
    "control.health.diagnostics",
    "control.trigger.request",
    "control.collector.registration",
    "control.collector.result.KIND",
];
const MAY_SUBSCRIBE: &[&str] = &[
    "control.collector.lifecycle",
    "control.collector.config",
    "control.collector.task.KIND",
    "control.health.heartbeat",
    "control.health.status",
    "control.health.diagnostics",
    "control.rpc.reply.ID",
];

fn principal(role: Role) -> Principal {
    Principal::new("someone", role).expect("an id")
}

/// Registered topics, and some outside the registry; an `ID` becomes this principal's and another's.
fn topics() -> Vec<Topic> {
    let registered = REGISTRY.iter().flat_map(|row| match row.topic.strip_suffix("ID") {
        Some(prefix) => vec![format!("{prefix}someone"), format!("{prefix}another")],
        None => vec![row.topic.to_owned()],
    });
    let unregistered = ["events.process", "events.other.thing", "control", "admin.any.thing"];
    let all = registered.chain(unregistered.map(str::to_owned));
    all.map(|text| text.parse().expect("a topic")).collect()
}

/// The contract's own words, spelled out.
fn may(role: Role, action: Action, topic: &Topic) -> bool {
    let text = topic.as_str();
    let Some(kind) = role.kind().map(CollectorKind::as_str) else {
        return match (role, action) {
            (Role::Agent, _) => true,
            (_, Action::Subscribe) => text.starts_with("events"),
            (_, Action::Publish) => false,
        };
    };
    let own = format!("events.{kind}");
    match action {
        Action::Publish if text == own || text.starts_with(&format!("{own}.")) => true,
        Action::Publish => says(MAY_PUBLISH, kind, text),
        Action::Subscribe => says(MAY_SUBSCRIBE, kind, text),
    }
}

fn says(list: &[&str], kind: &str, topic: &str) -> bool {
    list.iter().any(|row| row.replace("KIND", kind).replace("ID", "someone") == topic)
}

#[test]
fn every_role_may_do_what_the_contract_lists_and_nothing_else() {
    let table = AccessControl::standard();
    let (mut allowed, mut refused) = (0, 0);
    for role in Role::ALL {
        let mut access = table.access_of(&principal(role));
        for topic in topics() {
            for action in [Action::Publish, Action::Subscribe] {
                let decision = access.may(action, &topic);
                assert_eq!(
                    decision.is_allowed(),
                    may(role, action, &topic),
                    "{role} {action} {topic}"
                );
                if decision.is_allowed() { allowed += 1 } else { refused += 1 }
            }
            let remembered = [access.may_publish(&topic), access.may_publish(&topic)];
            assert_eq!(remembered, [access.may(Action::Publish, &topic); 2], "{role} {topic}");
        }
    }
    assert!(allowed > 100 && refused > 200, "{allowed} allowed, {refused} refused");
}

#[test]
fn nobody_but_the_agent_reaches_admin() {
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Agent) {
        let access = AccessControl::standard().access_of(&principal(role));
        for pattern in ["admin.#", "admin.audit", "#", "+.audit"] {
            assert!(!access.may_subscribe(&pattern.parse().expect("valid")).is_allowed(), "{role}");
        }
        let audit: Topic = "admin.audit".parse().expect("valid");
        assert_eq!(access.may(Action::Publish, &audit), Decision::Denied { rule: None });
    }
}

#[test]
fn a_pattern_is_allowed_only_when_all_it_can_match_is() {
    let procmond = principal(Role::Collector(CollectorKind::Process));
    let access = AccessControl::standard().access_of(&procmond);
    let may = |pattern: &str| access.may_subscribe(&pattern.parse().expect("valid")).is_allowed();
    for pattern in ["control.health.#", "control.health.+", "control.rpc.reply.someone"] {
        assert!(may(pattern), "{pattern}");
    }
    for pattern in [
        "#",
        "control.#",
        "control.collector.#",
        "control.collector.+",
        "control.collector.task.+",
        "control.collector.task.network",
        "control.rpc.reply.+",
        "control.rpc.reply.another",
        "events.process.#",
        "control.trigger.request",
    ] {
        assert!(!may(pattern), "{pattern}");
    }
    let observer = AccessControl::standard().access_of(&principal(Role::Observer));
    assert!(observer.may_subscribe(&"events.+.lifecycle".parse().expect("valid")).is_allowed());
    assert!(!observer.may_subscribe(&"+.process.#".parse().expect("valid")).is_allowed());
}

fn rule(effect: Effect, roles: Roles, action: Action, topics: &str) -> Rule {
    Rule { roles, action, topics: TopicTemplate::new(topics).expect("valid"), effect }
}

#[test]
fn the_first_row_that_matches_decides_and_names_itself() {
    let table = AccessControl::new(vec![
        rule(Effect::Deny, Roles::Any, Action::Subscribe, "events.process.integrity"),
        rule(Effect::Allow, Roles::Any, Action::Subscribe, "events.#"),
        rule(Effect::Deny, Roles::Any, Action::Subscribe, "events.network.#"),
    ]);
    let access = table.expect("three rows").access_of(&principal(Role::Observer));
    let pattern = |text: &str| access.may_subscribe(&text.parse::<TopicPattern>().expect("valid"));
    assert_eq!(pattern("events.process.integrity"), Decision::Denied { rule: Some(1) });
    assert_eq!(pattern("events.process.+"), Decision::Denied { rule: Some(1) }, "a part is denied");
    assert_eq!(pattern("events.network.dns"), Decision::Allowed { rule: 2 });
    assert_eq!(pattern("control.#"), Decision::Denied { rule: None });
    let topic = |text: &str| access.may(Action::Subscribe, &text.parse().expect("valid"));
    assert_eq!(topic("events.process.integrity"), Decision::Denied { rule: Some(1) });
    assert_eq!(topic("events.process.tree"), Decision::Allowed { rule: 2 });
}

#[test]
fn a_table_too_long_for_people_is_refused() {
    let row = rule(Effect::Allow, Roles::Any, Action::Publish, "events.#");
    let error = AccessControl::new(vec![row; 201]).expect_err("too long").to_string();
    assert_eq!(error, "201 rules, the limit is 200");
}

#[test]
fn topics_of_a_row_are_patterns_whatever_their_names_stand_for() {
    let error = TopicTemplate::new("events.*.{kind}").expect_err("an asterisk").to_string();
    assert!(error.starts_with("topics \"events.*.{kind}\""), "{error}");
    assert!(TopicTemplate::new("events.{king}.#").is_err(), "a name nobody knows is no level");
}
