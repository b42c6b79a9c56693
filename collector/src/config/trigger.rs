//! `[[trigger]]`: what is asked of which collector, and when.

use std::time::Duration;

use daemoneye_eventbus::{EventKind, Priority};
use serde::{Deserialize, Serialize};

use super::bounds::{OutOfBounds, outside, zero};
use super::name::MAX_NAME_BYTES;
use super::violation::{Part, Violation};
use super::workflow::{WorkflowConfig, does};
use super::{CollectorName, duration, name};
use crate::analysis::analyses_of;
use crate::condition::{Condition, ConditionError};
use crate::spelling::nearest;

/// Triggers there are at most: each is asked about every event.
pub const MAX_TRIGGERS: usize = 64;
/// How long a trigger does not fire again about the same subject unless it says otherwise.
pub const DEFAULT_DEDUP_WINDOW: Duration = Duration::from_mins(5);
/// Most requests a minute: a hundred a second is more than any collector looks into.
const MAX_REQUESTS_PER_MINUTE: u32 = 6000;
/// Most requests that are not done: each is remembered until it is.
const MAX_PENDING: u32 = 1024;

/// One trigger: a condition, and what is asked where it holds. `TRIGGERS.md` describes it.
///
/// ```
/// use collector_core::config::{Settings, TriggerPriority};
///
/// let settings: Settings = toml::from_str(
///     r#"
///     [[trigger]]
///     name = "busy-shell"
///     when = "SELECT * FROM process WHERE name = 'sh' AND cpu_usage > 50"
///     target = "procmond"
///     analysis = "binary_hash"
///     priority = "high"
///     "#,
/// )?;
/// assert_eq!(settings.triggers[0].priority, TriggerPriority::High);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerConfig {
    /// Names the trigger: 1 to 64 of `a` to `z`, `0` to `9`, `_` and `-`, unique.
    pub name: String,
    /// The condition, in SQL.
    pub when: String,
    /// The collector that shall act, 1 to 64 bytes: one of this project's that does it, or one of
    /// others. A workflow says itself who does what; requests for one name the target all the same.
    pub target: String,
    /// What it shall do: an analysis of a collector, or a workflow of the same configuration.
    pub analysis: String,
    /// Urgency of its requests. Default normal.
    #[serde(default)]
    pub priority: TriggerPriority,
    /// How much it may ask.
    #[serde(default)]
    pub limits: TriggerResourceLimits,
    /// How long it does not fire again about the same subject; zero for always. Default 5 min.
    #[serde(default = "default_dedup_window", with = "duration")]
    pub dedup_window: Duration,
}

/// Urgency of a trigger and of its requests, lowest first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum TriggerPriority {
    /// May wait.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Look soon.
    High,
    /// Look now.
    Critical,
}

/// How much a trigger may ask. Each limit is enforced where requests are made; what an analysis
/// costs whoever acts is that one's to limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TriggerResourceLimits {
    /// Requests a minute, 1 to 6000: so many at once, and then evenly. Default 60.
    pub max_requests_per_minute: u32,
    /// Requests that were asked and not yet told done, 1 to 1024. Default 16.
    pub max_pending: u32,
    /// After which a request counts as done though nobody said so. Default 5 min.
    #[serde(with = "duration")]
    pub pending_timeout: Duration,
}

impl Default for TriggerResourceLimits {
    fn default() -> Self {
        Self {
            max_requests_per_minute: 60,
            max_pending: 16,
            pending_timeout: Duration::from_mins(5),
        }
    }
}

impl From<TriggerPriority> for Priority {
    fn from(priority: TriggerPriority) -> Self {
        match priority {
            TriggerPriority::Low => Self::Low,
            TriggerPriority::Normal => Self::Normal,
            TriggerPriority::High => Self::High,
            TriggerPriority::Critical => Self::Critical,
        }
    }
}

