//! Subscriptions that nothing matches: what a bus holds beside those it delivers to.

/// What a level of their topics begins with; none of what is published does.
const LEVEL: &str = "idle";

/// The pattern of the idle subscription with this number: in turn a plain topic, one with `+` before
/// its own level, and one with `#` behind it.
pub fn idle_pattern(number: usize) -> String {
    match number % 3 {
        0 => format!("events.{LEVEL}.n{number:05}"),
        1 => format!("events.+.{LEVEL}-n{number:05}"),
        _ => format!("events.{LEVEL}.n{number:05}.#"),
    }
}

/// Whether an idle subscription could match a topic.
pub(super) fn is_idle_topic(topic: &str) -> bool {
    topic.split('.').any(|level| level.starts_with(LEVEL))
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{Topic, TopicPattern};

    use super::*;

    #[test]
    fn patterns_are_valid_their_own_and_match_nothing_that_is_published() {
        let all: Vec<String> = (0..10_000).map(idle_pattern).collect();
        let mut unique = all.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), all.len());
        let topic = Topic::new("events.process.lifecycle").expect("a topic");
        for text in &all {
            let pattern = TopicPattern::new(text).unwrap_or_else(|cause| panic!("{text}: {cause}"));
            assert!(!pattern.matches(&topic), "{text}");
        }
    }

    #[test]
    fn a_topic_one_of_them_matches_is_told() {
        for topic in ["events.idle.n00000", "events.process.idle-n00001", "events.idle.n00002.x"] {
            let matched = (0..3).map(idle_pattern).any(|pattern| {
                let pattern = TopicPattern::new(&pattern).expect("valid");
                pattern.matches(&Topic::new(topic).expect("a topic"))
            });
            assert!(matched && is_idle_topic(topic), "{topic}");
        }
        assert!(!is_idle_topic("events.process.lifecycle.t0000"));
    }
}
