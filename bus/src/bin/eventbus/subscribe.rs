//! `eventbus sub`: prints what matches a subscription, one line of JSON for each event.

use daemoneye_eventbus::BusEvent;

use crate::exit::{Exit, Failure};
use crate::output::Lines;
use crate::receive::{Bounds, Receiving, Sink};
use crate::target::Target;
use crate::wanted::Wanted;

const NOTES: &str = "\
Quote patterns: to a shell, a bare # begins a comment.

Standard error says when the subscription is there, how many events were lost, and what came of it.
Unless asked for another policy, an onlooker that does not keep up loses events and holds up nobody.

  eventbus sub 'events.process.#' --count 10
  eventbus sub '#' --kind network --min-priority high --duration 1m

Exit codes:
  0  --count events came, --duration is over, Ctrl-C, or the reader of the lines left
  1  --duration came before --count events
  2  usage, or the broker refused the subscription; the reason is on standard error
  4  no broker, or it ended";

/// Print events as they are delivered, one line of JSON each.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    bounds: Bounds,
    /// Say what came of it as JSON, too.
    #[arg(long)]
    json: bool,
    // With headings of their own, under which what came after them would stand.
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    target: Target,
}

/// Subscribes and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let subscription = arguments.wanted.subscription(&arguments.target.subscriber_id())?;
    arguments.target.run(async |bus, interrupt| {
        let mut receiving = Receiving::start(bus, subscription).await?;
        let mut lines = Lines::new();
        let end = receiving.until_enough(&arguments.bounds, &mut lines, interrupt).await?;
        receiving.tell(end, arguments.json);
        Ok(end.exit(&arguments.bounds))
    })
}

impl Sink for Lines {
    fn take(&mut self, event: &BusEvent, _lost: u64) -> Result<bool, Failure> {
        self.json(event)?;
        Ok(true)
    }

    fn rest(&mut self) -> Result<(), Failure> {
        self.flush()
    }
}
