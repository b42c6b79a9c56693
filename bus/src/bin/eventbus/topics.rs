//! `eventbus topics`: prints the registry (T7); with `--live`, the topics in use at a broker,
//! registered or not, and the events on each.

use anyhow::anyhow;
use daemoneye_eventbus::contract::{BrokerInspection, InspectionQuery, Sections};
use daemoneye_eventbus::topic::{REGISTRY, RegisteredTopic};
use serde::Serialize;

use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::output::{print, print_json};
use crate::subscriptions::unanswered;
use crate::table::{NOTHING, and_more, table};
use crate::target::Target;

/// List the registered topics: who publishes, who subscribes, what they carry.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Ask a broker which topics are in use, registered or not, and how many events were on each.
    #[arg(long)]
    live: bool,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

const HEADING: [&str; 6] =
    ["TOPIC", "PUBLISHED BY", "SUBSCRIBED BY", "KIND", "DEFAULT FOR", "CARRIES"];

/// Prints the registry, or what is in use.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.live {
        return run_live(arguments);
    }
    if arguments.target.is_named() {
        let error = anyhow!("the registry is part of this program; --live asks a broker");
        return Err(Failure::Usage(error));
    }
    if arguments.json {
        print_json(&REGISTRY)?;
    } else {
        let rows: Vec<_> = REGISTRY.iter().map(cells).collect();
        print(&table(&HEADING, &rows))?;
    }
    Ok(Exit::Pass)
}

fn cells(row: &RegisteredTopic) -> Vec<String> {
    let or_nothing = |text: &str| if text.is_empty() { NOTHING } else { text }.to_owned();
    vec![
        row.topic.to_owned(),
        row.publishers.to_owned(),
        row.subscribers.to_owned(),
        row.kind.map_or(NOTHING, |kind| kind.as_str()).to_owned(),
        or_nothing(row.default_for),
        row.summary.to_owned(),
    ]
}

/// Topics in use, for `--json`.
#[derive(Debug, Serialize)]
struct InUse<'a> {
    topics: &'a [daemoneye_eventbus::contract::TopicInspection],
    /// Events on topics the broker had no place for.
    other_topics_published: u64,
}

fn run_live(arguments: &Arguments) -> Result<Exit, Failure> {
    let query = InspectionQuery::of(Sections::TOPICS);
    arguments.target.run(async |bus, interrupt| {
        let seen = tokio::select! {
            answer = bus.inspect(&query) => answer.map_err(unanswered)?,
            () = interrupt.told() => return Ok(Exit::Pass),
        };
        if arguments.json {
            let other_topics_published = seen.other_topics_published;
            print_json(&InUse { topics: &seen.topics, other_topics_published })?;
        } else {
            print(&live_text(&seen))?;
        }
        Ok(Exit::Pass)
    })
}

fn live_text(seen: &BrokerInspection) -> String {
    let rows: Vec<_> = seen
        .topics
        .iter()
        .map(|row| {
            let registered = if row.registered { "yes" } else { "no" };
            vec![row.topic.clone(), registered.to_owned(), row.events_published.to_string()]
        })
        .collect();
    let mut text = table(&["TOPIC", "REGISTERED", "EVENTS"], &rows);
    text.push_str(&and_more(seen.more_topics, ""));
    text.push_str(&and_more(seen.other_topics_published, " events, beyond the broker's table"));
    text
}
