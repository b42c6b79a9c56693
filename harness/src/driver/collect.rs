//! From the files of a trial to a history or to figures.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use super::actor::Summary;
use super::actor::protocol::Share;
use super::backlog::Stamps;
use super::director::Ended;
use super::error::DriveError;
use super::measure::latencies::Latencies;
use super::records::{RecordsError, names, read_all, read_announced, read_whole};
use crate::plan::{TrialKind, Victim};
use crate::record::{
    Delivered, History, InFlight, PublisherLog, Resumption, SubscriberLog, TrialFigures, Validity,
};

/// Name of the latency log in the trial's folder.
const LATENCY_LOG: &str = "latency.hlog";
/// A generator below this share of its rate was late, unless the bus held it up.
const RATE_REACHED: f64 = 0.99;

impl Ended<'_> {
    /// The history of a behaviour trial; operations and counters come with it.
    pub(super) fn history(&mut self, directory: &Path) -> Result<History, DriveError> {
        let mut history = History::default();
        for (index, spec) in self.case.topology.publishers.iter().enumerate() {
            let path = names::published(directory, index);
            let dies = self.case.kills(Victim::Publisher(index));
            let published = if dies { read_announced(&path)? } else { read_all(&path)? };
            let resumed = resumption(directory, index)?;
            history.publishers.push(PublisherLog { name: spec.name.clone(), published, resumed });
        }
        for (index, spec) in self.case.topology.subscribers.iter().enumerate() {
            let path = names::received(directory, index);
            let received = if self.case.kills(Victim::Subscriber(index)) {
                read_whole(&path)?
            } else {
                read_all(&path)?
            };
            // Who was killed had no time for a summary.
            let died = self.attendance.is_dead(Victim::Subscriber(index));
            let Summary { lagged, resumed, ended, .. } =
                if died { Summary::default() } else { summary(directory, index)? };
            history.subscribers.push(SubscriberLog {
                name: spec.name.clone(),
                received,
                lagged,
                resumed,
                ended,
            });
        }
        history.operations = std::mem::take(&mut self.journal.operations);
        history.operations.sort_by_key(|operated| operated.call_ns);
        history.touched = self.session.ways.touched().to_vec();
        history.statistics = self.journal.after_fence.take();
        history.statistics_samples = std::mem::take(&mut self.journal.samples);
        Ok(history)
    }

    /// The figures of a performance trial, and whether they may be used.
    pub(super) fn figures(&self, directory: &Path) -> Result<(TrialFigures, Validity), DriveError> {
        let subscribers = self.case.topology.subscribers.len();
        let summaries = (0..subscribers)
            .map(|index| summary(directory, index))
            .collect::<Result<Vec<_>, _>>()?;
        let mut figures = TrialFigures::default();
        let mut validity = Validity::Valid;
        match self.case.kind {
            TrialKind::Saturation => validity = saturation(&summaries, &mut figures),
            TrialKind::Paced => {
                validity = self.paced(directory, &summaries, &mut figures)?;
            }
            TrialKind::Behaviour
            | TrialKind::Host
            | TrialKind::Switch
            | TrialKind::Control
            | TrialKind::Chaos => {}
        }
        let arrivals = arrivals(&summaries);
        let meter = &self.session.meter;
        // What arrives behind a stopped reader arrives in tear-down, outside the window.
        if arrivals > 0 && !self.attendance.somebody_stalls() {
            let per_million = |cpu_s: f64| cpu_s * 1e6 / arrivals as f64;
            figures.cpu_s_per_million = meter.cpu_s().map(per_million);
            figures.context_switches_per_delivery =
                meter.context_switches().map(|switches| switches as f64 / arrivals as f64);
        }
        figures.memory_bytes = meter.peak_bytes().map(|bytes| bytes as f64);
        figures.sockets_unread = meter.sockets_unread().map(str::to_owned);
        figures.backlog_bytes_per_event = self.backlog();
        figures.host = meter.host();
        let repeated: u64 = summaries.iter().map(|summary| summary.repeated).sum();
        let lagged: u64 = summaries.iter().map(|summary| summary.lagged).sum();
        if repeated + lagged > 0 {
            validity = Validity::Invalid(format!(
                "{repeated} events arrived twice or out of order, {lagged} were lost"
            ));
        }
        if arrivals == 0 && !self.void && !self.case.kind.has_agent() {
            validity = Validity::Invalid("nothing arrived, so nothing was exercised".to_owned());
        }
        if let Some(doubt) = self.journal.doubts.first() {
            validity = Validity::Invalid(doubt.clone());
        }
        Ok((figures, validity))
    }

    /// What arrived of each publisher at each subscriber; nothing of a void, which hands nothing over.
    pub(super) fn delivered(&self, directory: &Path) -> Result<Vec<Delivered>, DriveError> {
        let topology = &self.case.topology;
        let subscribers = if self.void { 0 } else { topology.subscribers.len() };
        let mut delivered = Vec::new();
        for subscriber in 0..subscribers {
            for (publisher, seen) in summary(directory, subscriber)?.seen.into_iter().enumerate() {
                let own = self.journal.shares.iter().filter(|(_, by, _)| *by == publisher);
                let sum =
                    |part: fn(&Share) -> u64| own.clone().map(|(.., share)| part(share)).sum();
                delivered.push(Delivered {
                    subscriber: short(subscriber),
                    publisher: short(publisher),
                    called: sum(|share| share.called),
                    accepted: sum(|share| share.accepted),
                    unique: seen.unique,
                    repeated: seen.repeated,
                });
            }
        }
        Ok(delivered)
    }

    fn paced(
        &self,
        directory: &Path,
        summaries: &[Summary],
        figures: &mut TrialFigures,
    ) -> Result<Validity, DriveError> {
        figures.deliveries = arrivals(summaries);
        let measured = self.journal.shares.iter().filter(|(phase, ..)| {
            self.case.phases.get(*phase as usize).is_some_and(|plan| plan.measured)
        });
        let mut late = false;
        for (_, _, share) in measured {
            figures.window_s = figures.window_s.max(share.elapsed_ns as f64 / 1e9);
            let too_slow = (share.planned_ns as f64) < RATE_REACHED * share.elapsed_ns as f64;
            late |= too_slow && share.inside_ns * 2 < share.elapsed_ns;
        }
        let in_time = if late { Validity::GeneratorLate } else { Validity::Valid };
        if self.attendance.somebody_stalls() {
            // How long events waited for tear-down is the plan's doing, not the bus's.
            return Ok(in_time);
        }
        let publishers = self.case.topology.publishers.len();
        if !self.void {
            figures.in_flight = self.in_flight(directory)?;
        }
        let joined = if self.void {
            let measured: Vec<_> = (0..publishers).map(|index| self.measured(index)).collect();
            Latencies::floor(directory, &measured)?
        } else {
            Latencies::read(directory, publishers, summaries.len())?
        };
        figures.latency = joined.latency.summary_with_percentiles();
        figures.stages = joined.stages();
        figures.response = joined.response.summary();
        figures.service = joined.service.summary();
        figures.lateness = joined.lateness.summary();
        let log = directory.join(LATENCY_LOG);
        let window = Duration::try_from_secs_f64(figures.window_s).unwrap_or_default();
        joined
            .write_log(&log, window)
            .map_err(|cause| RecordsError::Read { path: log.clone(), cause })?;
        if joined.impossible > 0 {
            let many = joined.impossible;
            return Ok(Validity::Invalid(format!("{many} events arrived before their publish")));
        }
        Ok(in_time)
    }

    /// What was in flight whenever the roll was called in a measured phase.
    fn in_flight(&self, directory: &Path) -> Result<Vec<InFlight>, RecordsError> {
        let topology = &self.case.topology;
        let measured: Vec<_> =
            (0..topology.publishers.len()).map(|index| self.measured(index)).collect();
        let stamps = Stamps::read(directory, &measured, topology.subscribers.len())?;
        Ok(stamps.in_flight(self.session.answers(), |actor| self.session.parts(actor)))
    }

    /// Numbers of the events a publisher sent in measured phases.
    fn measured(&self, publisher: usize) -> Vec<RangeInclusive<u64>> {
        let mut last = 0;
        let mut ranges = Vec::new();
        for (phase, _, share) in self.journal.shares.iter().filter(|(_, by, _)| *by == publisher) {
            if self.case.phases[*phase as usize].measured {
                ranges.push(last + 1..=last + share.called);
            }
            last += share.called;
        }
        ranges
    }

    /// Bytes per event queued behind subscribers that have stopped reading.
    fn backlog(&self) -> Option<f64> {
        if !self.attendance.somebody_stalls() {
            return None;
        }
        let queued: u64 = self
            .journal
            .shares
            .iter()
            .filter(|(phase, ..)| self.case.phases[*phase as usize].measured)
            .map(|(_, _, share)| share.accepted)
            .sum();
        let growth = self.session.meter.growth_bytes()?;
        (queued > 0).then(|| growth as f64 / queued as f64)
    }
}

