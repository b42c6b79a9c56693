//! Policy files (A1): whatever is in one, it is a policy or a list of problems that can be shown.
#![no_main]

use daemoneye_eventbus::acl::{Action, Policy, Principal, Role};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Policy::parse(text, "policy.toml") {
        Ok(policy) => {
            for role in Role::ALL {
                let somebody = Principal::new("somebody", role).expect("a level of a topic");
                let access = policy.access.access_of(&somebody);
                let _ = access.may(Action::Publish, &"events.process".parse().expect("a topic"));
                let _ = access.may_subscribe(&"#".parse().expect("a pattern"));
            }
        }
        Err(error) => {
            assert!(!error.problems.is_empty());
            assert!(!error.to_string().is_empty());
        }
    }
});
