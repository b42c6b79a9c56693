//! A traced trial: where the time of events goes, hop by hop (METHOD §11).
//!
//! A trial like any other in which the bus, and whoever hosts a part of it, keeps a log of hops. What the
//! logs say is joined here by the numbers that events have on the wire. No trial that is judged has one.
//!
//! `join` goes from stamps to times; what actors leave is in [`hop_notes`](super::hop_notes).

mod join;

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use daemoneye_eventbus::hops::Hop;
use rustc_hash::FxHashMap;

use self::join::{Ends, Followed, Joined};
use super::error::DriveError;
use super::hop_notes::{LIMIT_STAMPS, Sighted, names, read_log};
use super::interrupt::Interrupt;
use super::records::{self, RecordsError, Timing, read_all};
use super::trial::{TrialRequest, run};
use crate::plan::{Bus, Case, Count, Deployment, Publish, Rate};
use crate::record::{TracedTrial, Trial, Validity};

/// Stamps of an event in the log that has most of them, the broker's, beside one for each receiver: two, and
/// room for half as many again, since fences are events, too.
const SHARED_STAMPS: u64 = 3;

/// The hops there are on a bus, in the order an event takes them; none on a broker of others, into which
/// nobody looks, and on buses that keep no log.
pub fn hops_of(bus: Bus) -> &'static [Hop] {
    const AGENT: [Hop; 5] =
        [Hop::Encode, Hop::SendQueue, Hop::BrokerWake, Hop::Route, Hop::SubscriberWake];
    const EMBEDDED: [Hop; 2] = [Hop::Route, Hop::SubscriberWake];
    const IN_PROCESS: [Hop; 4] = [Hop::SendQueue, Hop::BrokerWake, Hop::Route, Hop::SubscriberWake];
    match bus.deployment() {
        _ if bus.is_peer() || matches!(bus, Bus::Broadcast | Bus::Sharing) => &[],
        Deployment::Process => &Hop::ALL,
        Deployment::Agent => &AGENT,
        Deployment::Embedded => &EMBEDDED,
        Deployment::InProcess => &IN_PROCESS,
    }
}

/// Runs one trial of a paced case with logs of hops; what it measured as any other does, and what became of
/// the hops. What it takes to compare it with those that are judged is left open.
pub async fn run_traced(
    request: TrialRequest<'_>,
    interrupt: Interrupt,
) -> Result<(Trial, TracedTrial), DriveError> {
    let (case, bus, directory) = (request.case, request.bus, request.directory);
    let every = every(case);
    let trial = run(request, Some(every), interrupt).await?.trial;
    let (joined, left_out) = read(case, bus, directory)?;
    let (samples, mean_ns, p50_ns) = joined.whole();
    let traced = TracedTrial {
        case: case.id.clone(),
        bus,
        validity: match (&trial.validity, joined.disorder()) {
            (Validity::Valid, Some(why)) => Validity::Invalid(why),
            (Validity::Valid, None) if samples == 0 => {
                Validity::Invalid("no event was followed through every hop".to_owned())
            }
            (validity, _) => validity.clone(),
        },
        every: every.get(),
        samples,
        mean_ns,
        p50_ns,
        whole_mean_ns: trial.figures.service.as_ref().map(|service| service.mean_ns as f64),
        judged_mean_ns: None,
        hops: joined.times(),
        unjoined: joined.unjoined(),
        left_out,
    };
    Ok((trial, traced))
}

/// One event of so many is followed: as few as the fullest log has room for. An odd number, so that it does
/// not fall in step with what comes in twos.
fn every(case: &Case) -> NonZeroU64 {
    let publishes = case.phases.iter().flat_map(|phase| &phase.publish);
    let events: f64 = publishes.map(events).sum();
    let stamps = events * (SHARED_STAMPS + case.topology.subscribers.len() as u64) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a quotient of positive numbers; a float saturates where it is beyond an integer"
    )]
    let every = (stamps / LIMIT_STAMPS as f64).ceil() as u64;
    NonZeroU64::MIN.saturating_add(every & !1)
}

