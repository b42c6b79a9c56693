//! The waterfall of hops: where the mean time of an event goes on each bus, from the traced trials of a case.

use daemoneye_eventbus::hops::Hop;
use maud::{Markup, html};

use super::figures::table;
use super::waterfall::{Bar, Part, waterfall};
use crate::plan::gates::Metric;
use crate::record::{HopTimes, TracedTrial, Validity, hop_name};
use crate::report::hops::{beside, doubt, sum};
use crate::report::{Run, figure};

/// Everything traced in a case, the baseline first; nothing where nothing was.
pub(super) fn section(run: &Run, case: &str) -> Markup {
    let mut all: Vec<&TracedTrial> = run.traced.iter().filter(|own| own.case == case).collect();
    all.sort_by_key(|own| run.place_of(own.bus));
    let (invalid, believed): (Vec<&TracedTrial>, Vec<&TracedTrial>) =
        all.iter().partition(|own| matches!(own.validity, Validity::Invalid(_)));
    let bars: Vec<Bar> = believed.iter().map(|own| bar(own)).collect();
    html! {
        @if !all.is_empty() {
            h3 { "Traced trial: where the mean time goes, hop by hop" }
            @if !bars.is_empty() { (waterfall(&bars)) }
            ul.traced {
                @for own in &believed { li { (own.bus.as_str()) ": " (beside(own)) } }
                @for own in &believed {
                    @if let Some(why) = doubt(own) { li.open { (own.bus.as_str()) ": " (why) } }
                }
                @for own in &invalid { li.open { (sum(own)) } }
            }
            p.legend {
                "From the call of publish until it is received, in a trial of its own with logs of hops, which decides nothing. "
                "A wake-up begins with the write to the socket; of crossbeam, the send queue ends in its queue and the broker is its "
                "routing thread. Where the subscriber is in the broker's process, its wake-up has what follows the route."
            }
            @for own in &believed {
                details {
                    summary { "Hops of " (own.bus.as_str()) }
                    (table(&["hop", "mean", "median", "p99"], rows(own)))
                }
            }
        }
    }
}

fn bar(traced: &TracedTrial) -> Bar {
    let part = |times: &HopTimes| Part {
        class: class(times.hop),
        name: hop_name(times.hop),
        ns: times.mean_ns,
    };
    let parts = traced.hops.iter().map(part).collect();
    Bar { bus: traced.bus.as_str().to_owned(), is_doubted: doubt(traced).is_some(), parts }
}

fn class(hop: Hop) -> &'static str {
    match hop {
        Hop::Encode => "encode",
        Hop::SendQueue => "send-queue",
        Hop::BrokerWake => "broker-wake",
        Hop::Route => "route",
        Hop::BrokerQueue => "broker-queue",
        Hop::SubscriberWake => "subscriber-wake",
        Hop::Decode => "decode",
    }
}

/// A row for each hop, and one for all together: medians do not add up to its own.
fn rows(traced: &TracedTrial) -> impl Iterator<Item = (&'static str, Vec<String>)> {
    let time = |ns: f64| figure(Metric::LatencyP50, ns);
    let [mean, median] = [traced.mean_ns, traced.p50_ns as f64].map(time);
    let together = vec!["all together".to_owned(), mean, median, "-".to_owned()];
    let hops = traced.hops.iter().map(cells);
    hops.chain([together]).map(|cells| ("", cells))
}

fn cells(times: &HopTimes) -> Vec<String> {
    let time = |ns: f64| figure(Metric::LatencyP50, ns);
    let p99 = times.p99_ns.map_or_else(|| "too few samples".to_owned(), |ns| time(ns as f64));
    vec![hop_name(times.hop).to_owned(), time(times.mean_ns), time(times.p50_ns as f64), p99]
}