impl TriggerConfig {
    /// What is out of bounds, as (key, sentence), but for the condition.
    fn problems(&self) -> Vec<OutOfBounds> {
        let mut problems = Vec::new();
        if let Some(message) = name::problem(&self.name) {
            problems.push(("name", message));
        }
        for (key, text) in [("target", &self.target), ("analysis", &self.analysis)] {
            if !(1..=MAX_NAME_BYTES).contains(&text.len()) {
                let message = format!("{} bytes are outside 1 to {MAX_NAME_BYTES}", text.len());
                problems.push((key, message));
            }
        }
        let TriggerResourceLimits { max_requests_per_minute, max_pending, pending_timeout } =
            self.limits;
        let requests = 1..=MAX_REQUESTS_PER_MINUTE;
        problems.extend(outside(
            "limits.max_requests_per_minute",
            &max_requests_per_minute,
            &requests,
        ));
        problems.extend(outside("limits.max_pending", &max_pending, &(1..=MAX_PENDING)));
        problems.extend(zero("limits.pending_timeout", pending_timeout));
        problems
    }

    /// The kinds of event its condition is about; none where that cannot be read.
    pub fn event_kinds(&self) -> Vec<EventKind> {
        let condition = Condition::parse(&self.when);
        condition.map_or_else(|_| Vec::new(), |condition| condition.kinds().collect())
    }

    /// What is wrong with who is asked for what, as far as that can be told before anybody runs.
    fn unanswered(&self, key: impl Fn(&str) -> String, workflows: &[&str]) -> Option<Violation> {
        let wanted = self.analysis.as_str();
        let is_in_bounds = (1..=MAX_NAME_BYTES).contains(&wanted.len());
        if !is_in_bounds || workflows.contains(&wanted) {
            return None;
        }
        let doers = doers(wanted);
        if doers.is_empty() {
            let message = format!("there is no analysis and no workflow {wanted:?}");
            let suggestion = nearest(wanted, known(workflows));
            return Some(Violation::new(key("analysis"), message).suggesting(suggestion));
        }
        // What those of others do is not known here.
        let target = CollectorName::named(&self.target)?;
        if doers.contains(&target) {
            return None;
        }
        let doers: Vec<_> = doers.iter().map(|doer| format!("`{doer}`")).collect();
        let message = format!("{}; {wanted:?} is done by {}", does(target), doers.join(" and "));
        Some(Violation::new(key("target"), message))
    }
}

/// The project's collectors that do an analysis.
fn doers(analysis: &str) -> Vec<CollectorName> {
    let can = |collector: &CollectorName| analyses_of(collector.kind()).contains(&analysis);
    CollectorName::ALL.into_iter().filter(can).collect()
}

/// Everything that can be asked for.
fn known<'c>(workflows: &[&'c str]) -> Vec<&'c str> {
    let mut known = workflows.to_vec();
    for collector in CollectorName::ALL {
        known.extend(analyses_of(collector.kind()));
    }
    known
}

/// What is wrong with the triggers of a configuration that has these workflows.
pub(super) fn violations(
    triggers: &[TriggerConfig],
    workflows: &[WorkflowConfig],
) -> Vec<Violation> {
    let workflows: Vec<_> = workflows.iter().map(|workflow| workflow.name.as_str()).collect();
    let mut violations = Vec::new();
    if triggers.len() > MAX_TRIGGERS {
        let message = format!("{} triggers, the limit is {MAX_TRIGGERS}", triggers.len());
        violations.push(Violation::new("trigger".to_owned(), message));
    }
    for (index, trigger) in triggers.iter().enumerate() {
        let key = |key: &str| format!("trigger.{index}.{key}");
        for (name, message) in trigger.problems() {
            violations.push(Violation::new(key(name), message));
        }
        if triggers[..index].iter().any(|other| other.name == trigger.name) {
            let message = format!("another trigger is called {:?}", trigger.name);
            violations.push(Violation::new(key("name"), message));
        }
        violations.extend(trigger.unanswered(key, &workflows));
        if let Err(error) = Condition::parse(&trigger.when) {
            violations.push(no_condition(key("when"), &trigger.when, &error));
        }
    }
    violations
}

