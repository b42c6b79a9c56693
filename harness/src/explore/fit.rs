//! The scenario that is like a recording and smaller: a mix for each publisher, at its mean rate and with
//! gaps that vary as they did, for as long as it takes to see that. It needs no recording beside it.

use std::collections::BTreeMap;

use daemoneye_eventbus::{EventKind, Priority};

use super::recorded::{correlate, sketch};
use super::sketch::Sketch;
use crate::plan::{Arrivals, Count, MixPart, Phase, Publish, PublisherSpec, Rate};
use crate::scenario::{RecordedEvent, Recording};

/// How long a fitted scenario publishes at most, seconds: a dozen scans of a collector.
const FITTED_S: f64 = 2.0;
/// Events of all its publishers, about: enough that shares of a percent show.
const FITTED_EVENTS: f64 = 500.0;
/// Sum of the weights of a mix, at most, unless it has more parts: shares are told in percent.
const MAX_CYCLE: u64 = 100;
/// Publishing that would take longer than so many times as long as the others' goes faster.
const MAX_STRETCH: f64 = 2.0;
/// Squared coefficients of variation of gaps: 0 where they are equal, 1 where they are exponential.
/// Below the first they are taken for equal, from the second on for bursts.
const MOST_EVEN: f64 = 0.5;
const LEAST_BURSTY: f64 = 2.0;
const NS_PER_S: f64 = 1e9;

/// What a part of a mix has in common: everything but its size, of which it has a band.
type Band = (String, EventKind, Option<Priority>, u32);

/// The sketch of the scenario of this name that is like a recording, which lies in a scenario's folder
/// under the name `of`.
pub fn fitted(name: &str, of: &str, recording: &Recording) -> Sketch {
    let span_s = recording.span_ns() as f64 / NS_PER_S;
    let all = recording.events().len() as f64;
    // Of a burst that had no duration nothing is cut but events.
    let share = (FITTED_EVENTS / all).min(1.0);
    let lasts_s = (span_s * share).min(FITTED_S);
    let kept = if span_s > 0.0 { lasts_s / span_s } else { share };
    let fits: Vec<Fit> = (0..recording.publishers.len())
        .map(|number| Fit::of(recording, number, kept, lasts_s))
        .collect();
    let publish = fits.iter().enumerate().map(|(publisher, fit)| Publish {
        publisher,
        count: Count::Events(fit.events),
        rate: fit.rate,
    });
    let phase = Phase { publish: publish.collect(), ..Phase::bare("fitted") };
    let summary = summary(of, recording, &fits);
    let publishers = fits.into_iter().map(|fit| fit.publisher).collect();
    sketch(name, summary, publishers, recording, phase)
}

/// One publisher, fitted.
#[derive(Debug)]
struct Fit {
    publisher: PublisherSpec,
    /// How many it publishes: whole cycles of its mix, so that its shares are exact.
    events: u64,
    rate: Rate,
    /// Its mean rate in the recording, events per second; 0 where that had no duration.
    recorded_per_s: f64,
}

impl Fit {
    /// Keeps about this part of a publisher's events, within about so many seconds.
    fn of(recording: &Recording, number: usize, kept: f64, lasts_s: f64) -> Self {
        let events: Vec<&RecordedEvent> = recording.events_of(number).collect();
        let wanted = rounded(events.len() as f64 * kept).max(1);
        let mix = mix(recording, &events, wanted);
        let cycle: u64 = mix.iter().map(|part| u64::from(part.weight)).sum();
        let fitted = rounded(wanted as f64 / cycle as f64).max(1) * cycle;
        let span_s = recording.span_ns() as f64 / NS_PER_S;
        let recorded_per_s = if span_s > 0.0 { events.len() as f64 / span_s } else { 0.0 };
        let rate = if span_s > 0.0 {
            // What is rare is told from what never happens by one event, not by waiting for it.
            let slowest = fitted as f64 / (lasts_s * MAX_STRETCH);
            // A scenario says whole ones.
            let per_second = recorded_per_s.max(slowest).round().max(1.0);
            Rate::PerSecond(per_second, arrivals(&events, fitted))
        } else {
            Rate::Max
        };
        let correlate = correlate(recording, number);
        let name = &recording.publishers[number];
        let publisher = PublisherSpec { mix, correlate, ..PublisherSpec::bare(name) };
        Self { publisher, events: fitted, rate, recorded_per_s }
    }

    /// Events on each topic.
    fn topics(&self) -> BTreeMap<&str, u64> {
        let mix = &self.publisher.mix;
        let cycle: u64 = mix.iter().map(|part| u64::from(part.weight)).sum();
        let mut topics = BTreeMap::new();
        for part in mix {
            let topic = part.topic.as_deref().expect("a recorded event has a topic");
            *topics.entry(topic).or_default() += u64::from(part.weight) * self.events / cycle;
        }
        topics
    }

