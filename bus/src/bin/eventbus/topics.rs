//! `eventbus topics`: prints the registry (T7), as a table or as JSON. It asks no broker: topics
//! in use but not registered are a matter of statistics.

use daemoneye_eventbus::topic::{REGISTRY, RegisteredTopic};

use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::output::{print, print_json};
use crate::table::{NOTHING, table};

/// List the registered topics: who publishes, who subscribes, what they carry.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Print a JSON array of objects instead of a table.
    #[arg(long)]
    json: bool,
}

const HEADING: [&str; 6] =
    ["TOPIC", "PUBLISHED BY", "SUBSCRIBED BY", "KIND", "DEFAULT FOR", "CARRIES"];

/// Prints the registry.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
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
