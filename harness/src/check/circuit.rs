//! C11: a circuit that has opened refuses for its cool-down, room or not, then tries one event, and
//! that one decides; counters show its state.
//!
//! A model follows each subscription of the policy through what arrived and what was lost of one
//! publisher's matches, in order. It knows from stamps alone between which two moments the circuit
//! opened; where they leave open whether an event was tried, both are allowed. A queue is surely
//! empty once all that came through it was received before the next was published.

use std::collections::BTreeMap;

use daemoneye_eventbus::OverflowPolicy;
use daemoneye_eventbus::contract::{BreakerConfig, BreakerState};

use super::findings::{Findings, Witness, at_life, message, subscriber_name};
use super::life::Life;
use super::oracle::Match;
use super::regions;
use super::report::Check;
use super::trace::{Item, NEVER_NS, Trace};
use crate::record::Outcome;

/// Looks at every subscription behind a circuit whose matches are all of one publisher.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for life in &trace.lives {
        let subscription = &trace.case.topology.subscribers[life.subscriber].subscription;
        let OverflowPolicy::CircuitBreak(config) = subscription.policy else { continue };
        if let Some(offered) = offered(trace, life) {
            Circuit::new(trace, life, config).follow(&offered, findings);
        }
    }
}

/// The matches of a life in the order they were offered, each with its arrival; `None` where that
/// is not known, or nobody reads to the end.
fn offered(trace: &Trace<'_>, life: &Life) -> Option<Vec<Offered>> {
    let mut arrivals: BTreeMap<u32, u64> = BTreeMap::new();
    for arrival in &life.arrivals {
        arrivals.insert(arrival.item, trace.received(life, arrival.at).receive_ns);
    }
    let mut offered = Vec::new();
    for (number, item) in (0_u32..).zip(&trace.items) {
        match trace.matches(life.subscriber, number as usize) {
            Match::No => continue,
            Match::Undecided => return None,
            Match::Yes => {}
        }
        let is_sure = item.published.outcome == Outcome::Ok
            && regions::is_inside(trace, life, number as usize);
        if !is_sure || trace.is_beside(life.subscriber, number as usize) {
            return None;
        }
        offered.push(Offered { number, item: *item, received_ns: arrivals.get(&number).copied() });
    }
    let first = offered.first()?.item.publisher;
    let is_of_one = offered.iter().all(|one| one.item.publisher == first);
    (is_of_one && life.reads_all && life.strangers.is_empty()).then_some(offered)
}

/// One match.
struct Offered {
    number: u32,
    item: Item,
    /// `None` for one that was lost.
    received_ns: Option<u64>,
}

/// What is known of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many losses in its window, which began with the first.
    Closed { losses: u32, began_ns: u64 },
    /// It opened between these moments.
    Open { earliest_ns: u64, latest_ns: u64 },
}

const CLOSED: State = State::Closed { losses: 0, began_ns: 0 };

/// The model of one circuit.
struct Circuit<'a, 'h> {
    trace: &'a Trace<'h>,
    life: &'a Life,
    losses: u32,
    window_ns: u64,
    cool_down_ns: u64,
    state: State,
    /// When the last of what came through so far was received.
    emptied_ns: u64,
}

impl<'a, 'h> Circuit<'a, 'h> {
    fn new(trace: &'a Trace<'h>, life: &'a Life, config: BreakerConfig) -> Self {
        let ns = |duration: std::time::Duration| u64::try_from(duration.as_nanos());
        Self {
            trace,
            life,
            losses: config.losses,
            window_ns: ns(config.window).unwrap_or(NEVER_NS),
            cool_down_ns: ns(config.cool_down).unwrap_or(NEVER_NS),
            state: CLOSED,
            emptied_ns: 0,
        }
    }

    fn follow(mut self, offered: &[Offered], findings: &mut Findings<'_, '_>) {
        let mut phase = 0;
        for one in offered {
            while phase < one.item.published.phase {
                self.counters(phase, findings);
                phase += 1;
            }
            let is_known = match one.received_ns {
                Some(received_ns) => self.arrived(one, received_ns, findings),
                None => self.lost(one, findings),
            };
            if !is_known {
                return;
            }
        }
        for phase in phase..u32::try_from(self.trace.case.phases.len()).unwrap_or(u32::MAX) {
            self.counters(phase, findings);
        }
    }

