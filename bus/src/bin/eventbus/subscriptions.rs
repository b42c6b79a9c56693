//! `eventbus subscriptions`: who listens to what, and who would get an event on a topic.

use std::collections::HashMap;

use daemoneye_eventbus::Topic;
use daemoneye_eventbus::contract::{
    BrokerInspection, ConnectionInspection, InspectError, InspectionQuery, Sections,
    SubscriptionInspection,
};

use crate::exit::{Exit, Failure};
use crate::figures;
use crate::output::{print, print_json};
use crate::table::{NOTHING, and_more, safe, table};
use crate::target::Target;

const NOTES: &str = "\
With --topic, a subscription is listed if its patterns and its topic filter match. What else it
demands of an event stands under ONLY IF.

Exit codes:
  0  done; with --topic: somebody would get such an event
  1  with --topic: nobody would
  2  usage, or an invalid topic; the reason is on standard error
  4  no broker, or it refused";

/// List the subscriptions: who listens to what, how much waits for them, what they lost.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// Only those that would get an event on this topic.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<Topic>,
    /// Print a JSON array of objects instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Asks and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let query = InspectionQuery {
        topic: arguments.topic.clone(),
        ..InspectionQuery::of(Sections::CONNECTIONS | Sections::SUBSCRIPTIONS)
    };
    arguments.target.run(async |bus, interrupt| {
        let seen = tokio::select! {
            answer = bus.inspect(&query) => answer.map_err(unanswered)?,
            () = interrupt.told() => return Ok(Exit::Pass),
        };
        if arguments.json {
            print_json(&seen.subscriptions)?;
        } else {
            print(&text(&seen))?;
        }
        let is_answer_no = arguments.topic.is_some() && seen.subscriptions.is_empty();
        Ok(if is_answer_no { Exit::Fail } else { Exit::Pass })
    })
}

/// An inspection that came to nothing.
pub(crate) fn unanswered(error: InspectError) -> Failure {
    Failure::infrastructure(error, "cannot inspect the broker")
}

const HEADING: [&str; 10] = [
    "SUBSCRIPTION",
    "OF",
    "PATTERNS",
    "ONLY IF",
    "POLICY",
    "CAPACITY",
    "QUEUED",
    "LAG",
    "DROPPED",
    "BREAKER",
];

fn text(seen: &BrokerInspection) -> String {
    let owners: HashMap<u64, &ConnectionInspection> =
        seen.connections.iter().map(|row| (row.number, row)).collect();
    let rows: Vec<_> = seen.subscriptions.iter().map(|row| cells(row, &owners)).collect();
    let mut text = table(&HEADING, &rows);
    text.push_str(&and_more(seen.more_subscriptions, ""));
    text
}

fn cells(
    row: &SubscriptionInspection,
    owners: &HashMap<u64, &ConnectionInspection>,
) -> Vec<String> {
    let only_if = if row.filters.is_empty() { NOTHING.to_owned() } else { safe(&row.filters) };
    vec![
        safe(&row.counters.subscriber_id),
        owner(row, owners),
        patterns(row),
        only_if,
        figures::policy(row.policy).to_owned(),
        row.capacity.to_string(),
        (row.counters.queued + row.unread).to_string(),
        figures::lag(row.lag),
        row.counters.dropped.to_string(),
        figures::breaker(row.counters.breaker).to_owned(),
    ]
}

/// Who has it: the name of its connection and the connection's number.
pub(crate) fn owner(
    row: &SubscriptionInspection,
    owners: &HashMap<u64, &ConnectionInspection>,
) -> String {
    match row.connection {
        None => "the broker".to_owned(),
        Some(number) => match owners.get(&number) {
            Some(owner) => format!("{} #{number}", safe(&owner.name)),
            None => format!("#{number}"),
        },
    }
}

fn patterns(row: &SubscriptionInspection) -> String {
    let mut texts: Vec<String> = row.topic_patterns.iter().map(|text| safe(text)).collect();
    if row.more_patterns > 0 {
        texts.push(format!("and {} more", row.more_patterns));
    }
    texts.join(" ")
}
