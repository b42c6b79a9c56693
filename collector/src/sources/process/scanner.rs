//! [`ProcessScanner`]: a scan of the processes, compared with the one before, and then a closer
//! look at what they run.

use std::io;
use std::time::Duration;

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use daemoneye_eventbus::event::ProcessChange;

use super::anomaly::{Anomalies, Sight};
use super::census::{Census, Change, Thresholds};
use super::digest::Sha256Hex;
use super::event;
use super::executable::{Content, Executables, Which, system_executables};
use super::integrity::Integrity;
use super::observation::Identity;
use super::reader::{Reader, system_reader};
use crate::config::{CollectorName, ProcmondConfig};
use crate::source::{CollectionEvent, SourceCaps};
use crate::sources::scanning::{Scanned, Scanner};

/// Looks at the processes of this host.
pub struct ProcessScanner {
    reader: Box<dyn Reader>,
    census: Census,
    thresholds: Thresholds,
    executables: Box<dyn Executables>,
    /// `None` when nothing is to be hashed.
    integrity: Option<Integrity>,
    anomalies: Anomalies,
    /// Whether there was a scan since processes were looked at more closely.
    looks_are_due: bool,
}

impl Scanner for ProcessScanner {
    type Config = ProcmondConfig;

    const NAME: &'static str = CollectorName::Procmond.as_str();
    const CAPABILITIES: SourceCaps = SourceCaps::PROCESS.union(SourceCaps::SYSTEM_WIDE);

    fn interval(config: &ProcmondConfig) -> Duration {
        config.scan_interval
    }

    fn open(config: &ProcmondConfig) -> anyhow::Result<Self> {
        let integrity = config
            .integrity
            .then(|| Integrity::new(config.hash_limit_bytes, config.hash_budget_bytes));
        Ok(Self {
            reader: system_reader()?,
            census: Census::default(),
            thresholds: thresholds(config),
            executables: system_executables(),
            integrity,
            anomalies: Anomalies::new(config),
            looks_are_due: false,
        })
    }

    fn configure(&mut self, config: &ProcmondConfig) {
        self.thresholds = thresholds(config);
        self.anomalies.configure(config);
    }

    fn scan(&mut self) -> anyhow::Result<Scanned> {
        let scan = self.reader.scan()?;
        let (observed_unix_ns, observed_monotonic_ns) =
            (scan.observed_unix_ns, scan.observed_monotonic_ns);
        let changes = self.census.advance(scan, self.thresholds);
        let mut events = Vec::with_capacity(changes.len());
        for change in changes {
            let sha256 = self.known_hash(&change);
            events.push(event::changed(change, sha256));
        }
        self.looks_are_due = true;
        Ok(Scanned { observed_unix_ns, observed_monotonic_ns, events })
    }

    fn after(&mut self) -> Option<Scanned> {
        let (observed_unix_ns, observed_monotonic_ns) = (unix_ns(), monotonic_ns());
        let is_first = std::mem::take(&mut self.looks_are_due);
        let events = if is_first { self.look_closer() } else { self.hash()? };
        Some(Scanned { observed_unix_ns, observed_monotonic_ns, events })
    }
}

/// Which changes are told.
fn thresholds(config: &ProcmondConfig) -> Thresholds {
    Thresholds {
        cpu_percent: config.cpu_change_percent,
        memory_percent: config.memory_change_percent,
        memory_bytes: config.memory_change_bytes,
    }
}

impl ProcessScanner {
    /// The hash of what a process has begun to run, if that file was hashed before.
    fn known_hash(&mut self, change: &Change) -> Option<Sha256Hex> {
        let integrity = self.integrity.as_mut()?;
        let begins = matches!(
            change.what,
            ProcessChange::Started | ProcessChange::Enumerated | ProcessChange::Executed
        );
        if !begins {
            return None;
        }
        let look = self.executables.look(&change.process)?;
        integrity.known(look.file()?)
    }

    /// Looks at the executable of every process; what is odd about them.
    fn look_closer(&mut self) -> Vec<CollectionEvent> {
        let runs = |process: Identity| self.census.process(process).is_some();
        self.anomalies.retain(runs);
        if let Some(integrity) = &mut self.integrity {
            integrity.begin(runs);
        }
        let needs_looks = self.integrity.is_some() || self.anomalies.needs_looks();
        let mut events = Vec::new();
        for (process, cpu_percent) in self.census.processes() {
            let look = if needs_looks { self.executables.look(process) } else { None };
            let at_path = look.as_ref().map(|look| &look.at_path);
            let sight = Sight { process, cpu_percent, at_path };
            let findings = self.anomalies.note(sight).into_iter();
            events.extend(findings.map(|finding| event::anomaly(sight, finding)));
            if let Some(integrity) = &mut self.integrity {
                integrity.note(process, look);
            }
        }
        events
    }

    /// Goes on with hashing; what came of it, and `None` when nothing is left to do.
    fn hash(&mut self) -> Option<Vec<CollectionEvent>> {
        let open = |process: Identity, which: Which| -> io::Result<Box<dyn Content>> {
            let process = self.census.process(process).ok_or(io::ErrorKind::NotFound)?;
            self.executables.open(process, which)
        };
        let reports = self.integrity.as_mut()?.piece(&open)?;
        let events = reports.into_iter().filter_map(|report| {
            let process = self.census.process(report.process)?;
            Some(event::integrity(process, report))
        });
        Some(events.collect())
    }
}

#[cfg(test)]
mod tests;
