//! A subscription as flags (M1–M5, C11).

use std::time::Duration;

use anyhow::anyhow;
use daemoneye_eventbus::contract::{
    BreakerConfig, DEFAULT_CAPACITY_EVENTS, MAX_CAPACITY_EVENTS, Matcher,
};
use daemoneye_eventbus::{
    ByteString, CorrelationFilter, EventFilter, EventKind, EventSubscription, OverflowPolicy,
    Priority, SourceCaps, TopicFilter,
};

use crate::duration::duration;
use crate::exit::Failure;

type Pair = (ByteString, ByteString);

/// What to receive, and what happens when it is not taken.
#[derive(Debug, clap::Args)]
pub(crate) struct Wanted {
    /// Patterns of topics, of which one must match, for example 'events.process.#'.
    #[arg(required_unless_present = "capability")]
    pattern: Vec<String>,
    /// Instead of patterns: what the source can do; may be repeated.
    #[arg(long, value_enum, value_name = "NAME", conflicts_with = "pattern")]
    capability: Vec<Capability>,
    /// Take `+` and `#` for mistakes.
    #[arg(long)]
    no_wildcards: bool,
    /// Id of the subscription, unique at the broker [default: the name].
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Events held for this subscription.
    #[arg(long, value_name = "EVENTS", default_value_t = DEFAULT_CAPACITY_EVENTS as u64,
          value_parser = clap::value_parser!(u64).range(1..=MAX_CAPACITY_EVENTS as u64))]
    capacity: u64,
    /// What happens when they are that many; `block` makes publishers wait for this terminal.
    #[arg(long, value_enum, value_name = "POLICY", default_value_t = Policy::DropOldest)]
    policy: Policy,
    /// Begin with so many of the last events, as far as the broker has kept them.
    #[arg(long, value_name = "EVENTS", default_value_t = 0)]
    replay_last: usize,
    /// For circuit-break: losses within the window that open the circuit.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    breaker_losses: Option<u32>,
    /// For circuit-break: the window losses are counted in.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    breaker_window: Option<Duration>,
    /// For circuit-break: how long an open circuit loses everything.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    breaker_cool_down: Option<Duration>,
    #[command(flatten)]
    event: EventFlags,
    #[command(flatten)]
    topic: TopicFlags,
    #[command(flatten)]
    correlation: CorrelationFlags,
}

/// Conditions on the event (M3).
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Events that pass")]
struct EventFlags {
    /// Kind: process, network, filesystem, performance, ...; may be repeated.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<EventKind>,
    /// About this process; may be repeated.
    #[arg(long, value_name = "PID")]
    pid: Vec<u32>,
    /// At least: low, normal, high or critical.
    #[arg(long, value_name = "PRIORITY", value_parser = priority)]
    min_priority: Option<Priority>,
    /// From this collector; may be repeated.
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// With this metadata; all of them when repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<Pair>,
}

/// Conditions on the topic (M4).
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Topics that pass")]
struct TopicFlags {
    /// Never on topics of this pattern; may be repeated.
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Only on topics of this pattern; one of them when repeated.
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
}

/// Conditions on the correlation (M5).
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Correlations that pass")]
struct CorrelationFlags {
    /// Of this id, or of any that begins so: 'scan-*'.
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Caused by this id.
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// Of the workflow that began with this id.
    #[arg(long, value_name = "ID")]
    root: Option<String>,
    /// In this stage.
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// With this tag; all of them when repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    tag: Vec<Pair>,
    /// With one of these tags; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    any_tag: Vec<Pair>,
    /// From this number within the workflow on.
    #[arg(long, value_name = "N")]
    first_sequence: Option<u64>,
    /// Up to this number within the workflow.
    #[arg(long, value_name = "N")]
    last_sequence: Option<u64>,
    /// About this process; may be repeated.
    #[arg(long, value_name = "PID")]
    correlation_pid: Vec<u32>,
}

/// [`OverflowPolicy`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Policy {
    Block,
    DropNewest,
    DropOldest,
    CircuitBreak,
}

/// [`SourceCaps`] on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Capability {
    Process,
    Network,
    Filesystem,
    Performance,
    Realtime,
}