/// Throughput between the first and the last credit mark of the measured phases.
fn saturation(summaries: &[Summary], figures: &mut TrialFigures) -> Validity {
    let windows = || summaries.iter().flat_map(|summary| &summary.windows);
    let (mut begin, mut end) = (u64::MAX, 0);
    for window in windows() {
        if let (Some((before, first)), Some((after, last))) = (window.first, window.last) {
            figures.deliveries += after - before;
            begin = begin.min(first);
            end = end.max(last);
        }
    }
    if figures.deliveries == 0 || end <= begin {
        return Validity::Invalid("the window saw fewer than two credit marks".to_owned());
    }
    figures.window_s = (end - begin) as f64 / 1e9;
    let throughput = figures.deliveries as f64 / figures.window_s;
    figures.throughput_per_s = Some(throughput);
    let latency_s = windows().map(|window| window.latency_sum_ns).sum::<u64>() as f64 / 1e9;
    figures.mean_in_flight = Some(throughput * latency_s / arrivals(summaries).max(1) as f64);
    Validity::Valid
}

fn arrivals(summaries: &[Summary]) -> u64 {
    summaries.iter().flat_map(|summary| &summary.windows).map(|window| window.arrivals).sum()
}

/// A place in the case; scenarios have at most a thousand of each.
fn short(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

fn summary(directory: &Path, subscriber: usize) -> Result<Summary, DriveError> {
    let failed = |cause: String| DriveError::Summary { subscriber, cause };
    let text = std::fs::read(names::summary(directory, subscriber))
        .map_err(|cause| failed(cause.to_string()))?;
    serde_json::from_slice(&text).map_err(|cause| failed(cause.to_string()))
}

/// What a publisher was told of its broken connections; nothing where it wrote nothing down.
fn resumption(directory: &Path, publisher: usize) -> Result<Resumption, DriveError> {
    let path = names::resumed(directory, publisher);
    let failed = |cause: std::io::Error| RecordsError::Read { path: path.clone(), cause };
    match std::fs::read(&path) {
        Ok(text) => Ok(serde_json::from_slice(&text).map_err(|cause| failed(cause.into()))?),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Resumption::default()),
        Err(cause) => Err(failed(cause).into()),
    }
}
