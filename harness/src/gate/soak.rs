//! What a soak proved: nothing lost, nothing grown (METHOD §9).
//!
//! Each question has a row of its own and one of three verdicts. Growth is judged for every
//! process that stays, after a warm-up, against a limit its upper 95 % bound must stay below.

use serde::Serialize;

use super::Trend;
use super::verdict::{Reason, Verdict};
use crate::record::{Held, Reading, SoakRecord, SoakSample};

/// Anonymous memory may grow by less than this, bytes for each event (the documents' figure).
pub const MEMORY_LIMIT_BYTES_PER_EVENT: f64 = 0.2;
/// Descriptors may grow by less than this over all rounds of churn: one is a leak already.
pub const DESCRIPTOR_LIMIT: f64 = 1.0;
/// The first samples are left out: tables fill and allocators keep what they have once had.
const WARM_UP: f64 = 0.2;
/// A publisher that achieved less of its rate did not soak anything at that rate.
const ACHIEVED: f64 = 0.99;

/// One question about a soak.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SoakRow {
    /// What is asked: `loss`, `memory broker`, `descriptors broker`.
    pub about: String,
    /// What was found, in words.
    pub found: String,
    /// What that means.
    pub verdict: Verdict,
}

/// Judges a whole soak.
pub fn judge_soak(record: &SoakRecord) -> Vec<SoakRow> {
    let mut rows = vec![rate(record), loss(record), churn(record), left(record)];
    for (at, process) in record.processes.iter().enumerate() {
        rows.push(memory(record, at, process));
        rows.push(descriptors(record, at, process));
    }
    rows
}

fn row(about: &str, found: String, verdict: Verdict) -> SoakRow {
    SoakRow { about: about.to_owned(), found, verdict }
}

fn held_or_broken(about: &str, found: String, broken: &[String]) -> SoakRow {
    if broken.is_empty() {
        row(about, found, Verdict::Pass)
    } else {
        row(about, broken.join("; "), Verdict::Fail)
    }
}

/// Whether it was the load that was asked for.
fn rate(record: &SoakRecord) -> SoakRow {
    let published: u64 = record.published.iter().sum();
    let achieved = published as f64 / record.seconds.max(f64::MIN_POSITIVE);
    let found = format!(
        "{published} events in {:.0} s, {achieved:.0} of {:.0} a second",
        record.seconds, record.rate
    );
    let late = achieved < ACHIEVED * record.rate;
    row("rate", found, if late { open(Reason::GeneratorLate) } else { Verdict::Pass })
}

/// Readers that stay: every number of every publisher, once, in order (C1, C3, C4).
fn loss(record: &SoakRecord) -> SoakRow {
    let mut broken = Vec::new();
    if record.refused > 0 {
        broken.push(format!("{} publishes failed", record.refused));
    }
    if record.published.contains(&0) || record.stayed.is_empty() {
        broken.push("a publisher published nothing, or nobody stayed to read".to_owned());
    }
    for reading in &record.stayed {
        for (publisher, published) in record.published.iter().enumerate() {
            let run = reading.runs.get(publisher).copied().unwrap_or_default();
            if !run.is_unbroken() || run.first != 1 || run.last != *published {
                broken.push(format!("{} of p{publisher}'s {published}: {run:?}", reading.name));
            }
        }
        if reading.foreign + reading.lagged > 0 {
            let (foreign, lagged) = (reading.foreign, reading.lagged);
            broken.push(format!("{}: {foreign} foreign, {lagged} lagged", reading.name));
        }
    }
    let received: u64 = record.stayed.iter().map(Reading::unique).sum();
    let found = format!(
        "{received} deliveries to {} that stay, none lost, none twice",
        record.stayed.len()
    );
    held_or_broken("loss", found, &broken)
}