impl Wanted {
    /// The subscription, checked as far as it can be without a broker.
    pub(crate) fn subscription(&self, name: &str) -> Result<EventSubscription, Failure> {
        let subscription = EventSubscription {
            subscriber_id: self.id.clone().unwrap_or_else(|| name.to_owned()),
            topic_patterns: self.pattern.clone(),
            capabilities: self.capability.iter().map(|capability| capability.caps()).collect(),
            enable_wildcards: !self.no_wildcards,
            event_filter: Some(self.event.filter()),
            topic_filter: Some(self.topic.filter()),
            correlation_filter: Some(self.correlation.filter()?),
            capacity: usize::try_from(self.capacity).unwrap_or(usize::MAX),
            policy: self.policy()?,
            replay_last: self.replay_last,
        };
        match Matcher::compile(&subscription) {
            Ok(_) => Ok(subscription),
            Err(error) => Err(Failure::Usage(error.into())),
        }
    }

    fn policy(&self) -> Result<OverflowPolicy, Failure> {
        let usual = BreakerConfig::default();
        let breaker = BreakerConfig {
            losses: self.breaker_losses.unwrap_or(usual.losses),
            window: self.breaker_window.unwrap_or(usual.window),
            cool_down: self.breaker_cool_down.unwrap_or(usual.cool_down),
        };
        if breaker != usual && self.policy != Policy::CircuitBreak {
            let error = anyhow!("--breaker-… flags need --policy circuit-break");
            return Err(Failure::Usage(error));
        }
        Ok(match self.policy {
            Policy::Block => OverflowPolicy::Block,
            Policy::DropNewest => OverflowPolicy::DropNewest,
            Policy::DropOldest => OverflowPolicy::DropOldest,
            Policy::CircuitBreak => OverflowPolicy::CircuitBreak(breaker),
        })
    }
}

impl EventFlags {
    fn filter(&self) -> EventFilter {
        EventFilter {
            event_types: self.kind.clone(),
            pids: self.pid.clone(),
            min_priority: self.min_priority,
            source_collectors: self.source.iter().map(|name| name.as_str().into()).collect(),
            metadata: self.metadata.clone(),
        }
    }
}

impl TopicFlags {
    fn filter(&self) -> TopicFilter {
        TopicFilter { exclude: self.exclude.clone(), include: self.include.clone() }
    }
}

impl CorrelationFlags {
    fn filter(&self) -> Result<CorrelationFilter, Failure> {
        let text = |text: &Option<String>| text.as_deref().map(ByteString::from);
        let (first, last) = (self.first_sequence, self.last_sequence);
        if let (Some(first), Some(last)) = (first, last)
            && first > last
        {
            let error = anyhow!("--first-sequence {first} is after --last-sequence {last}");
            return Err(Failure::Usage(error));
        }
        let is_bounded = first.is_some() || last.is_some();
        Ok(CorrelationFilter {
            correlation_id: text(&self.correlation),
            parent_id: text(&self.parent),
            root_id: text(&self.root),
            stage: text(&self.stage),
            all_tags: self.tag.clone(),
            any_tags: self.any_tag.clone(),
            sequence: is_bounded.then(|| first.unwrap_or(0)..=last.unwrap_or(u64::MAX)),
            process_ids: self.correlation_pid.clone(),
        })
    }
}

impl Capability {
    fn caps(self) -> SourceCaps {
        match self {
            Self::Process => SourceCaps::PROCESS,
            Self::Network => SourceCaps::NETWORK,
            Self::Filesystem => SourceCaps::FILESYSTEM,
            Self::Performance => SourceCaps::PERFORMANCE,
            Self::Realtime => SourceCaps::REALTIME,
        }
    }
}

fn kind(text: &str) -> Result<EventKind, String> {
    let known = EventKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    known.ok_or_else(|| format!("there are {}", EventKind::ALL.map(EventKind::as_str).join(", ")))
}

fn priority(text: &str) -> Result<Priority, String> {
    match text {
        "low" => Ok(Priority::Low),
        "normal" => Ok(Priority::Normal),
        "high" => Ok(Priority::High),
        "critical" => Ok(Priority::Critical),
        _ => Err("there are low, normal, high and critical".to_owned()),
    }
}

fn pair(text: &str) -> Result<Pair, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}
