//! What the host says before a run: load, governor, descriptors. Warnings, one sentence each.

use std::fs;
use std::path::Path;

use crate::driver::DescriptorLimit;
use crate::gate::busy::OUTSIDE_MOST;

/// The governor that does not change a CPU's frequency while a trial runs.
const STEADY: &str = "performance";

/// What is known of the host; `None` or empty where it does not tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct State {
    /// Load average over the last minute.
    pub(super) load_1_min: Option<f64>,
    /// CPUs.
    pub(super) cores: usize,
    /// Frequency governor of each CPU.
    pub(super) governors: Vec<String>,
    /// The limit on descriptors, raised already.
    pub(super) descriptors: Option<DescriptorLimit>,
}

impl State {
    /// Looks around below `root`; full on Linux.
    pub(super) fn read(root: &Path, descriptors: Option<DescriptorLimit>) -> Self {
        let load = fs::read_to_string(root.join("proc/loadavg")).ok();
        Self {
            load_1_min: load.and_then(|text| text.split(' ').next()?.parse().ok()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            governors: governors(&root.join("sys/devices/system/cpu")),
            descriptors,
        }
    }

    /// What may spoil a run, and what was done about it; `needed`: descriptors of one process.
    pub(super) fn warnings(&self, needed: u64) -> Vec<String> {
        [self.busy(), self.unsteady(), self.short(needed)].into_iter().flatten().collect()
    }

    fn busy(&self) -> Option<String> {
        let (load, cores) = (self.load_1_min?, self.cores);
        let most = OUTSIDE_MOST * cores as f64;
        (load > most).then(|| {
            format!(
                "the load average is {load:.2} on {cores} CPUs: something else is running, and \
                 blocks beside more than {most:.2} are run again or do not count"
            )
        })
    }

    fn unsteady(&self) -> Option<String> {
        let found = self.governors.iter().find(|governor| *governor != STEADY)?;
        Some(format!(
            "the CPU governor is {found}: frequencies change while trials run; `{STEADY}` is steady"
        ))
    }

    fn short(&self, needed: u64) -> Option<String> {
        let DescriptorLimit { found, now } = self.descriptors?;
        if now < needed {
            let why = "ask for a higher hard limit";
            return Some(format!("a case needs {needed} descriptors, {now} are allowed: {why}"));
        }
        (found < needed).then(|| {
            format!(
                "a case needs {needed} descriptors: the limit of {found} is raised to {now}, here \
                 and in every run"
            )
        })
    }
}

/// The governor of each CPU that has one.
fn governors(cpus: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(cpus) else { return Vec::new() };
    let governor = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path().join("cpufreq/scaling_governor")).ok()?;
        Some(text.trim().to_owned())
    };
    entries.flatten().filter_map(governor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> State {
        State {
            load_1_min: Some(0.02),
            cores: 2,
            governors: vec![STEADY.to_owned(); 2],
            descriptors: Some(DescriptorLimit { found: 1_024, now: 4_096 }),
        }
    }

    #[test]
    fn a_quiet_steady_host_with_room_is_not_warned_of() {
        assert!(host().warnings(1_000).is_empty());
        assert!(State::default().warnings(1_000).is_empty(), "what is unknown is no warning");
    }

    #[test]
    fn load_governor_and_descriptors_are_each_warned_of() {
        let loaded = State { load_1_min: Some(1.5), ..host() };
        assert!(loaded.warnings(9)[0].starts_with("the load average is 1.50 on 2 CPUs"));
        let governors = vec![STEADY.to_owned(), "powersave".to_owned()];
        let saving = State { governors, ..host() };
        assert!(saving.warnings(9)[0].starts_with("the CPU governor is powersave"));
        assert!(host().warnings(2_000)[0].contains("of 1024 is raised to 4096"));
        assert!(host().warnings(5_000)[0].contains("needs 5000 descriptors, 4096 are allowed"));
    }

    #[test]
    fn load_and_governors_are_read_from_their_files() {
        let root = tempfile::tempdir().expect("a folder");
        let cpu = root.path().join("sys/devices/system/cpu/cpu0/cpufreq");
        fs::create_dir_all(&cpu).expect("made");
        fs::create_dir_all(root.path().join("proc")).expect("made");
        fs::write(cpu.join("scaling_governor"), "ondemand\n").expect("written");
        fs::write(root.path().join("proc/loadavg"), "0.52 0.40 0.30 1/99 7\n").expect("written");
        let state = State::read(root.path(), None);
        assert_eq!((state.load_1_min, state.governors), (Some(0.52), vec!["ondemand".to_owned()]));
    }
}
