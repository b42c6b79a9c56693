//! `eventbus top`: what flows through the broker right now, again and again: rates, queues, lags
//! and losses of every connection and subscription; and how the agent's collectors are.
//!
//! What changed between two samples is `rates`', what the agent says `asking`'s, both together
//! `look`'s, and how it looks `view`'s; this file samples.

mod asking;
mod look;
mod rates;
mod view;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use crossterm::{cursor, queue, terminal};
use daemoneye_eventbus::contract::{InspectionQuery, Sections};
use daemoneye_eventbus::{EventBus, EventBusClient};

use crate::duration::duration;
use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::output::{print, print_json_line};
use crate::stats;
use crate::subscriptions::unanswered;
use crate::target::Target;
use asking::{Asker, Silence};
use look::Look;
use rates::{Change, Sample};

/// Watch rates, queues, lags and losses, per connection and per subscription, and how the agent's
/// collectors are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Time between two looks, over which rates are taken.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    interval: Duration,
    /// End after one look.
    #[arg(long)]
    once: bool,
    /// Print a line of JSON for each look.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Looks until it is told to end.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.target.run(async |bus, interrupt| {
        tokio::select! {
            watched = watch(arguments, bus) => watched?,
            () = interrupt.told() => {}
        }
        Ok(Exit::Pass)
    })
}

async fn watch(arguments: &Arguments, bus: &Arc<EventBusClient>) -> Result<(), Failure> {
    let mut asker = Asker::new(bus.clone());
    let mut before = sample(bus).await?;
    let mut is_first = true;
    let mut ticks = tokio::time::interval(arguments.interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is now.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let now = sample(bus).await?;
        let told = asker.ask(&now.inspection).await;
        let change = Change::between(&before, &now);
        tell(&Look::of(change, &told), arguments.json, is_first)?;
        is_first = false;
        if arguments.once {
            return Ok(());
        }
        let is_asked = !matches!(told, Err(Silence::Nobody));
        // Question and answer were published, too, and are no part of the rates that come next.
        before = if is_asked { sample(bus).await? } else { now };
    }
}

fn tell(look: &Look<'_>, json: bool, is_first: bool) -> Result<(), Failure> {
    if json { print_json_line(look) } else { show(&view::text(look), is_first) }
}

async fn sample(bus: &EventBusClient) -> Result<Sample, Failure> {
    let statistics = bus.statistics().await.map_err(stats::unanswered)?;
    let query = InspectionQuery::of(Sections::CONNECTIONS | Sections::SUBSCRIPTIONS);
    let inspection = bus.inspect(&query).await.map_err(unanswered)?;
    Ok(Sample { statistics, inspection })
}

/// Draws over the last look on a terminal, adds a block elsewhere.
fn show(text: &str, is_first: bool) -> Result<(), Failure> {
    if !io::stdout().is_terminal() {
        let between = if is_first { "" } else { "\n" };
        return print(&format!("{between}{text}"));
    }
    draw(text).map_err(Failure::from_output)
}

fn draw(text: &str) -> io::Result<()> {
    let (width, height) = terminal::size()?;
    let mut output = io::stdout().lock();
    queue!(output, cursor::MoveTo(0, 0))?;
    // The last row stays free: a line break there would scroll.
    for line in text.lines().take(usize::from(height).saturating_sub(1)) {
        let line: String = line.chars().take(usize::from(width)).collect();
        write!(output, "{line}")?;
        queue!(
            output,
            terminal::Clear(terminal::ClearType::UntilNewLine),
            cursor::MoveToNextLine(1)
        )?;
    }
    queue!(output, terminal::Clear(terminal::ClearType::FromCursorDown))?;
    output.flush()
}
