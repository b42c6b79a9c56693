//! How much of one host is told, and what lies beyond.
//!
//! The limits together, and the longest list of processes, make less than the default of
//! `collector.event_buffer_size`: one sample never fills it.

use super::sample::Sample;
use super::shortfall::Shortfall;

/// Cores told, one event each.
pub(super) const MAX_CORES: usize = 256;
/// File systems told, three events each and one of an anomaly.
pub(super) const MAX_FILE_SYSTEMS: usize = 64;
/// Disks told, two events each.
pub(super) const MAX_DISKS: usize = 64;
/// Interfaces told, two events each.
pub(super) const MAX_INTERFACES: usize = 64;

/// What a sample has of each kind beyond its limit. The first ones by name are told, of cores the
/// first ones of the system.
pub(super) fn beyond(sample: &Sample) -> Vec<Shortfall> {
    let cores = sample.cpu.as_ref().map_or(0, |cpu| cpu.cores.len());
    let kinds = [
        ("some cores", cores, MAX_CORES),
        ("some file systems", sample.file_systems.len(), MAX_FILE_SYSTEMS),
        ("some disks", sample.disks.len(), MAX_DISKS),
        ("some interfaces", sample.interfaces.len(), MAX_INTERFACES),
    ];
    kinds
        .into_iter()
        .filter(|(_, there, limit)| there > limit)
        .map(|(what, there, limit)| Shortfall {
            what,
            why: format!("{} beyond the limit of {limit}", there - limit),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::ByteString;

    use super::super::sample::{Cpu, CpuTime, Moved};
    use super::*;
    use crate::config::{CollectorConfig, PerfmondConfig};
    use crate::sources::page;

    fn interfaces(count: usize) -> Sample {
        let names = (0..count).map(|index| ByteString::from(format!("veth{index}")));
        let interfaces = names.map(|name| (name, Moved::default())).collect();
        Sample { interfaces, ..Sample::default() }
    }

    #[test]
    fn what_is_beyond_a_limit_is_counted() {
        assert_eq!(beyond(&interfaces(MAX_INTERFACES)), []);
        let found = beyond(&interfaces(MAX_INTERFACES + 3));
        let why = "3 beyond the limit of 64".to_owned();
        assert_eq!(found, [Shortfall { what: "some interfaces", why }]);
    }

    #[test]
    fn every_limit_is_on_the_page() {
        for (what, limit) in [
            ("cores", MAX_CORES),
            ("file systems", MAX_FILE_SYSTEMS),
            ("disks", MAX_DISKS),
            ("network interfaces", MAX_INTERFACES),
        ] {
            let shown = page::limit(&format!("{what} that `perfmond` tells"));
            assert_eq!(usize::try_from(shown), Ok(limit), "{what}");
        }
    }

    #[test]
    fn cores_have_a_limit_too() {
        let cores = vec![CpuTime::default(); MAX_CORES + 1];
        let cpu = Some(Cpu { cores, ..Cpu::default() });
        assert_eq!(beyond(&Sample { cpu, ..Sample::default() }).len(), 1);
    }

    #[test]
    fn the_events_of_a_full_sample_fit_the_default_buffer() {
        const OF_THE_SYSTEM: usize = 10;
        const ANOMALIES_OF_THE_SYSTEM: usize = 3;
        let events = OF_THE_SYSTEM
            + ANOMALIES_OF_THE_SYSTEM
            + MAX_CORES
            + (3 + 1) * MAX_FILE_SYSTEMS
            + 2 * (MAX_DISKS + MAX_INTERFACES)
            + 2 * PerfmondConfig::MAX_TOP_PROCESSES;
        assert!(events < CollectorConfig::default().event_buffer_size, "{events}");
    }
}
