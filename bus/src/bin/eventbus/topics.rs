//! `eventbus topics`: prints the registry (T7), as a table or as JSON. It asks no broker: topics
//! in use but not registered are a matter of statistics.

use std::io::{self, Write};

use daemoneye_eventbus::topic::{REGISTRY, RegisteredTopic};

use crate::exit::{EXIT_CODES, Exit, Failure};

/// List the registered topics: who publishes, who subscribes, what they carry.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Print a JSON array of objects instead of a table.
    #[arg(long)]
    json: bool,
}

const COLUMNS: usize = 6;
const HEADING: [&str; COLUMNS] =
    ["TOPIC", "PUBLISHED BY", "SUBSCRIBED BY", "KIND", "DEFAULT FOR", "CARRIES"];

/// Stands where a row has nothing to say.
const NOTHING: &str = "-";

/// Prints the registry.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let text = if arguments.json { json()? } else { table() };
    io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::from_output)?;
    Ok(Exit::Pass)
}

fn json() -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(REGISTRY)
        .map_err(|error| Failure::Infrastructure(error.into()))?;
    Ok(text + "\n")
}

fn table() -> String {
    let rows: Vec<_> = std::iter::once(HEADING).chain(REGISTRY.iter().map(cells)).collect();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    });
    let mut text = String::new();
    for row in rows {
        let padded = row.into_iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &RegisteredTopic) -> [&'static str; COLUMNS] {
    let or_nothing = |text: &'static str| if text.is_empty() { NOTHING } else { text };
    [
        row.topic,
        row.publishers,
        row.subscribers,
        row.kind.map_or(NOTHING, |kind| kind.as_str()),
        or_nothing(row.default_for),
        row.summary,
    ]
}