fn no_condition(key: String, when: &str, error: &ConditionError) -> Violation {
    let mut message = error.fault.to_string();
    if let Some(help) = &error.help {
        message = format!("{message}; {help}");
    }
    let part = error.place.clone().map(|bytes| Part { text: when.to_owned(), bytes });
    Violation { part, ..Violation::new(key, message) }
}

fn default_dedup_window() -> Duration {
    DEFAULT_DEDUP_WINDOW
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Layers, Settings};

    fn trigger() -> TriggerConfig {
        TriggerConfig {
            name: "busy".to_owned(),
            when: "pid = 1".to_owned(),
            target: "procmond".to_owned(),
            analysis: "binary_hash".to_owned(),
            priority: TriggerPriority::default(),
            limits: TriggerResourceLimits::default(),
            dedup_window: DEFAULT_DEDUP_WINDOW,
        }
    }

    /// The example of `TRIGGERS.md`.
    fn example() -> &'static str {
        let page = include_str!("../../TRIGGERS.md");
        let (_, rest) = page.split_once("```toml\n").unwrap();
        rest.split_once("```").unwrap().0
    }

    fn found(triggers: &[TriggerConfig]) -> Vec<(String, String)> {
        let violations = violations(triggers, &[]).into_iter();
        violations.map(|violation| (violation.key, violation.message)).collect()
    }

    /// What is wrong with who is asked for what, beside a workflow; and what was meant.
    fn asked(target: &str, analysis: &str) -> Option<(String, String, Option<String>)> {
        let (target, analysis) = (target.to_owned(), analysis.to_owned());
        let workflow: WorkflowConfig = toml::from_str("name = 'look-closer'").unwrap();
        let trigger = TriggerConfig { target, analysis, ..trigger() };
        let mut violations = violations(&[trigger], &[workflow]);
        assert!(violations.len() < 2, "{violations:?}");
        let violation = violations.pop()?;
        Some((violation.key, violation.message, violation.suggestion))
    }

    fn keys(triggers: &[TriggerConfig]) -> Vec<String> {
        found(triggers).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_example_of_the_page_is_valid() {
        let settings: Settings = toml::from_str(example()).unwrap();
        assert_eq!(found(&settings.triggers), []);
        let [trigger] = &settings.triggers[..] else { panic!("{settings:?}") };
        assert_eq!((&*trigger.name, trigger.priority), ("busy-shell", TriggerPriority::High));
        assert_eq!(trigger.dedup_window, Duration::from_mins(10));
        assert_eq!(trigger.limits.max_requests_per_minute, 30);
        assert_eq!(trigger.limits.max_pending, 8);
        assert_eq!(trigger.limits.pending_timeout, Duration::from_mins(2));
    }

    #[test]
    fn triggers_that_are_shown_can_be_read_again() {
        let mut layers = Layers::new();
        layers.text(Path::new("agent.toml"), example().to_owned()).unwrap();
        let resolved = layers.resolve().unwrap();
        let again: Settings = toml::from_str(&resolved.shown()).unwrap();
        assert_eq!(again.triggers, resolved.settings.triggers);
        assert_eq!(again.triggers.len(), 1);
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let text = "[[trigger]]\nname = \"busy\"\nwhen = \"pid = 1\"\ntarget = \"procmond\"\n\
                    analysis = \"binary_hash\"\n";
        let settings: Settings = toml::from_str(text).unwrap();
        assert_eq!(settings.triggers, [trigger()]);
        assert_eq!(found(&settings.triggers), []);
    }

    #[test]
    fn what_a_trigger_cannot_do_without_must_be_said() {
        for key in ["name", "when", "target", "analysis"] {
            let keys = ["name", "when", "target", "analysis"].into_iter();
            let rest: Vec<_> =
                keys.filter(|other| *other != key).map(|other| format!("{other} = 'x'")).collect();
            let refused = toml::from_str::<Settings>(&format!("[[trigger]]\n{}", rest.join("\n")));
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(&format!("missing field `{key}`")), "{error}");
        }
    }

    #[test]
    fn every_bound_is_checked() {
        let limits = TriggerResourceLimits {
            max_requests_per_minute: MAX_REQUESTS_PER_MINUTE + 1,
            max_pending: 0,
            pending_timeout: Duration::ZERO,
        };
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        let wrong = TriggerConfig {
            name: "Busy".to_owned(),
            when: String::new(),
            target: String::new(),
            analysis: long.clone(),
            limits,
            ..trigger()
        };
        let expected = [
            "trigger.0.name",
            "trigger.0.target",
            "trigger.0.analysis",
            "trigger.0.limits.max_requests_per_minute",
            "trigger.0.limits.max_pending",
            "trigger.0.limits.pending_timeout",
            "trigger.0.when",
        ];
        assert_eq!(keys(&[wrong]), expected);
        for name in ["", "a.b", "ä", &long] {
            assert_eq!(keys(&[TriggerConfig { name: name.to_owned(), ..trigger() }]).len(), 1);
        }
    }

    #[test]
    fn two_triggers_of_one_name_are_a_problem_of_the_second() {
        let expected = "another trigger is called \"busy\"".to_owned();
        let found = found(&[trigger(), trigger()]);
        assert_eq!(found, [("trigger.1.name".to_owned(), expected)]);
    }

    #[test]
    fn there_are_so_many_triggers_and_no_more() {
        let numbered = |number: usize| TriggerConfig { name: format!("t{number}"), ..trigger() };
        let mut triggers: Vec<_> = (0..MAX_TRIGGERS).map(numbered).collect();
        assert_eq!(found(&triggers), []);
        triggers.push(numbered(MAX_TRIGGERS));
        let expected = "65 triggers, the limit is 64".to_owned();
        assert_eq!(found(&triggers), [("trigger".to_owned(), expected)]);
    }

    #[test]
    fn a_condition_that_cannot_be_read_is_a_problem_with_its_advice() {
        let wrong = TriggerConfig { when: "nmae = 'x'".to_owned(), ..trigger() };
        let expected = "no kind of event has a field `nmae`; did you mean `name`?".to_owned();
        assert_eq!(found(&[wrong]), [("trigger.0.when".to_owned(), expected)]);
    }

    #[test]
    fn what_nobody_does_is_a_problem_with_what_was_meant() {
        let rows = [
            ("binray_hash", Some("binary_hash")),
            ("look-closely", Some("look-closer")),
            ("memory_dump", None),
        ];
        for (wanted, meant) in rows {
            let message = format!("there is no analysis and no workflow {wanted:?}");
            let meant = meant.map(str::to_owned);
            let expected = Some(("trigger.0.analysis".to_owned(), message, meant));
            assert_eq!(asked("procmond", wanted), expected);
        }
    }

    #[test]
    fn a_collector_that_does_not_do_it_is_a_problem_of_the_target() {
        let told = asked("netmond", "file_hash").unwrap();
        let message = "`netmond` does no analysis; \"file_hash\" is done by `fsmond`".to_owned();
        assert_eq!(told, ("trigger.0.target".to_owned(), message, None));
        let (_, message, _) = asked("perfmond", "binary_hash").unwrap();
        assert!(message.ends_with("is done by `procmond` and `fsmond`"), "{message}");
    }

    #[test]
    fn a_workflow_and_a_collector_of_others_may_be_asked() {
        assert_eq!(asked("netmond", "look-closer"), None);
        assert_eq!(asked("procmond-2", "binary_hash"), None);
        assert_eq!(asked("fsmond", "binary_hash"), None);
    }

    #[test]
    fn a_priority_is_that_of_the_event() {
        let rows = [
            (TriggerPriority::Low, Priority::Low),
            (TriggerPriority::Normal, Priority::Normal),
            (TriggerPriority::High, Priority::High),
            (TriggerPriority::Critical, Priority::Critical),
        ];
        for (own, expected) in rows {
            assert_eq!(Priority::from(own), expected);
        }
        assert!(rows.is_sorted(), "in the order of urgency");
    }
}
