//! C5: one total order per lane explains what every subscriber saw.
//!
//! Each subscription's arrivals are a chain; the chains agree exactly when their union has no
//! cycle, which a topological sort tells in time linear in the arrivals. Events that broke C4 or
//! C3 are left out: they are reported there.

use super::findings::{Findings, Witness, message, subscriber_name};
use super::life::Order;
use super::report::Check;
use super::trace::{Lane, Trace};

/// Most events listed for a disagreement that no two subscriptions show alone.
const MAX_CYCLE_MESSAGES: usize = 8;

/// The shared events of one subscription in one lane, as they arrived.
struct Chain {
    subscriber: usize,
    items: Vec<u32>,
}

/// Looks at both lanes.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    // The order of a broker ends with it: what is sent again gets its place anew.
    if trace.case.restarts() {
        return;
    }
    for lane in [Lane::Events, Lane::Control] {
        let chains = chains(trace, lane);
        let unordered = unordered(&chains, trace.items.len());
        findings.judged(Check::TotalOrder, unordered.shared);
        if !unordered.items.is_empty() {
            findings.violated(Check::TotalOrder, || {
                let by_pair = two_that_disagree(trace, &chains, &unordered.rest);
                by_pair.unwrap_or_else(|| many_that_disagree(trace, &chains, &unordered))
            });
        }
    }
}

fn chains(trace: &Trace<'_>, lane: Lane) -> Vec<Chain> {
    let mut seen = vec![0_u8; trace.items.len()];
    let mut chains: Vec<Chain> = Vec::new();
    for life in &trace.lives {
        let mut items = Vec::with_capacity(life.arrivals.len());
        for arrival in life.arrivals.iter().filter(|arrival| arrival.order == Order::Kept) {
            let item = &trace.items[arrival.item as usize];
            if !item.is_fence() && item.lane == Some(lane) {
                let count = &mut seen[arrival.item as usize];
                *count = count.saturating_add(1);
                items.push(arrival.item);
            }
        }
        chains.push(Chain { subscriber: life.subscriber, items });
    }
    for chain in &mut chains {
        chain.items.retain(|item| seen[*item as usize] > 1);
    }
    chains
}

/// What a topological sort could not place.
struct Unordered {
    /// Events that two subscriptions or more received.
    shared: u64,
    /// Events on a cycle, or after one.
    items: Vec<u32>,
    /// The same, by item.
    rest: Vec<bool>,
}

fn unordered(chains: &[Chain], items: usize) -> Unordered {
    let (starts, successors) = successors(chains, items);
    let mut waiting_for = vec![0_u32; items];
    for item in &successors {
        waiting_for[*item as usize] += 1;
    }
    let mut rest = vec![false; items];
    let mut shared: Vec<u32> = Vec::new();
    for item in chains.iter().flat_map(|chain| &chain.items) {
        if !std::mem::replace(&mut rest[*item as usize], true) {
            shared.push(*item);
        }
    }
    let mut ready: Vec<u32> =
        shared.iter().copied().filter(|item| waiting_for[*item as usize] == 0).collect();
    while let Some(item) = ready.pop() {
        rest[item as usize] = false;
        for next in &successors[starts[item as usize]..starts[item as usize + 1]] {
            waiting_for[*next as usize] -= 1;
            if waiting_for[*next as usize] == 0 {
                ready.push(*next);
            }
        }
    }
    let count = shared.len() as u64;
    shared.retain(|item| rest[*item as usize]);
    Unordered { shared: count, items: shared, rest }
}

/// Who directly follows whom: for item `i`, `successors[starts[i]..starts[i + 1]]`.
fn successors(chains: &[Chain], items: usize) -> (Vec<usize>, Vec<u32>) {
    let steps = || chains.iter().flat_map(|chain| chain.items.windows(2));
    let mut starts = vec![0_usize; items + 1];
    steps().for_each(|step| starts[step[0] as usize + 1] += 1);
    for item in 0..items {
        starts[item + 1] += starts[item];
    }
    let mut free = starts.clone();
    let mut successors = vec![0_u32; starts[items]];
    for step in steps() {
        let place = &mut free[step[0] as usize];
        successors[*place] = step[1];
        *place += 1;
    }
    (starts, successors)
}

fn two_that_disagree(trace: &Trace<'_>, chains: &[Chain], rest: &[bool]) -> Option<Witness> {
    let mut place = vec![None::<u32>; trace.items.len()];
    for (index, one) in chains.iter().enumerate() {
        for (at, item) in (0_u32..).zip(&one.items) {
            place[*item as usize] = rest[*item as usize].then_some(at);
        }
        for other in &chains[index + 1..] {
            let shared = || other.items.iter().filter(|item| place[**item as usize].is_some());
            let turned = shared()
                .zip(shared().skip(1))
                .find(|(first, second)| place[**first as usize] > place[**second as usize]);
            if let Some((first, second)) = turned {
                return Some(pair_witness(trace, one, other, *first, *second));
            }
        }
        one.items.iter().for_each(|item| place[*item as usize] = None);
    }
    None
}

fn pair_witness(trace: &Trace<'_>, one: &Chain, other: &Chain, first: u32, second: u32) -> Witness {
    let messages = vec![message(trace, first), message(trace, second)];
    Witness {
        sentence: format!(
            "{} received {} before {}, but {} received them the other way round",
            subscriber_name(trace, other.subscriber),
            messages[0],
            messages[1],
            subscriber_name(trace, one.subscriber),
        ),
        publisher: None,
        subscriber: Some(other.subscriber),
        messages,
    }
}

fn many_that_disagree(trace: &Trace<'_>, chains: &[Chain], unordered: &Unordered) -> Witness {
    let mut before = vec![None::<u32>; trace.items.len()];
    for step in chains.iter().flat_map(|chain| chain.items.windows(2)) {
        if unordered.rest[step[0] as usize] {
            before[step[1] as usize] = Some(step[0]);
        }
    }
    let mut visited = vec![false; trace.items.len()];
    let mut at = unordered.items[0];
    while !std::mem::replace(&mut visited[at as usize], true) {
        at = before[at as usize].expect("every unordered event follows an unordered one");
    }
    let mut cycle = vec![at];
    let back = |item: u32| before[item as usize].filter(|earlier| *earlier != at);
    while let Some(earlier) = cycle.last().and_then(|item| back(*item)) {
        cycle.push(earlier);
    }
    let subscribers = chains.iter().filter(|chain| !chain.items.is_empty()).count();
    Witness {
        sentence: format!(
            "no single order explains what {subscribers} subscriptions received: {} events form a \
             circle",
            cycle.len()
        ),
        publisher: None,
        subscriber: None,
        messages: cycle.iter().take(MAX_CYCLE_MESSAGES).map(|item| message(trace, *item)).collect(),
    }
}
