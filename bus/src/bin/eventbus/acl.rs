//! `eventbus acl`: prints the table of access (A1), or what it says of one case. It asks no broker: a
//! broker's table is the standard one, or that of its policy file.

use std::io::{self, Write};
use std::path::PathBuf;

use daemoneye_eventbus::acl::{Action, Decision, Policy, Principal, Role, Rule};
use daemoneye_eventbus::{Topic, TopicPattern};
use serde_json::json;

use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::table::table;

/// Show who may publish and subscribe what: the first rule that matches decides, and what none matches
/// is denied.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Read this policy file; without one the standard table is shown.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Say whether a role may `publish` on a topic or `subscribe` to a pattern, and by which rule.
    #[arg(long, num_args = 3, value_names = ["ROLE", "ACTION", "TOPIC"])]
    check: Option<Vec<String>>,
    /// Who asks, for rules with `{id}`.
    #[arg(long, default_value = "somebody", requires = "check")]
    id: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const HEADING: [&str; 5] = ["RULE", "EFFECT", "ROLE", "ACTION", "TOPICS"];

/// Prints the table, or the answer.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let policy = match arguments.policy.as_deref().map(Policy::read).transpose() {
        Ok(policy) => policy.unwrap_or_else(Policy::standard),
        Err(error) => return Ok(invalid(&error)),
    };
    let (text, exit) = match &arguments.check {
        None => (whole(&policy, arguments.json), Exit::Pass),
        Some(asked) => match Question::new(asked, &arguments.id) {
            Ok(question) => question.answer(&policy, arguments.json),
            Err(why) => return Ok(invalid(&why)),
        },
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::from_output)?;
    Ok(exit)
}

fn invalid(why: &dyn std::fmt::Display) -> Exit {
    eprintln!("{why}");
    Exit::Invalid
}

/// One case: somebody, an action, a topic or pattern.
struct Question {
    somebody: Principal,
    wanted: Wanted,
}

enum Wanted {
    Publish(Topic),
    Subscribe(TopicPattern),
}

impl Question {
    fn new(asked: &[String], id: &str) -> Result<Self, String> {
        let [role, action, topics] = asked else { return Err("three words are asked".to_owned()) };
        let role: Role = role.parse().map_err(|error| format!("eventbus: {error}"))?;
        let somebody = Principal::new(id, role).map_err(|error| format!("eventbus: {error}"))?;
        let wanted = match action.as_str() {
            "publish" => topics.parse().map(Wanted::Publish).map_err(|error| error.to_string()),
            "subscribe" => topics.parse().map(Wanted::Subscribe).map_err(|error| error.to_string()),
            _ => return Err(format!("eventbus: no action {action:?}: publish or subscribe")),
        };
        let wanted = wanted.map_err(|why| format!("eventbus: {topics}: {why}"))?;
        Ok(Self { somebody, wanted })
    }

    fn answer(&self, policy: &Policy, as_json: bool) -> (String, Exit) {
        let access = policy.access.access_of(&self.somebody);
        let (decision, action, topics) = match &self.wanted {
            Wanted::Publish(topic) => {
                (access.may(Action::Publish, topic), Action::Publish, topic.to_string())
            }
            Wanted::Subscribe(pattern) => {
                (access.may_subscribe(pattern), Action::Subscribe, pattern.to_string())
            }
        };
        let exit = if decision.is_allowed() { Exit::Pass } else { Exit::Fail };
        let rule = match decision {
            Decision::Allowed { rule } => Some(rule),
            Decision::Denied { rule } => rule,
        };
        if as_json {
            let answer = json!({
                "role": self.somebody.role().to_string(),
                "action": action.as_str(),
                "topics": topics,
                "allowed": decision.is_allowed(),
                "rule": rule,
            });
            return (format!("{answer}\n"), exit);
        }
        let verdict = if decision.is_allowed() { "allowed" } else { "denied" };
        let by = match rule.and_then(|number| policy.access.rules().get(number - 1)) {
            Some(by) => format!("by rule {}: {by}", rule.unwrap_or_default()),
            None => "no rule allows it".to_owned(),
        };
        (format!("{verdict}, {by}\n"), exit)
    }
}

fn whole(policy: &Policy, as_json: bool) -> String {
    let rules = policy.access.rules();
    if as_json {
        let rows: Vec<_> = (1..).zip(rules).map(row_as_json).collect();
        let unidentified = policy.unidentified.map(|role| role.to_string());
        return format!("{:#}\n", json!({ "unidentified": unidentified, "rules": rows }));
    }
    let rows: Vec<Vec<String>> = (1..).zip(rules).map(cells).collect();
    let strangers = match policy.unidentified {
        Some(role) => format!("A client without a token is taken for {role}."),
        None => "A client without a token is refused.".to_owned(),
    };
    table(&HEADING, &rows) + &format!("\nWhat no rule matches is denied. {strangers}\n")
}

fn cells((number, rule): (usize, &Rule)) -> Vec<String> {
    vec![
        number.to_string(),
        rule.effect.to_string(),
        rule.roles.to_string(),
        rule.action.to_string(),
        rule.topics.as_str().to_owned(),
    ]
}

fn row_as_json((number, rule): (usize, &Rule)) -> serde_json::Value {
    json!({
        "rule": number,
        "effect": rule.effect.to_string(),
        "role": rule.roles.to_string(),
        "action": rule.action.to_string(),
        "topics": rule.topics.as_str(),
    })
}