    /// `74.3/s in bursts of 12`.
    fn pace(&self) -> String {
        match self.rate {
            Rate::PerSecond(rate, Arrivals::Constant) => format!("{rate}/s, evenly spaced"),
            Rate::PerSecond(rate, Arrivals::Poisson) => format!("{rate}/s at random moments"),
            Rate::PerSecond(rate, Arrivals::Burst(size)) => format!("{rate}/s in bursts of {size}"),
            Rate::Max | Rate::Window(_) | Rate::AsRecorded(_) => "all at once".to_owned(),
        }
    }
}

/// A part for each band of sizes of each topic, kind and priority: of the size in the middle of what was
/// seen there, with a weight in proportion to how often it was.
fn mix(recording: &Recording, events: &[&RecordedEvent], wanted: u64) -> Vec<MixPart> {
    let mut bands: BTreeMap<Band, Vec<usize>> = BTreeMap::new();
    for event in events {
        let sort = &recording.sorts()[event.sort as usize];
        let band = (sort.topic.clone(), sort.kind, sort.priority, sort.bytes.max(1).ilog2());
        bands.entry(band).or_default().push(sort.bytes);
    }
    let counts: Vec<u64> = bands.values().map(|sizes| sizes.len() as u64).collect();
    let cycle = MAX_CYCLE.min(wanted).max(counts.len() as u64);
    let weights = weights(&counts, cycle);
    let parts = bands.into_iter().zip(weights);
    parts
        .map(|(((topic, kind, priority, _), mut sizes), weight)| {
            sizes.sort_unstable();
            let payload_bytes = sizes[sizes.len() / 2];
            let topic = Some(topic);
            MixPart { kind, topic, weight, payload_bytes, priority, ..MixPart::bare() }
        })
        .collect()
}

/// Small numbers in about the proportion of these, none of them 0, of which the sum is about `cycle`.
fn weights(counts: &[u64], cycle: u64) -> Vec<u32> {
    let all: u64 = counts.iter().sum();
    let cycle = cycle.min(all);
    let share = |count: &u64| rounded(*count as f64 * cycle as f64 / all as f64).max(1);
    let weights: Vec<u64> = counts.iter().map(share).collect();
    let divisor = weights.iter().copied().fold(0, common_divisor).max(1);
    let small = |weight: u64| u32::try_from(weight / divisor).expect("a cycle is short");
    weights.into_iter().map(small).collect()
}

fn common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// The arrivals whose gaps vary as those of the events did.
///
/// In bursts of `n` with equal pauses, `n − 1` of `n` gaps are none and one is `n` times the mean: the
/// squared coefficient of variation is `n − 1`.
fn arrivals(events: &[&RecordedEvent], fitted: u64) -> Arrivals {
    let gaps: Vec<f64> =
        events.windows(2).map(|pair| (pair[1].at_ns - pair[0].at_ns) as f64).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    if gaps.is_empty() || mean <= 0.0 {
        return Arrivals::Constant;
    }
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    let dispersion = variance / (mean * mean);
    if dispersion < MOST_EVEN {
        Arrivals::Constant
    } else if dispersion < LEAST_BURSTY {
        Arrivals::Poisson
    } else {
        let size = rounded(dispersion + 1.0).min(fitted.max(2));
        Arrivals::Burst(u32::try_from(size).expect("a fitted scenario is small"))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are not negative, and the cast saturates"
)]
fn rounded(number: f64) -> u64 {
    number.round() as u64
}

