//! What happens to a subscription before the sound bus sees it.

use std::time::Duration;

use daemoneye_eventbus::{
    CorrelationFilter, EventFilter, EventSubscription, OverflowPolicy, PatternError, TopicError,
    TopicFilter, TopicPattern,
};

use super::Fault;

/// A cool-down that no trial outlasts.
const NEVER: Duration = Duration::from_hours(24);
/// The shortest cool-down there is.
const AT_ONCE: Duration = Duration::from_nanos(1);

/// Damages what is wanted.
pub(super) fn damage(fault: Fault, wanted: &mut EventSubscription) {
    damage_patterns(fault, wanted);
    damage_queue(fault, wanted);
    if let Some(filter) = &mut wanted.event_filter {
        damage_event_filter(fault, filter);
    }
    if let Some(filter) = &mut wanted.topic_filter {
        damage_topic_filter(fault, filter);
    }
    if let Some(filter) = &mut wanted.correlation_filter {
        damage_correlation_filter(fault, filter);
    }
}

fn damage_patterns(fault: Fault, wanted: &mut EventSubscription) {
    let patterns = &mut wanted.topic_patterns;
    match fault {
        // Capabilities count only without patterns: one more pattern would silence them.
        Fault::DeliversForeignTopics | Fault::DeliversOneForeign
            if !patterns.is_empty() && wanted.enable_wildcards =>
        {
            patterns.push("#".to_owned());
        }
        Fault::HashNeedsALevel => {
            for pattern in patterns.iter_mut().filter(|pattern| has_room(pattern)) {
                if let Some(before) = pattern.strip_suffix('#') {
                    *pattern = format!("{before}+.#");
                }
            }
        }
        Fault::PlusTakesMany => {
            for pattern in patterns {
                if let Some(before) = pattern.strip_suffix('+') {
                    *pattern = format!("{before}#");
                }
            }
        }
        Fault::IgnoresCapabilities if patterns.is_empty() && !wanted.capabilities.is_empty() => {
            patterns.push("#".to_owned());
        }
        Fault::AllowsWildcards => wanted.enable_wildcards = true,
        Fault::AcceptsIllegalLevels
        | Fault::AcceptsForeignNamespaces
        | Fault::AcceptsStrayWildcards => {
            for pattern in patterns {
                let forgiven =
                    TopicPattern::new(pattern).is_err_and(|cause| forgives(fault, &cause));
                if forgiven {
                    "events".clone_into(pattern);
                }
            }
        }
        _ => {}
    }
}

/// Whether a bus with this fault takes a pattern that is wrong in this way.
fn forgives(fault: Fault, cause: &PatternError) -> bool {
    match cause {
        PatternError::Asterisk { .. }
        | PatternError::PartialWildcard { .. }
        | PatternError::Level(TopicError::EmptyLevel { .. }) => {
            fault == Fault::AcceptsStrayWildcards
        }
        PatternError::Level(TopicError::UnknownNamespace { .. }) => {
            fault == Fault::AcceptsForeignNamespaces
        }
        PatternError::Level(_) => fault == Fault::AcceptsIllegalLevels,
        PatternError::HashNotLast { .. } | PatternError::WildcardsDisabled { .. } => false,
    }
}

/// Whether a pattern may have one level more (T1).
fn has_room(pattern: &str) -> bool {
    pattern.split('.').count() < 8
}

fn damage_queue(fault: Fault, wanted: &mut EventSubscription) {
    let breaks_circuits = matches!(wanted.policy, OverflowPolicy::CircuitBreak(_));
    match fault {
        Fault::DropsInsteadOfBlocking | Fault::DropsNewestForOldest => {
            wanted.policy = OverflowPolicy::DropNewest;
        }
        Fault::DropsOldestForNewest if wanted.policy == OverflowPolicy::DropNewest => {
            wanted.policy = OverflowPolicy::DropOldest;
        }
        Fault::NeverOpensTheCircuit if breaks_circuits => {
            wanted.policy = OverflowPolicy::DropNewest;
        }
        Fault::NeverTriesAgain => cool_down_for(&mut wanted.policy, NEVER),
        Fault::CoolsDownAtOnce => cool_down_for(&mut wanted.policy, AT_ONCE),
        Fault::BlocksInsteadOfDropping => wanted.policy = OverflowPolicy::Block,
        Fault::OneMorePlace => wanted.capacity += 1,
        _ => {}
    }
}

/// Changes the cool-down of a circuit, if there is one.
fn cool_down_for(policy: &mut OverflowPolicy, cool_down: Duration) {
    if let OverflowPolicy::CircuitBreak(config) = policy {
        config.cool_down = cool_down;
    }
}

fn damage_event_filter(fault: Fault, filter: &mut EventFilter) {
    match fault {
        Fault::IgnoresTypes => filter.event_types.clear(),
        Fault::IgnoresPids => filter.pids.clear(),
        Fault::IgnoresPriority => filter.min_priority = None,
        Fault::IgnoresSources => filter.source_collectors.clear(),
        Fault::IgnoresMetadata => filter.metadata.clear(),
        _ => {}
    }
}

fn damage_topic_filter(fault: Fault, filter: &mut TopicFilter) {
    match fault {
        Fault::IgnoresExcludes => filter.exclude.clear(),
        Fault::IgnoresIncludes => filter.include.clear(),
        _ => {}
    }
}

fn damage_correlation_filter(fault: Fault, filter: &mut CorrelationFilter) {
    let by_prefix = filter.correlation_id.as_ref().is_some_and(|id| id.ends_with('*'));
    match fault {
        Fault::IgnoresCorrelationIds if !by_prefix => filter.correlation_id = None,
        Fault::IgnoresIdPrefixes if by_prefix => filter.correlation_id = None,
        Fault::IgnoresParents => filter.parent_id = None,
        Fault::IgnoresRoots => filter.root_id = None,
        Fault::IgnoresStages => filter.stage = None,
        Fault::IgnoresAllTags => filter.all_tags.clear(),
        Fault::IgnoresAnyTags => filter.any_tags.clear(),
        Fault::IgnoresSequences => filter.sequence = None,
        Fault::IgnoresProcessIds => filter.process_ids.clear(),
        _ => {}
    }
}
