//! What was in flight whenever the roll was called in a paced window, and what the stamps of the
//! same trial say about those moments (METHOD §2). Whether the two agree is the gates' to say.
//!
//! A count was taken at some moment between the question and the answer, both on the harness's
//! clock. So the stamps give bounds, not a guess: a host that stalls widens them and nothing else.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use super::actor::assignment::Part;
use super::processes::Answer;
use super::records::{Arrival, RecordsError, Timing, names, read_all};
use crate::record::InFlight;

/// A role stores its count beside its stamp, so each may be one event ahead or behind.
const AHEAD: u64 = 1;

/// The stamps of a trial, each row in order of time.
pub(super) struct Stamps {
    /// By publisher: when measured events were begun.
    begun_ns: Vec<Vec<u64>>,
    /// By subscriber: when they were received.
    received_ns: Vec<Vec<u64>>,
}

impl Stamps {
    /// Reads what the roles wrote; `measured` holds the numbers of each publisher's events that
    /// count.
    pub(super) fn read(
        directory: &Path,
        measured: &[Vec<RangeInclusive<u64>>],
        subscribers: usize,
    ) -> Result<Self, RecordsError> {
        let mut begun_ns = Vec::new();
        for (publisher, ranges) in measured.iter().enumerate() {
            let timings = read_all::<Timing>(&names::timing(directory, publisher))?;
            let counts =
                |timing: &&Timing| ranges.iter().any(|range| range.contains(&timing.sequence));
            begun_ns.push(timings.iter().filter(counts).map(|timing| timing.call_ns).collect());
        }
        let mut received_ns = Vec::new();
        for subscriber in 0..subscribers {
            let arrivals = read_all::<Arrival>(&names::arrivals(directory, subscriber))?;
            received_ns.push(arrivals.iter().map(|arrival| arrival.receive_ns).collect());
        }
        Ok(Self { begun_ns, received_ns })
    }

    /// What was in flight at each call of the roll that everybody answered. Nothing where some
    /// subscriber does not receive everything: what it never gets is not on its way.
    pub(super) fn in_flight<'p>(
        &self,
        answers: &[Answer],
        parts: impl Fn(usize) -> &'p [Part],
    ) -> Vec<InFlight> {
        let begun: usize = self.begun_ns.iter().map(Vec::len).sum();
        if self.received_ns.iter().any(|received| received.len() != begun) {
            return Vec::new();
        }
        let mut calls: BTreeMap<u64, Moment> = BTreeMap::new();
        for answer in answers {
            calls.entry(answer.call).or_default().add(self, answer, parts(answer.actor));
        }
        let roles = self.begun_ns.len() + self.received_ns.len();
        let whole = calls.into_values().filter(|moment| moment.roles == roles);
        whole.map(|moment| moment.in_flight(self.received_ns.len() as u64)).collect()
    }
}

/// Sums over the roles of one call.
#[derive(Default)]
struct Moment {
    roles: usize,
    published: u64,
    received: u64,
    /// At the question, and at the answer.
    begun: (u64, u64),
    arrived: (u64, u64),
}

impl Moment {
    fn add(&mut self, stamps: &Stamps, answer: &Answer, parts: &[Part]) {
        self.published += answer.published;
        self.received += answer.received;
        for part in parts {
            let (row, sum) = match *part {
                Part::Bus | Part::Desk | Part::Member(_) | Part::Callers(_) => continue,
                Part::Publisher(index) => (&stamps.begun_ns[index], &mut self.begun),
                Part::Subscriber(index) => (&stamps.received_ns[index], &mut self.arrived),
            };
            let until = |moment_ns| row.partition_point(|at| *at <= moment_ns) as u64;
            self.roles += 1;
            sum.0 += until(answer.asked_ns);
            sum.1 += until(answer.heard_ns);
            if matches!(part, Part::Publisher(_)) {
                sum.1 += AHEAD;
            } else {
                sum.0 = sum.0.saturating_sub(AHEAD);
            }
        }
    }

    /// Every subscriber is owed every event.
    fn in_flight(&self, subscribers: u64) -> InFlight {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let less = |owed: u64, had: u64| signed(owed * subscribers) - signed(had);
        InFlight {
            counted: less(self.published, self.received),
            least: less(self.begun.0, self.arrived.1),
            most: less(self.begun.1, self.arrived.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::records::write_all;

    const MS: u64 = 1_000_000;
    const EVENTS: u64 = 100;
    /// Time in flight.
    const FLIGHT: u64 = 5 * MS;

    /// One event each millisecond to two subscribers, after two that do not count; the stamps of
    /// the second subscriber are `ahead` of the clock.
    fn stamps(ahead: u64) -> Stamps {
        let folder = tempfile::tempdir().expect("a folder");
        let moment = |sequence: u64| 1_000 * MS + sequence * MS;
        let timing = |sequence| Timing { sequence, call_ns: moment(sequence), ..Timing::default() };
        let timings: Vec<Timing> = (1..=EVENTS + 2).map(timing).collect();
        write_all(&names::timing(folder.path(), 0), &timings).expect("written");
        for (subscriber, ahead) in [(0, 0), (1, ahead)] {
            let arrival = |sequence| {
                let receive_ns = moment(sequence) + FLIGHT - ahead;
                Arrival { sequence, receive_ns, ..Arrival::default() }
            };
            let arrivals: Vec<Arrival> = (3..=EVENTS + 2).map(arrival).collect();
            write_all(&names::arrivals(folder.path(), subscriber), &arrivals).expect("written");
        }
        Stamps::read(folder.path(), &[vec![3..=EVENTS + 2]], 2).expect("read")
    }

    const PARTS: [&[Part]; 3] =
        [&[Part::Publisher(0)], &[Part::Subscriber(0)], &[Part::Bus, Part::Subscriber(1)]];

    /// Fifty events are begun, and 45 received by each, when the roll is called.
    fn answers() -> [Answer; 3] {
        let (asked_ns, heard_ns) = (1_052 * MS, 1_052 * MS + MS / 2);
        [(0, 50, 0), (1, 0, 45), (2, 0, 45)].map(|(actor, published, received)| Answer {
            call: 7,
            actor,
            asked_ns,
            heard_ns,
            published,
            received,
        })
    }

    #[test]
    fn true_stamps_agree_with_what_was_counted() {
        let found = stamps(0).in_flight(&answers(), |actor| PARTS[actor]);
        assert_eq!(found, [InFlight { counted: 10, least: 10, most: 14 }]);
    }

    #[test]
    fn a_clock_that_is_ahead_shows_as_more_in_flight_than_the_stamps_allow() {
        let found = stamps(20 * MS).in_flight(&answers(), |actor| PARTS[actor]);
        let [InFlight { counted, most, .. }] = found[..] else { panic!("{found:?}") };
        assert!(counted > most, "{found:?}");
    }

    #[test]
    fn a_call_that_somebody_did_not_answer_says_nothing() {
        assert_eq!(stamps(0).in_flight(&answers()[..2], |actor| PARTS[actor]), []);
    }
}