fn summary(of: &str, recording: &Recording, fits: &[Fit]) -> String {
    let (extent, seconds) = (recording.extent(), recording.span_ns() as f64 / NS_PER_S);
    let mut lines = vec![format!(
        "Made by `equivalence record` to be like {of} and smaller: that has {extent} in {seconds:.1} s."
    )];
    lines.extend(recording.lacks());
    lines.extend(fits.iter().map(|fit| {
        let (name, pace) = (&fit.publisher.name, fit.pace());
        format!("{name} publishes {pace}; there {:.2}/s.", fit.recorded_per_s)
    }));
    let mut fitted: BTreeMap<&str, u64> = BTreeMap::new();
    for (topic, events) in fits.iter().flat_map(Fit::topics) {
        *fitted.entry(topic).or_default() += events;
    }
    let (here, there) = (fitted.values().sum::<u64>(), recording.events().len() as u64);
    let percent = |events: u64, all: u64| events as f64 * 100.0 / all as f64;
    let mut farthest = 0.0_f64;
    lines.push("Events by topic, and their share; there:".to_owned());
    for (topic, events) in recording.topics() {
        let own = fitted.get(topic).copied().unwrap_or_default();
        let (own_share, share) = (percent(own, here), percent(events, there));
        farthest = farthest.max((own_share - share).abs());
        lines.push(format!("  {topic}: {own} ({own_share:.1} %); {events} ({share:.1} %)"));
    }
    lines
        .push(format!("No share is farther from that of the recording than {farthest:.1} points."));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::recorded::tests::{NETWORK, PROCESS, recording, sort};
    use super::*;
    use crate::plan::Case;

    const MS: u64 = 1_000_000;

    fn fit(recording: &Recording) -> (Sketch, Case) {
        let sketch = fitted("recorded/x-fitted", "recorded/x", recording);
        let case = sketch.case(1).unwrap_or_else(|wrong| panic!("{wrong}\n{}", sketch.text()));
        (sketch, case)
    }

    fn arrivals_of(gaps_ms: impl IntoIterator<Item = u64>) -> Rate {
        let mut at_ns = 0;
        let mut events = vec![(0, sort(PROCESS, 200))];
        for gap in gaps_ms {
            at_ns += gap * MS;
            events.push((at_ns, sort(PROCESS, 200)));
        }
        fit(&recording(&events)).1.phases[0].publish[0].rate
    }

    #[test]
    fn gaps_decide_the_arrivals() {
        let even = arrivals_of([10; 200]);
        assert!(matches!(even, Rate::PerSecond(_, Arrivals::Constant)), "{even:?}");
        // Exponential gaps by their quantiles, shuffled by a step that meets each once.
        let quantile = |index: u64| -(1.0 - (index as f64 + 0.5) / 200.0).ln() * 10.0;
        let random = arrivals_of((0..200).map(|index| rounded(quantile(index * 77 % 200))));
        assert!(matches!(random, Rate::PerSecond(_, Arrivals::Poisson)), "{random:?}");
        let bursts = arrivals_of((0..200).map(|index| if index % 10 == 9 { 100 } else { 0 }));
        let Rate::PerSecond(rate, Arrivals::Burst(size)) = bursts else { panic!("{bursts:?}") };
        assert!((9..=11).contains(&size) && (95.0..=105.0).contains(&rate), "{bursts:?}");
    }

    #[test]
    fn a_long_recording_is_cut_and_its_shares_stay() {
        // 10 s at 100/s, three of four on one topic.
        let topic = |index: u64| if index % 4 == 3 { NETWORK } else { PROCESS };
        let events: Vec<_> =
            (0..1000).map(|index| (index * 10 * MS, sort(topic(index), 200))).collect();
        let (sketch, case) = fit(&recording(&events));
        assert_eq!(case.topology.publishers[0].mix.iter().map(|part| part.weight).max(), Some(3));
        let Count::Events(events) = case.phases[0].publish[0].count else { panic!("counted") };
        assert!((190..=210).contains(&events) && events % 4 == 0, "{events}");
        assert!((1900..2200).contains(&case.planned_ms()), "{} ms", case.planned_ms());
        let told = &sketch.summary;
        assert!(told.contains("(75.0 %); 750 (75.0 %)"), "{told}");
        assert!(told.contains("farther from that of the recording than 0.0 points"), "{told}");
        assert!(
            told.contains("procmond publishes 100/s, evenly spaced; there 100.10/s."),
            "{told}"
        );
    }

    #[test]
    fn how_far_a_fit_is_from_the_recording_is_said() {
        // One in a thousand is one of a hundred at least.
        let topic = |index: u64| if index == 500 { NETWORK } else { PROCESS };
        let events: Vec<_> = (0..1000).map(|index| (index * MS, sort(topic(index), 200))).collect();
        let told = fit(&recording(&events)).0.summary;
        assert!(told.contains("(1.0 %); 1 (0.1 %)"), "{told}");
        assert!(told.contains("than 0.9 points"), "{told}");
    }

    #[test]
    fn sizes_are_the_middle_of_their_band() {
        let sizes = [200, 210, 250, 1000, 1010, 1020];
        let events: Vec<_> =
            (0..).zip(sizes).map(|(index, bytes)| (index * MS, sort(PROCESS, bytes))).collect();
        let mix = fit(&recording(&events)).1.topology.publishers[0].mix.clone();
        let parts: Vec<_> = mix.iter().map(|part| (part.payload_bytes, part.weight)).collect();
        assert_eq!(parts, [(210, 1), (1010, 1)]);
    }

    #[test]
    fn one_event_and_many_at_once_have_no_rate() {
        for events in [1, 3000] {
            let events = vec![(0, sort(PROCESS, 200)); events];
            let share = fit(&recording(&events)).1.phases[0].publish[0].clone();
            assert_eq!(share.rate, Rate::Max);
            assert!(share.planned_events() <= 500, "{share:?}");
        }
    }

    #[test]
    fn what_is_rare_is_not_waited_for() {
        let events = [(0, sort(PROCESS, 200)), (500_000 * MS, sort(NETWORK, 200))];
        let case = fit(&recording(&events)).1;
        assert!(case.planned_ms() <= 4_000, "{} ms", case.planned_ms());
    }
}
