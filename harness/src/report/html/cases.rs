//! What is behind the verdicts of a case: latency by percentile, where it goes, and who used what.
//!
//! A bus has the median of its trials that count, at each percentile by itself. Processes are shown of one
//! trial: the one with the median of CPU time, so that it is neither the luckiest nor the worst.

use maud::{Markup, html};

use super::figures::{picture, table};
use super::hops;
use super::waterfall::{Bar, Part, waterfall};
use crate::gate::{Runner, median, valid_trials};
use crate::plan::gates::Metric;
use crate::record::{MemoryMoments, PERCENTILES, ProcessFigures, Stages, Trial};
use crate::report::picture::{Line, Used, percentiles, series};
use crate::report::sides::called;
use crate::report::{Run, figure};

/// Samples that must lie beyond a percentile in every trial for it to be drawn.
const SAMPLES_BEYOND: f64 = 10.0;
/// Most cases with pictures: the page stays below 2 MB whatever was run.
const MOST_CASES: usize = 40;

/// The trials of one case on one bus.
struct Own<'a> {
    /// What the bus is called.
    name: String,
    trials: Vec<&'a Trial>,
}

/// Every case that was measured.
pub(super) fn section(run: &Run) -> Markup {
    let cases = cases(run);
    html! {
        @if !cases.is_empty() {
            section {
                h2 { "Behind the verdicts" }
                @for case in cases.iter().take(MOST_CASES) { (details(run, case)) }
                @if cases.len() > MOST_CASES {
                    p { (cases.len() - MOST_CASES) " more cases are in report.json alone." }
                }
            }
        }
    }
}

/// Cases in the order they were run.
fn cases(run: &Run) -> Vec<&str> {
    let mut cases: Vec<&str> = Vec::new();
    for evidence in &run.evidence {
        if !cases.contains(&evidence.case.as_str()) {
            cases.push(&evidence.case);
        }
    }
    cases
}

fn details(run: &Run, case: &str) -> Markup {
    let buses = buses(run, case);
    let lines: Vec<Line> = buses.iter().filter_map(line).collect();
    let means: Vec<(&str, Stages)> =
        buses.iter().filter_map(|own| Some((own.name.as_str(), mean_stages(own)?))).collect();
    html! {
        details open[!lines.is_empty()] {
            summary { code { (case) } }
            @if !lines.is_empty() { (picture(&percentiles(case, &lines))) }
            @if !means.is_empty() { (stages(&means)) }
            (hops::section(run, case))
            @for own in &buses {
                @if let Some(trial) = median_trial(own) { (processes(&own.name, trial)) }
            }
        }
    }
}

/// Trials that count, of every bus of a case, the baseline's first; these of all its pairs.
fn buses<'a>(run: &'a Run, case: &str) -> Vec<Own<'a>> {
    let mut all = valid_trials(run.evidence.iter().filter(|pair| pair.case == case));
    let place = |runner: &Runner<'_>| {
        // Another revision is the baseline, whatever bus it has.
        if runner.revision.is_some() { None } else { run.place_of(runner.bus) }
    };
    all.sort_by_key(|(runner, _)| place(runner));
    all.into_iter().map(|(runner, trials)| Own { name: called(runner), trials }).collect()
}

/// Medians of a bus at each percentile that its smallest trial supports.
fn line(own: &Own<'_>) -> Option<Line> {
    let latencies = || own.trials.iter().filter_map(|trial| trial.figures.latency.as_ref());
    let fewest = latencies().map(|latency| latency.samples).min()?;
    let is_supported =
        |percentile: f64| (1.0 - percentile / 100.0) * fewest as f64 >= SAMPLES_BEYOND;
    let at = |place: usize| {
        let values = latencies().filter_map(|latency| latency.percentiles_ns.get(place).copied());
        median(&values.map(|ns| ns as f64).collect::<Vec<_>>())
    };
    let supported =
        PERCENTILES.into_iter().enumerate().filter(|(_, percentile)| is_supported(*percentile));
    let values: Vec<(f64, f64)> =
        supported.filter_map(|(place, percentile)| Some((percentile, at(place)?))).collect();
    (!values.is_empty()).then(|| Line { name: own.name.clone(), values })
}

