//! How often a quiet system wakes, and that the count tells a restless one.

use std::time::{Duration, Instant};

use daemoneye_eventbus::BrokerConfig;
use libtest_mimic::{Failed, Trial};

use crate::switches::Switches;
use crate::system::System;

/// Longer than the heartbeat interval, so that every connection's heartbeats and their answers are
/// in.
const WINDOW: Duration = Duration::from_secs(11);
/// A shorter one is enough where much is to be seen.
const SHORT_WINDOW: Duration = Duration::from_secs(2);
/// How often a process looks that does not sleep: ten times as often as the limit.
const POLL: Duration = Duration::from_millis(20);
/// Switches a second of all threads of all processes together, which a quiet system does not reach.
const LIMIT: f64 = 5.0;

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str, test: fn() -> Result<(), Failed>| Trial::test(name, test);
    vec![
        of("a_quiet_system_wakes_less_than_five_times_a_second", || {
            let heartbeat = BrokerConfig::default().heartbeat_interval;
            assert!(heartbeat < WINDOW, "no heartbeat is sure to be in");
            let counted = Counted::of_a_quiet_system(None, WINDOW)?;
            assert!(counted.sum() > 0, "heartbeats wake somebody: nothing was counted");
            println!("{:.1} switches a second", counted.a_second());
            assert!(counted.a_second() < LIMIT, "{counted:?}");
            Ok(())
        }),
        of("a_system_with_a_process_that_polls_is_over", || {
            let counted = Counted::of_a_quiet_system(Some(POLL), SHORT_WINDOW)?;
            assert!(counted.a_second() >= LIMIT, "{counted:?}");
            Ok(())
        }),
    ]
}

/// Switches in a window.
#[derive(Debug)]
struct Counted {
    by_thread: Vec<(String, u64)>,
    seconds: f64,
}

impl Counted {
    fn of_a_quiet_system(looks_every: Option<Duration>, window: Duration) -> Result<Self, Failed> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let system = System::quiet(looks_every);
        let begun = Instant::now();
        let before = Switches::of(&system.processes());
        // Time itself is what is waited for: how often something happens in it is the question.
        runtime.block_on(async { tokio::time::sleep_until((begun + window).into()).await });
        let by_thread = Switches::of(&system.processes()).since(&before);
        let seconds = begun.elapsed().as_secs_f64();
        system.end();
        Ok(Self { by_thread, seconds })
    }

    fn sum(&self) -> u64 {
        self.by_thread.iter().map(|(_, switches)| switches).sum()
    }

    fn a_second(&self) -> f64 {
        self.sum() as f64 / self.seconds
    }
}