/// Readers that come and go: within its life each has one unbroken run (C1, C2, C10).
fn churn(record: &SoakRecord) -> SoakRow {
    let churned = &record.churned;
    let mut broken = churned.told.clone();
    if churned.broken > 0 {
        broken.insert(0, format!("{} lives were broken", churned.broken));
    }
    if churned.left == 0 || churned.killed == 0 || record.reconnected == 0 {
        broken.push("there was no churn".to_owned());
    }
    let found = format!(
        "{} readers left and {} were killed, {} deliveries without a gap; publishers reconnected \
         {} times",
        churned.left, churned.killed, churned.received, record.reconnected
    );
    held_or_broken("churn", found, &broken)
}

fn left(record: &SoakRecord) -> SoakRow {
    held_or_broken("left behind", "nothing".to_owned(), &record.left)
}

/// Anonymous memory over events delivered.
fn memory(record: &SoakRecord, at: usize, process: &str) -> SoakRow {
    let about = format!("memory {process}");
    let points =
        points(record, at, |sample| sample.events as f64, |held| held.anonymous_bytes as f64);
    let Some(points) = points else { return row(&about, String::new(), unread()) };
    let Some(trend) = Trend::of(&points) else {
        return row(&about, few(&points), open(Reason::TooFewSamples));
    };
    let Trend { slope, low, high, .. } = trend;
    let found = format!(
        "{slope:+.4} bytes an event [{low:+.4}, {high:+.4}], limit < \
         {MEMORY_LIMIT_BYTES_PER_EVENT}; {} KiB at the end",
        points.last().map_or(0.0, |point| point.1 / 1024.0)
    );
    row(&about, found, below(low, high, MEMORY_LIMIT_BYTES_PER_EVENT))
}

/// Open descriptors over rounds of churn, as growth over all of them.
fn descriptors(record: &SoakRecord, at: usize, process: &str) -> SoakRow {
    let about = format!("descriptors {process}");
    let points = points(record, at, |sample| sample.rounds as f64, |held| held.descriptors as f64);
    let Some(points) = points else { return row(&about, String::new(), unread()) };
    let Some(trend) = Trend::of(&points) else {
        return row(&about, few(&points), open(Reason::TooFewSamples));
    };
    let rounds = record.samples.last().map_or(0.0, |sample| sample.rounds as f64);
    let [grown, low, high] = [trend.slope, trend.low, trend.high].map(|slope| slope * rounds);
    let found = format!(
        "{grown:+.2} over {rounds:.0} rounds [{low:+.2}, {high:+.2}], limit < {DESCRIPTOR_LIMIT}; \
         {} at the end",
        points.last().map_or(0.0, |point| point.1)
    );
    row(&about, found, below(low, high, DESCRIPTOR_LIMIT))
}

/// What a process held after the warm-up; `None` where a sample of it cannot be read.
fn points(
    record: &SoakRecord,
    at: usize,
    x: impl Fn(&SoakSample) -> f64,
    y: impl Fn(&Held) -> f64,
) -> Option<Vec<(f64, f64)>> {
    let warm = (record.samples.len() as f64 * WARM_UP).ceil();
    let samples = record.samples.iter().enumerate().filter(|(index, _)| *index as f64 >= warm);
    let point = |sample: &SoakSample| {
        let held = sample.held.get(at)?.as_ref()?;
        Some((x(sample), y(held)))
    };
    samples.map(|(_, sample)| point(sample)).collect()
}

/// The upper bound must stay below the limit; a lower one at or beyond it is growth.
fn below(low: f64, high: f64, limit: f64) -> Verdict {
    if high < limit {
        Verdict::Pass
    } else if low >= limit {
        Verdict::Fail
    } else {
        open(Reason::Noise)
    }
}

fn open(reason: Reason) -> Verdict {
    Verdict::Inconclusive(reason)
}

fn few(points: &[(f64, f64)]) -> String {
    format!("{} looks after the warm-up", points.len())
}

fn unread() -> Verdict {
    Verdict::NotApplicable("this host does not tell".to_owned())
}

#[cfg(test)]
mod tests;
