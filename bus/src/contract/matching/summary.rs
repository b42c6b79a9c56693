//! A matcher's conditions beside its patterns, in one line for people.

use std::fmt::{Display, Write as _};

use bytestring::ByteString;

use super::{CorrelationFilter, EventFilter, Matcher};
use crate::event::{EventKind, Priority};
use crate::topic::TopicPattern;

/// Longest line, bytes; the rest is cut.
const MAX_BYTES: usize = 1024;

impl Matcher {
    /// The conditions on topic, event and correlation (M3–M5), as `pid 7; stage two`; empty when
    /// there are none. At most 1 KiB, the end then marked with `…`.
    pub fn filters(&self) -> String {
        let mut line = Line::default();
        line.list("exclude", &self.exclude, TopicPattern::to_string);
        line.list("include", &self.include, TopicPattern::to_string);
        if let Some(filter) = &self.event {
            add_event(&mut line, filter);
        }
        if let Some(filter) = &self.correlation {
            add_correlation(&mut line, filter);
        }
        line.cut()
    }
}

fn add_event(line: &mut Line, filter: &EventFilter) {
    line.list("kind", &filter.event_types, |kind: &EventKind| kind.as_str().to_owned());
    line.list("pid", &filter.pids, u32::to_string);
    if let Some(minimum) = filter.min_priority {
        let name = match minimum {
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
            Priority::Critical => "critical",
        };
        line.add("min-priority", name);
    }
    line.list("source", &filter.source_collectors, ByteString::to_string);
    line.list("metadata", &filter.metadata, pair);
}

fn add_correlation(line: &mut Line, filter: &CorrelationFilter) {
    let texts = [
        ("correlation", &filter.correlation_id),
        ("parent", &filter.parent_id),
        ("root", &filter.root_id),
        ("stage", &filter.stage),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            line.add(name, text);
        }
    }
    line.list("tag", &filter.all_tags, pair);
    line.list("any-tag", &filter.any_tags, pair);
    if let Some(range) = &filter.sequence {
        line.add("sequence", format!("{} to {}", range.start(), range.end()));
    }
    line.list("correlation-pid", &filter.process_ids, u32::to_string);
}

fn pair((key, value): &(ByteString, ByteString)) -> String {
    format!("{key}={value}")
}

/// Conditions so far. Once it is too long nothing is added: lists may be long.
#[derive(Default)]
struct Line(String);

impl Line {
    fn list<T>(&mut self, name: &str, values: &[T], text: impl Fn(&T) -> String) {
        if values.is_empty() || self.0.len() > MAX_BYTES {
            return;
        }
        // The shortest value and its comma are two bytes.
        let shown: Vec<_> = values.iter().take(MAX_BYTES / 2).map(text).collect();
        self.add(name, shown.join(","));
    }

    fn add(&mut self, name: &str, value: impl Display) {
        let separator = if self.0.is_empty() { "" } else { "; " };
        write!(self.0, "{separator}{name} {value}").expect("a string takes any text");
    }

    fn cut(mut self) -> String {
        const MARK: char = '…';
        if self.0.len() > MAX_BYTES {
            self.0.truncate(self.0.floor_char_boundary(MAX_BYTES - MARK.len_utf8()));
            self.0.push(MARK);
        }
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{
        CorrelationFilter, EventFilter, EventSubscription, Matcher, TopicFilter,
    };
    use crate::event::{EventKind, Priority};

    fn filters(subscription: EventSubscription) -> String {
        Matcher::compile(&subscription.with_pattern("#")).expect("a subscription").filters()
    }

    #[test]
    fn without_conditions_there_is_nothing_to_say() {
        assert_eq!(filters(EventSubscription::new("s")), "");
    }

    #[test]
    fn every_condition_is_said() {
        let tag = || vec![("a".into(), "b".into())];
        let subscription = EventSubscription::new("s")
            .with_topic_filter(TopicFilter {
                exclude: vec!["admin.#".to_owned()],
                include: vec!["events.#".to_owned(), "+.x".to_owned()],
            })
            .with_event_filter(EventFilter {
                event_types: vec![EventKind::Process, EventKind::Audit],
                pids: vec![1, 2],
                min_priority: Some(Priority::High),
                source_collectors: vec!["procmond".into()],
                metadata: tag(),
            })
            .with_correlation_filter(CorrelationFilter {
                correlation_id: Some("scan-*".into()),
                parent_id: Some("p".into()),
                root_id: Some("r".into()),
                stage: Some("two".into()),
                all_tags: tag(),
                any_tags: tag(),
                sequence: Some(1..=5),
                process_ids: vec![3],
            });
        assert_eq!(
            filters(subscription),
            "exclude admin.#; include events.#,+.x; kind process,audit; pid 1,2; \
             min-priority high; source procmond; metadata a=b; correlation scan-*; parent p; \
             root r; stage two; tag a=b; any-tag a=b; sequence 1 to 5; correlation-pid 3"
        );
    }

    #[test]
    fn a_long_list_is_cut() {
        let pids = (0..1_000_000).collect();
        let line = filters(
            EventSubscription::new("s")
                .with_event_filter(EventFilter { pids, ..EventFilter::default() }),
        );
        assert!(line.len() <= 1024 && line.ends_with('…'), "{} bytes", line.len());
    }
}
