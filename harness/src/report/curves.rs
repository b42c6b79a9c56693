//! Curves for people: a row per point and bus, and what each bus comes to in one sentence.

use super::CurveRow;
use super::alignment::aligned;
use super::figure::{counted, figure};
use crate::gate::{
    CurveLine, CurvePoint, Exponent, FLAT_MOST, Growth, Knee, LAST_FLAT_MOST, Spread, WhyMissed,
};
use crate::plan::Scale;
use crate::plan::gates::Metric;
use crate::plan::{Asks, Axis};

/// Said where a point has no figure.
const NOTHING: &str = "-";
/// Figures, flush right: all columns after point and bus.
const FLUSH_RIGHT: [usize; 4] = [2, 3, 4, 5];

/// The lines of all curves for a terminal.
pub(super) fn lines(rows: &[CurveRow]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        lines.push(String::new());
        lines.push(title(row));
        lines.extend(aligned(&columns(&row.axis), &cells(row), &FLUSH_RIGHT));
        lines.extend(row.lines.iter().map(said_of));
        lines.extend(row.lines.iter().flat_map(notes));
    }
    lines
}

/// `curve perf/curves/topics: topics published on`.
fn title(row: &CurveRow) -> String {
    format!("curve {}: {}", row.scenario, row.axis.label)
}

/// Names of the columns of [`cells`].
pub(super) fn columns(axis: &Axis) -> [String; 6] {
    [&*axis.name, "bus", "deliveries", "CPU", "p50", "p99"].map(str::to_owned)
}

/// Rows point by point, the buses of a point below each other.
pub(super) fn cells(row: &CurveRow) -> Vec<[String; 6]> {
    let most = row.lines.iter().map(|line| line.points.len()).max().unwrap_or_default();
    let own =
        |at: usize| row.lines.iter().filter_map(move |line| Some((line, line.points.get(at)?)));
    (0..most).flat_map(own).map(|(line, point)| point_cells(&row.axis, line, point)).collect()
}

fn point_cells(axis: &Axis, line: &CurveLine, point: &CurvePoint) -> [String; 6] {
    [
        place(axis.scale, point.at),
        line.bus.as_str().to_owned(),
        spread(Metric::Throughput, point.throughput_per_s),
        spread(Metric::Cpu, point.cpu_s_per_million),
        spread(Metric::LatencyP50, point.p50_ns),
        spread(Metric::LatencyP99, point.p99_ns),
    ]
}

/// A place on an axis with its unit.
pub(super) fn place(scale: Scale, at: f64) -> String {
    match scale {
        Scale::Count => format!("{at}"),
        Scale::Bytes => figure(Metric::Memory, at),
        Scale::PerSecond => figure(Metric::Throughput, at),
    }
}

/// Median and range: `912 k/s (880 k/s–950 k/s)`.
fn spread(metric: Metric, spread: Option<Spread>) -> String {
    let Some(Spread { median, low, high }) = spread else { return NOTHING.to_owned() };
    let told = |value| figure(metric, value);
    if low < high {
        format!("{} ({}–{})", told(median), told(low), told(high))
    } else {
        told(median)
    }
}

/// What a bus comes to: `process: flat, n^0.01 [-0.02, 0.04], …: PASS`.
pub fn said_of(line: &CurveLine) -> String {
    let mut told = vec![];
    told.extend(line.growth.as_ref().map(in_words));
    told.extend(line.knee.as_ref().map(climbed));
    if let Some(verdict) = &line.verdict {
        told.push(format!(
            "flat is at most n^{FLAT_MOST:.2}, at last n^{LAST_FLAT_MOST:.2}: {verdict}"
        ));
    }
    if told.is_empty() {
        told.push("nothing was read".to_owned());
    }
    format!("{}: {}", line.bus.as_str(), told.join("; "))
}

/// How the cost grows, with what it rests on. Bounds alone name a shape, never an estimate.
fn in_words(growth: &Growth) -> String {
    let rounds = counted(growth.rounds, "round", "rounds");
    let [whole, last] = [growth.whole, growth.last].map(exponent);
    let shape = match (grows(growth.whole, FLAT_MOST), grows(growth.last, LAST_FLAT_MOST)) {
        (true, _) => format!("grows as {whole}, at last as {last}"),
        (false, true) => format!("grows at last, as {last}; over all it is {whole}"),
        (false, false) => format!("{}: {whole}, at last {last}", even(growth)),
    };
    format!("a delivery's CPU time {shape}, in {rounds}")
}

fn grows(exponent: Exponent, most: f64) -> bool {
    exponent.bounds.is_some_and(|own| own.low > most)
}

/// What a cost does of which no growth is certain.
fn even(growth: &Growth) -> &'static str {
    let parts = [(growth.whole, FLAT_MOST), (growth.last, LAST_FLAT_MOST)];
    let is_flat = |&(own, most): &(Exponent, f64)| {
        own.bounds.is_some_and(|own| own.high <= most && own.low >= -most)
    };
    match growth.whole.bounds {
        None => "is estimated",
        Some(_) if parts.iter().all(is_flat) => "is flat",
        Some(own) if own.high < 0.0 => "falls",
        Some(_) => "is neither flat nor grown for certain",
    }
}

fn exponent(exponent: Exponent) -> String {
    let centre = format!("n^{:.2}", exponent.estimate);
    match exponent.bounds {
        Some(own) => format!("{centre} [{:.2}, {:.2}]", own.low, own.high),
        None => centre,
    }
}

/// How far a bus climbed, and what ended it.
fn climbed(knee: &Knee) -> String {
    let rate = |per_s: f64| figure(Metric::Throughput, per_s);
    let trials = counted(knee.trials, "trial", "trials");
    let at_least = if knee.is_at_least() { "≥ " } else { "" };
    let kept = knee.kept_per_s.map_or_else(
        || "kept at no rate".to_owned(),
        |per_s| format!("kept up to {at_least}{} by each of {trials} a rate", rate(per_s)),
    );
    let median = knee.kept_by_median_per_s.filter(|median| Some(*median) != knee.kept_per_s);
    let median =
        median.map_or_else(String::new, |per_s| format!(", by the median up to {}", rate(per_s)));
    let missed = knee.missed.map_or_else(
        || ", nothing faster was asked".to_owned(),
        |missed| {
            let at = rate(missed.rate_per_s);
            match missed.why {
                WhyMissed::OverLimit(trials) => {
                    let trials = counted(trials, "trial was", "trials were");
                    format!(", first missed at {at}, where {trials} over it")
                }
                WhyMissed::GeneratorLate => format!(", and {at} could not be offered"),
                WhyMissed::Unknown => format!(", and of {at} too little is known"),
            }
        },
    );
    format!("{kept}{median}{missed}")
}

/// What is asked of a curve, for the head of its section.
pub(super) fn asked(axis: &Axis) -> String {
    match axis.asks {
        Asks::Growth => "What a delivery costs along it, for information.".to_owned(),
        Asks::Flat => {
            "What a delivery costs along it. Theory says that it stays as it is.".to_owned()
        }
        Asks::Knee(limit_ns) => format!(
            "Up to which rate the 99th percentile of the latency stays below {}.",
            figure(Metric::LatencyP99, limit_ns as f64)
        ),
    }
}

/// Notes of a line, with its bus.
pub(super) fn notes(line: &CurveLine) -> Vec<String> {
    line.notes.iter().map(|note| format!("note: {}: {note}", line.bus.as_str())).collect()
}

#[cfg(test)]
mod tests;
