//! Where the time of events goes, hop by hop, in words: of traced trials, which decide nothing.

use super::figure;
use crate::plan::gates::Metric;
use crate::record::{TracedTrial, Unjoined, Validity, WhyUnjoined, hop_name};

/// How far the means beside one trace may be apart, as a factor: with half as much again in one of them, what
/// the hops do not explain is more than most of them take.
const ALIKE: f64 = 1.5;

/// A mean and the hops it is the sum of, in one sentence; why not, of a trial that is not to be believed.
pub(super) fn sum(traced: &TracedTrial) -> String {
    let bus = traced.bus.as_str();
    if let Validity::Invalid(why) = &traced.validity {
        return format!("{bus}: the traced trial is invalid, {why}");
    }
    let hops = traced.hops.iter();
    let hops = hops.map(|times| format!("{} {}", hop_name(times.hop), microseconds(times.mean_ns)));
    let hops: Vec<String> = hops.collect();
    format!("{bus}: {} µs = {}", microseconds(traced.mean_ns), hops.join(" + "))
}

/// What it stands beside, so that a reader sees whether tracing changed it; and what it does not cover.
pub(super) fn beside(traced: &TracedTrial) -> String {
    let TracedTrial { samples, every, left_out, .. } = traced;
    let of = if *every == 1 { "every event".to_owned() } else { format!("one event in {every}") };
    let followed = format!("{samples} deliveries followed, of {of}");
    let means = [
        ("all deliveries of that trial", traced.whole_mean_ns),
        ("trials that are judged", traced.judged_mean_ns),
    ];
    let means = means.into_iter().filter_map(|(whose, mean_ns)| {
        Some(format!("mean of {whose} {}", figure(Metric::LatencyP50, mean_ns?)))
    });
    let is_late = traced.validity == Validity::GeneratorLate;
    let late = is_late.then(|| "its generator missed its schedule".to_owned());
    let unjoined = traced.unjoined.iter().map(not_followed);
    let full = (*left_out > 0).then(|| format!("{left_out} stamps found no room"));
    let all = std::iter::once(followed).chain(means).chain(late).chain(unjoined).chain(full);
    all.collect::<Vec<String>>().join("; ")
}

fn not_followed(unjoined: &Unjoined) -> String {
    let why = match unjoined.why {
        WhyUnjoined::Missing => "is not known",
        WhyUnjoined::Twice => "is told twice",
    };
    let (deliveries, hop) = (unjoined.deliveries, hop_name(unjoined.hop));
    format!("{deliveries} not followed, as the end of {hop} {why}")
}

/// Why a traced trial is not to be trusted, if it contradicts itself or those that are judged: its hops then
/// explain other events than those the verdicts are about.
pub(super) fn doubt(traced: &TracedTrial) -> Option<String> {
    let three = [Some(traced.mean_ns), traced.whole_mean_ns, traced.judged_mean_ns];
    let means = || three.iter().flatten().copied();
    let (least, most) = (means().fold(f64::INFINITY, f64::min), means().fold(0.0, f64::max));
    // One that is invalid says so itself, and followed nothing.
    let is_believed = !matches!(traced.validity, Validity::Invalid(_));
    let is_doubted = is_believed && least > 0.0 && most > ALIKE * least;
    is_doubted.then(|| {
        let apart = most / least;
        format!("not to be trusted: the means are a factor {apart:.1} apart, more than {ALIKE:.1}")
    })
}

/// With one decimal, and two below ten.
fn microseconds(ns: f64) -> String {
    let us = ns / 1e3;
    if us < 9.995 { format!("{us:.2}") } else { format!("{us:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Bus;
    use crate::report::sample::traced;
    use daemoneye_eventbus::hops::Hop;

    #[test]
    fn a_mean_is_told_with_what_it_is_the_sum_of() {
        let told = sum(&traced(Bus::Process));
        assert_eq!(
            told,
            "process: 61.1 µs = encode 1.20 + send queue 0.40 + wake-up of the broker 21.0 + route \
             2.50 + broker's queue 3.00 + wake-up of the subscriber 25.0 + decode 8.00"
        );
        let told = sum(&traced(Bus::Embedded));
        assert_eq!(told, "embedded: 27.5 µs = route 2.50 + wake-up of the subscriber 25.0");
    }

    #[test]
    fn it_stands_beside_the_trials_that_are_judged() {
        let told = beside(&traced(Bus::Process));
        assert_eq!(
            told,
            "4000 deliveries followed, of one event in 3; mean of all deliveries of that trial \
             61.3 µs; mean of trials that are judged 60.2 µs"
        );
    }

    #[test]
    fn a_trace_that_contradicts_what_is_judged_is_not_to_be_trusted() {
        let mut own = traced(Bus::Process);
        assert_eq!(doubt(&own), None);
        own.judged_mean_ns = Some(own.mean_ns / 1.49);
        assert_eq!(doubt(&own), None);
        own.judged_mean_ns = Some(own.mean_ns / 18.0);
        let told = doubt(&own).expect("they are far apart");
        assert_eq!(told, "not to be trusted: the means are a factor 18.1 apart, more than 1.5");
        own.judged_mean_ns = None;
        own.whole_mean_ns = Some(own.mean_ns * 2.0);
        assert!(doubt(&own).is_some(), "it contradicts itself");
        own.whole_mean_ns = None;
        assert_eq!(doubt(&own), None, "there is nothing beside it");
    }

    #[test]
    fn what_is_not_followed_and_what_is_not_believed_is_told() {
        let mut own = traced(Bus::Process);
        let (hop, why) = (Hop::BrokerQueue, WhyUnjoined::Missing);
        own.unjoined = vec![Unjoined { hop, why, deliveries: 7 }];
        own.left_out = 12;
        let told = beside(&own);
        assert!(
            told.contains("; 7 not followed, as the end of broker's queue is not known"),
            "{told}"
        );
        assert!(told.ends_with("; 12 stamps found no room"), "{told}");
        own.every = 1;
        assert!(beside(&own).starts_with("4000 deliveries followed, of every event; "));
        own.validity = Validity::Invalid("stamps are out of order".to_owned());
        let told = sum(&own);
        assert_eq!(told, "process: the traced trial is invalid, stamps are out of order");
    }
}
