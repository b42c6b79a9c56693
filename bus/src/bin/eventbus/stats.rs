//! `eventbus stats`: the broker's counters (C12), once.

use daemoneye_eventbus::{EventBus, EventBusStatistics, StatisticsError, SubscriptionStatistics};
use serde::Serialize;

use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::figures;
use crate::output::{print, print_json};
use crate::table::{and_more, safe, table};
use crate::target::Target;

/// Print the broker's counters, in all and for each subscription.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Print a JSON object instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// The counters as JSON names them.
#[derive(Debug, Serialize)]
struct Counters<'a> {
    events_published: u64,
    events_delivered: u64,
    events_dropped: u64,
    active_subscribers: usize,
    uptime_seconds: f64,
    subscriptions: &'a [SubscriptionStatistics],
    /// Subscriptions that did not fit the broker's answer.
    subscriptions_left_out: usize,
}

/// Asks and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.target.run(async |bus, interrupt| {
        let statistics = tokio::select! {
            answer = bus.statistics() => answer.map_err(unanswered)?,
            () = interrupt.told() => return Ok(Exit::Pass),
        };
        if arguments.json {
            print_json(&Counters::of(&statistics))?;
        } else {
            print(&text(&statistics))?;
        }
        Ok(Exit::Pass)
    })
}

/// Counters that did not come.
pub(crate) fn unanswered(error: StatisticsError) -> Failure {
    Failure::infrastructure(error, "cannot ask the broker for its counters")
}

impl<'a> Counters<'a> {
    fn of(statistics: &'a EventBusStatistics) -> Self {
        Self {
            events_published: statistics.events_published,
            events_delivered: statistics.events_delivered,
            events_dropped: statistics.events_dropped,
            active_subscribers: statistics.active_subscribers,
            uptime_seconds: statistics.uptime.as_secs_f64(),
            subscriptions: &statistics.subscriptions,
            subscriptions_left_out: left_out(statistics),
        }
    }
}

fn left_out(statistics: &EventBusStatistics) -> usize {
    statistics.active_subscribers.saturating_sub(statistics.subscriptions.len())
}

const HEADING: [&str; 6] = ["SUBSCRIPTION", "MATCHED", "DELIVERED", "DROPPED", "QUEUED", "BREAKER"];

fn text(statistics: &EventBusStatistics) -> String {
    let mut text = format!(
        "published {}, delivered {}, dropped {}, subscriptions {}, up {} s\n",
        statistics.events_published,
        statistics.events_delivered,
        statistics.events_dropped,
        statistics.active_subscribers,
        statistics.uptime.as_secs(),
    );
    if !statistics.subscriptions.is_empty() {
        let rows: Vec<_> = statistics.subscriptions.iter().map(cells).collect();
        text.push('\n');
        text.push_str(&table(&HEADING, &rows));
    }
    text.push_str(&and_more(left_out(statistics) as u64, " that did not fit the broker's answer"));
    text
}

fn cells(row: &SubscriptionStatistics) -> Vec<String> {
    vec![
        safe(&row.subscriber_id),
        row.matched.to_string(),
        row.delivered.to_string(),
        row.dropped.to_string(),
        row.queued.to_string(),
        figures::breaker(row.breaker).to_owned(),
    ]
}