/// Events a publisher has in a phase.
fn events(publish: &Publish) -> f64 {
    match (publish.count, publish.rate) {
        (Count::Events(events), _) => events as f64,
        (Count::ForMs(ms), Rate::PerSecond(per_s, _)) => per_s * ms as f64 / 1e3,
        (Count::ForMs(_) | Count::UntilRefused, _) => 0.0,
    }
}

/// What the files of a traced trial say, and how many stamps found no room.
fn read(case: &Case, bus: Bus, directory: &Path) -> Result<(Joined, u64), RecordsError> {
    let topology = &case.topology;
    let mut ends = Ends::default();
    let mut left_out = 0;
    let mut add = |path: PathBuf| -> Result<Option<u64>, RecordsError> {
        let log = read_log(&path)?;
        ends.add(&log.stamps);
        left_out += log.left_out;
        Ok(log.stamps.iter().map(|stamp| stamp.receiver).find(|receiver| *receiver != 0))
    };
    add(names::bus(directory))?;
    let is_far = [Deployment::Agent, Deployment::Process].contains(&bus.deployment());
    for publisher in (0..topology.publishers.len()).filter(|_| is_far) {
        add(names::publisher(directory, publisher))?;
    }
    // Whoever reads from a socket has the life of its connection in its own stamps.
    let mut lives = vec![0; topology.subscribers.len()];
    for (subscriber, life) in lives.iter_mut().enumerate() {
        if bus.deployment() == Deployment::Process {
            *life = add(names::subscriber(directory, subscriber))?.unwrap_or_default();
        }
    }
    let mut calls: FxHashMap<(u64, u64), u64> = FxHashMap::default();
    for publisher in 0..topology.publishers.len() {
        for timing in read_all::<Timing>(&records::names::timing(directory, publisher))? {
            calls.insert((publisher as u64, timing.sequence), timing.call_ns);
        }
    }
    let mut joined = Joined::new(hops_of(bus));
    for (subscriber, receiver) in lives.into_iter().enumerate() {
        for sighted in read_all::<Sighted>(&names::sighted(directory, subscriber))? {
            let Sighted { publisher, sequence, incarnation, number, receive_ns } = sighted;
            let call_ns = calls.get(&(publisher, sequence)).copied();
            let followed = Followed { incarnation, number, receiver, call_ns, receive_ns };
            joined.add(&ends, &followed);
        }
    }
    Ok((joined, left_out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Arrivals, Phase};

    #[test]
    fn as_many_events_are_followed_as_the_fullest_log_has_room_for() {
        let case = |count| {
            let rate = Rate::PerSecond(10_000.0, Arrivals::Constant);
            let publish = vec![Publish { publisher: 0, count, rate }; 2];
            let phases = vec![Phase { publish, ..Phase::bare("all") }];
            Case { phases, ..Case::bare("a/b", Vec::new(), Vec::new()) }
        };
        let room = LIMIT_STAMPS as u64 / SHARED_STAMPS / 2;
        assert_eq!(every(&case(Count::Events(room))).get(), 1);
        assert_eq!(every(&case(Count::Events(room + 1))).get(), 3);
        assert_eq!(every(&case(Count::ForMs(2_000))).get(), 3, "of 40 000");
        for events in [1, 1_000, 1_000_000, 1_000_000_000] {
            let every = every(&case(Count::Events(events))).get();
            assert!(2 * events / every * SHARED_STAMPS <= LIMIT_STAMPS as u64, "{events}");
            assert_eq!(every % 2, 1);
        }
    }

    #[test]
    fn a_way_ends_where_somebody_receives() {
        for bus in Bus::ALL {
            let hops = hops_of(bus);
            assert!(hops.is_sorted(), "{bus:?}");
            let keeps_none = bus.is_peer() || matches!(bus, Bus::Broadcast | Bus::Sharing);
            assert_eq!(hops.is_empty(), keeps_none);
        }
    }
}
