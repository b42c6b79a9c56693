//! Receiving until there is enough: a count, a time, Ctrl-C, or the end of the broker.

use std::time::Duration;

use daemoneye_eventbus::{
    BusEvent, EventBus, EventBusClient, EventReceiver, EventSubscription, SubscribeError,
    TryRecvError,
};

use crate::duration::duration;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::target::PROVE_OPERATOR;

/// When there is enough.
#[derive(Debug, clap::Args)]
pub(crate) struct Bounds {
    /// End after N events.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time, such as 30s.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
}

/// Where events go.
pub(crate) trait Sink {
    /// Takes an event; false when there is no room for it. `lost` is how many were lost before it,
    /// since the last one.
    fn take(&mut self, event: &BusEvent, lost: u64) -> Result<bool, Failure>;

    /// No other event waits: what was taken should be seen.
    fn rest(&mut self) -> Result<(), Failure>;
}

/// Why no more events are received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Count,
    Duration,
    Interrupt,
    /// The sink has no more room.
    Full,
    Broker,
}

/// A subscription at work.
#[derive(Debug)]
pub(crate) struct Receiving {
    receiver: EventReceiver,
    /// Events the sink took.
    pub(crate) taken: u64,
    /// Losses that were told.
    pub(crate) lost: u64,
    /// Losses before the last event taken.
    lost_before: u64,
}

impl End {
    /// The word for it in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Duration => "duration",
            Self::Interrupt => "interrupt",
            Self::Full => "bytes",
            Self::Broker => "broker",
        }
    }

    /// The exit code of it: fewer events than asked within the time is no, as is no broker.
    pub(crate) fn exit(self, bounds: &Bounds) -> Exit {
        match self {
            Self::Duration if bounds.count.is_some() => Exit::Fail,
            Self::Count | Self::Duration | Self::Interrupt | Self::Full => Exit::Pass,
            Self::Broker => {
                eprintln!("eventbus: the broker ended the subscription");
                Exit::Infrastructure
            }
        }
    }
}

impl Receiving {
    /// Subscribes, and says so on standard error: from here on no event is missed.
    pub(crate) async fn start(
        bus: &EventBusClient,
        subscription: EventSubscription,
    ) -> Result<Self, Failure> {
        let id = subscription.subscriber_id.clone();
        let receiver = bus.subscribe(subscription).await.map_err(refused)?;
        eprintln!("eventbus: subscribed as {id}");
        Ok(Self { receiver, taken: 0, lost: 0, lost_before: 0 })
    }

    /// Receives until there is enough.
    pub(crate) async fn until_enough(
        &mut self,
        bounds: &Bounds,
        sink: &mut impl Sink,
        interrupt: &mut Interrupt,
    ) -> Result<End, Failure> {
        let over = bounds.duration.map(|duration| tokio::time::Instant::now() + duration);
        let over = async {
            match over {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let end = tokio::select! {
            biased;
            () = interrupt.told() => End::Interrupt,
            () = over => End::Duration,
            end = self.receive(bounds.count, sink) => end?,
        };
        sink.rest()?;
        self.tell_losses();
        Ok(end)
    }

    /// Says on standard error what came of it, for people or for programs.
    pub(crate) fn tell(&self, end: End, json: bool) {
        let Self { taken, lost, .. } = self;
        if json {
            let end = end.as_str();
            eprintln!("{}", serde_json::json!({"end": end, "events": taken, "lost": lost}));
        } else {
            eprintln!("eventbus: {taken} events, {lost} lost");
        }
    }

    async fn receive(&mut self, count: Option<u64>, sink: &mut impl Sink) -> Result<End, Failure> {
        while count.is_none_or(|count| self.taken < count) {
            let event = match self.receiver.try_recv() {
                Ok(event) => event,
                Err(TryRecvError::Ended) => return Ok(End::Broker),
                Err(TryRecvError::Empty) => {
                    sink.rest()?;
                    self.tell_losses();
                    let Some(event) = self.receiver.recv().await else { return Ok(End::Broker) };
                    event
                }
            };
            // Its position counts every event before it, taken or lost.
            let lost_before = self.receiver.position().saturating_sub(self.taken + 1);
            if !sink.take(&event, lost_before.saturating_sub(self.lost_before))? {
                return Ok(End::Full);
            }
            self.lost_before = lost_before;
            self.taken += 1;
            // A flood must not keep Ctrl-C waiting.
            tokio::task::consume_budget().await;
        }
        Ok(End::Count)
    }

    /// Says how many more were lost, if any.
    fn tell_losses(&mut self) {
        let lost = self.receiver.lagged();
        if lost > self.lost {
            eprintln!("eventbus: lost {} events, {lost} in all", lost - self.lost);
            self.lost = lost;
        }
    }
}

fn refused(error: SubscribeError) -> Failure {
    match error {
        SubscribeError::Closed
        | SubscribeError::Timeout { .. }
        | SubscribeError::Disconnected { .. } => Failure::infrastructure(error, "cannot subscribe"),
        SubscribeError::Denied(_) => {
            Failure::Usage(anyhow::anyhow!("cannot subscribe: {error}; {PROVE_OPERATOR}"))
        }
        SubscribeError::DuplicateId { .. } => {
            Failure::Usage(anyhow::anyhow!("{error}; name another with --id"))
        }
        _ => Failure::Usage(anyhow::Error::new(error).context("cannot subscribe")),
    }
}
