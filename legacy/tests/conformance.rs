//! The conformance suite on every in-process bus, every way to build it: one named test per case.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::conformance::{
    Case, Conditions, Fixture, Queue, Stall, Subject, Traits, cases, run,
};
use legacy_buses::broadcast::{BroadcastConfig, BroadcastEventBus};
use legacy_buses::crossbeam::{CrossbeamConfig, HandOff, LocalEventBus, Sharing};
use legacy_buses::sharing::{SharingConfig, SharingEventBus};
use libtest_mimic::{Arguments, Trial};

/// Events in the central queue: small, so that a stalled bus fills at once.
const CENTRAL_CAPACITY_EVENTS: usize = 8;
/// How long a fixture may take to hand over what a case left in the bus.
const CLOSE_LIMIT: Duration = Duration::from_millis(200);

#[derive(Clone, Copy)]
struct Crossbeam {
    hand_off: HandOff,
    sharing: Sharing,
}

/// In this ring nobody lags: it holds more events than any case publishes.
#[derive(Clone, Copy)]
struct Broadcast {
    backpressure: bool,
}

/// The multiplexer.
#[derive(Clone, Copy)]
struct Multiplexer;

struct OneBus(Arc<dyn EventBus>);

#[async_trait]
impl Subject for Crossbeam {
    fn name(&self) -> String {
        format!("crossbeam-{:?}-{:?}", self.hand_off, self.sharing).to_lowercase()
    }

    fn traits(&self) -> Traits {
        Traits {
            // The central queue, and the event in the routing thread's hand.
            stall: Stall::Exact { beyond_capacity: CENTRAL_CAPACITY_EVENTS + 1 },
            queue: Queue::Exact,
            drops_oldest: true,
            several_connections: false,
        }
    }

    async fn open(&self, conditions: Conditions) -> Box<dyn Fixture> {
        let bus = LocalEventBus::new(&CrossbeamConfig {
            central_capacity: Some(CENTRAL_CAPACITY_EVENTS),
            subscriber_limit: conditions.subscriber_limit,
            publish_limit: conditions.publish_limit,
            hand_off: self.hand_off,
            sharing: self.sharing,
            ..CrossbeamConfig::default()
        });
        Box::new(OneBus(Arc::new(bus.expect("the configuration is valid"))))
    }
}

#[async_trait]
impl Subject for Broadcast {
    fn name(&self) -> String {
        let name = if self.backpressure { "broadcast-backpressure" } else { "broadcast" };
        name.to_owned()
    }

    fn traits(&self) -> Traits {
        // With backpressure a stalled subscriber leaves room for what fits the ring, whatever its
        // own capacity: the bus's own tests hold that.
        Traits {
            stall: Stall::Never,
            queue: Queue::Shared,
            drops_oldest: false,
            several_connections: false,
        }
    }

    async fn open(&self, conditions: Conditions) -> Box<dyn Fixture> {
        let bus = BroadcastEventBus::new(&BroadcastConfig {
            subscriber_limit: conditions.subscriber_limit,
            publish_limit: conditions.publish_limit,
            backpressure: self.backpressure,
            ..BroadcastConfig::default()
        });
        Box::new(OneBus(Arc::new(bus.expect("the configuration is valid"))))
    }
}

#[async_trait]
impl Subject for Multiplexer {
    fn name(&self) -> String {
        "sharing".to_owned()
    }

    fn traits(&self) -> Traits {
        Traits {
            stall: Stall::Never,
            queue: Queue::Exact,
            drops_oldest: true,
            several_connections: false,
        }
    }

    async fn open(&self, conditions: Conditions) -> Box<dyn Fixture> {
        let bus = SharingEventBus::new(&SharingConfig {
            subscriber_limit: conditions.subscriber_limit,
            publish_limit: conditions.publish_limit,
            ..SharingConfig::default()
        });
        Box::new(OneBus(Arc::new(bus.expect("the configuration is valid"))))
    }
}

#[async_trait]
impl Fixture for OneBus {
    async fn handle(&self, _name: &str) -> Arc<dyn EventBus> {
        Arc::clone(&self.0)
    }

    async fn close(&self) {
        // A case may leave a full subscriber behind: what it did not read is lost here.
        let _ = self.0.shutdown(CLOSE_LIMIT).await;
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for hand_off in [HandOff::Blocking, HandOff::Spinning] {
        for sharing in [Sharing::Arc, Sharing::Clone] {
            let subject = Crossbeam { hand_off, sharing };
            trials.extend(cases().into_iter().map(|case| trial(subject, case)));
        }
    }
    for backpressure in [false, true] {
        let subject = Broadcast { backpressure };
        trials.extend(cases().into_iter().map(|case| trial(subject, case)));
    }
    trials.extend(cases().into_iter().map(|case| trial(Multiplexer, case)));
    libtest_mimic::run(&arguments, trials).exit();
}

/// A case that does not apply is listed as ignored, with the reason before its name.
fn trial(subject: impl Subject + Copy + 'static, case: Case) -> Trial {
    let name = format!("{}::{}", subject.name(), case.name());
    let trial = Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        Ok(runtime.block_on(run(&case, &subject))?)
    });
    match case.why_not(&subject) {
        Some(reason) => {
            trial.with_kind(format!("does not apply: {reason}")).with_ignored_flag(true)
        }
        None => trial,
    }
}