/// Means over trials: they add up, as medians would not.
fn mean_stages(own: &Own<'_>) -> Option<Stages> {
    let all: Vec<Stages> = own.trials.iter().filter_map(|trial| trial.figures.stages).collect();
    let mean = |read: fn(&Stages) -> f64| all.iter().map(read).sum::<f64>() / all.len() as f64;
    (!all.is_empty()).then(|| Stages {
        waiting_ns: mean(|stages| stages.waiting_ns),
        publishing_ns: mean(|stages| stages.publishing_ns),
        travelling_ns: mean(|stages| stages.travelling_ns),
    })
}

/// Where the mean latency goes as three stamps tell it, of trials that are judged.
fn stages(buses: &[(&str, Stages)]) -> Markup {
    let bar = |(bus, stages): &(&str, Stages)| {
        let parts = [
            ("waiting", stages.waiting_ns),
            ("publishing", stages.publishing_ns),
            ("travelling", stages.travelling_ns),
        ];
        let parts = parts.map(|(name, ns)| Part { class: name, name, ns }).into();
        Bar { bus: (*bus).to_owned(), is_doubted: false, parts }
    };
    html! {
        h3 { "Where the mean latency goes" }
        (waterfall(&buses.iter().map(bar).collect::<Vec<Bar>>()))
        p.legend {
            "Waiting: the publisher was still held up by earlier events. Publishing: within the call, until it returned "
            "or the event had arrived. Travelling: from there to the subscriber, who has decoded it."
        }
    }
}

/// The trial with the median of CPU time; of trials without, the one in the middle.
fn median_trial<'a>(own: &Own<'a>) -> Option<&'a Trial> {
    let mut trials = own.trials.clone();
    let cpu = |trial: &Trial| trial.figures.cpu_s_per_million.unwrap_or_default();
    trials.sort_by(|one, other| cpu(one).total_cmp(&cpu(other)));
    trials.get(trials.len() / 2).copied()
}

fn processes(bus: &str, trial: &Trial) -> Markup {
    let columns = [
        "process",
        "CPU time in the window",
        "PSS at its peak",
        "anonymous",
        "in sockets",
        "switches",
    ];
    let used: Vec<Used<'_>> = trial
        .processes
        .iter()
        .filter(|process| !process.series.is_empty())
        .map(|process| Used {
            name: &process.name,
            moments: &process.series,
            counted: &process.counted,
        })
        .collect();
    html! {
        @if !trial.processes.is_empty() {
            details {
                summary { "Processes of one trial on " (bus) }
                (table(&columns, trial.processes.iter().map(|process| ("", cells(process)))))
                @if !used.is_empty() { (picture(&series(&format!("{} on {bus}", trial.case), &used))) }
            }
        }
    }
}

fn cells(process: &ProcessFigures) -> Vec<String> {
    let unknown = || "-".to_owned();
    let memory = |read: fn(&MemoryMoments) -> Option<u64>| {
        let bytes = process.memory.as_ref().and_then(read);
        bytes.map_or_else(unknown, |bytes| figure(Metric::Memory, bytes as f64))
    };
    let cpu = |cpu_s: f64| figure(Metric::LatencyP50, cpu_s * 1e9);
    let switches = process.context_switches;
    vec![
        process.name.clone(),
        process.cpu_s.map_or_else(unknown, cpu),
        memory(|moments| Some(moments.peak.pss_bytes)),
        memory(|moments| Some(moments.peak.anonymous_bytes)),
        memory(|moments| moments.peak.socket_bytes),
        switches
            .map_or_else(unknown, |all| format!("{} + {} forced", all.voluntary, all.involuntary)),
    ]
}
