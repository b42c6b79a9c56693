//! How often the broker allocates for an event, and that the count tells one that does.

use libtest_mimic::{Failed, Trial};

use crate::broker::{Broker, WATCHDOG, Within};
use crate::traffic::Traffic;

/// Events before the count, for buffers and routes to be what they stay; as many again are counted.
const EVENTS: u64 = 12_800;
/// Allocations an event, which a broker in steady state does not reach.
const LIMIT: f64 = 0.01;
/// Events on their way at once.
const BURST: u64 = 64;

pub(crate) fn trials() -> Vec<Trial> {
    let steady = |name: &str, subscribers: usize, burst: u64| {
        Trial::test(name, move || {
            let an_event = allocations_an_event(Within::Nobody, subscribers, burst)?;
            println!("{subscribers} subscribers, bursts of {burst}: {an_event:.4} an event");
            assert!(an_event < LIMIT, "{an_event} allocations an event");
            Ok(())
        })
    };
    vec![
        steady("an_event_that_comes_alone_takes_no_memory", 1, 1),
        steady("a_burst_takes_no_memory", 1, BURST),
        steady("an_event_for_four_takes_no_memory", 4, 1),
        steady("a_burst_for_four_takes_no_memory", 4, BURST),
        Trial::test("a_broker_that_decodes_each_event_is_over", || {
            let an_event = allocations_an_event(Within::AReceiver, 1, BURST)?;
            assert!(an_event >= 1.0, "{an_event} allocations an event");
            Ok(())
        }),
    ]
}

/// Of the broker's process, its first events left out.
fn allocations_an_event(within: Within, subscribers: usize, burst: u64) -> Result<f64, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut broker = Broker::start(within);
    let measured = async {
        let mut traffic = Traffic::begin(&broker.address.clone(), subscribers).await;
        traffic.exchange(EVENTS / burst, burst).await;
        let before = broker.allocations();
        traffic.exchange(EVENTS / burst, burst).await;
        let allocations = broker.allocations() - before;
        traffic.end().await;
        allocations
    };
    let allocations = runtime.block_on(async { tokio::time::timeout(WATCHDOG, measured).await });
    broker.end();
    Ok(allocations? as f64 / EVENTS as f64)
}