    /// What arrives closes the circuit, and comes no sooner than one is tried.
    fn arrived(
        &mut self,
        one: &Offered,
        received_ns: u64,
        findings: &mut Findings<'_, '_>,
    ) -> bool {
        findings.judged(Check::Circuit, 1);
        if let State::Open { earliest_ns, .. } = self.state {
            let open_ns = received_ns.saturating_sub(earliest_ns);
            if open_ns < self.cool_down_ns {
                self.wrong(one, findings, || {
                    format!(
                        "received {} at most {} ms after its circuit had opened, and its \
                         cool-down is {} ms",
                        message(self.trace, one.number),
                        ms(open_ns),
                        ms(self.cool_down_ns)
                    )
                });
            }
            self.state = CLOSED;
        }
        self.emptied_ns = self.emptied_ns.max(received_ns);
        true
    }

    /// What is lost found no room or an open circuit; enough of it opens one. Whether the state is
    /// known afterwards.
    fn lost(&mut self, one: &Offered, findings: &mut Findings<'_, '_>) -> bool {
        findings.judged(Check::Circuit, 1);
        let (call_ns, latest_ns) = (one.item.published.call_ns, one.item.settled_ns);
        let has_room = self.emptied_ns < call_ns;
        let opened = State::Open { earliest_ns: call_ns, latest_ns };
        match self.state {
            State::Closed { losses, began_ns } => {
                if has_room {
                    let told = || {
                        format!(
                            "lost {}, though its queue was empty and its circuit \
                         closed",
                            message(self.trace, one.number)
                        )
                    };
                    self.wrong(one, findings, told);
                }
                let began_ns = if losses == 0 { call_ns } else { began_ns };
                // A window that may have ended in between leaves the count open.
                if latest_ns.saturating_sub(began_ns) > self.window_ns {
                    return false;
                }
                let losses = losses + 1;
                let is_open = losses >= self.losses;
                self.state = if is_open { opened } else { State::Closed { losses, began_ns } };
            }
            State::Open { earliest_ns, latest_ns: opened_ns } => {
                let refused_until_ns = earliest_ns.saturating_add(self.cool_down_ns);
                let tried_from_ns = opened_ns.saturating_add(self.cool_down_ns);
                if latest_ns < refused_until_ns {
                    return true;
                }
                if call_ns < tried_from_ns {
                    let latest_ns = opened_ns.max(latest_ns);
                    self.state = State::Open { earliest_ns, latest_ns };
                    return true;
                }
                if has_room {
                    let told = || {
                        format!(
                            "lost {}, though its queue was empty and its circuit \
                         had cooled down",
                            message(self.trace, one.number)
                        )
                    };
                    self.wrong(one, findings, told);
                }
                self.state = opened;
            }
        }
        true
    }

    /// The bus's counters at the end of a phase show the state as of the last event.
    fn counters(&self, phase: u32, findings: &mut Findings<'_, '_>) {
        let phase = phase as usize;
        let samples = &self.trace.history.statistics_samples;
        let phases = &self.trace.case.phases;
        // Without a fence the bus may not have seen all of the phase yet.
        if samples.len() != phases.len() || !phases[phase].fence {
            return;
        }
        let id = &self.trace.case.topology.subscribers[self.life.subscriber].subscription;
        let mut rows = samples[phase].subscriptions.iter();
        let Some(row) = rows.find(|row| row.subscriber_id == id.subscriber_id) else { return };
        findings.judged(Check::Circuit, 1);
        let wanted = match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
        };
        if row.breaker != wanted {
            let name = subscriber_name(self.trace, self.life.subscriber);
            findings.violated(Check::Circuit, || Witness {
                sentence: format!(
                    "the counters after phase {:?} call the circuit of {name} {:?}, and by what it \
                     received it is {wanted:?}",
                    phases[phase].name, row.breaker
                ),
                publisher: None,
                subscriber: Some(self.life.subscriber),
                messages: Vec::new(),
            });
        }
    }

    fn wrong(&self, one: &Offered, findings: &mut Findings<'_, '_>, told: impl FnOnce() -> String) {
        findings.violated(Check::Circuit, || {
            let name = subscriber_name(self.trace, self.life.subscriber);
            at_life(self.trace, self.life, &[one.number], format!("{name} {}", told()))
        });
    }
}

/// Milliseconds, for sentences.
fn ms(ns: u64) -> u64 {
    ns / 1_000_000
}
