//! What is odd about a process: a few rules, each told once per process.
//!
//! A rule tells what it saw, not what to think of it: that a compiler runs its output from `/tmp`
//! is as true as that an intruder does. No clock, no system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::executable::AtPath;
use super::observation::{Identity, Observation};
use crate::config::{AnomalyRule, ProcmondConfig};

/// Looks for what is odd.
#[derive(Debug)]
pub(super) struct Anomalies {
    rules: BTreeSet<AnomalyRule>,
    untrusted_folders: Vec<PathBuf>,
    /// CPU use above which a scan counts, percent of one core; 0 for none.
    cpu_alarm_percent: f64,
    /// Scans in a row that have to.
    cpu_alarm_scans: u32,
    /// Of the processes that run.
    known: BTreeMap<Identity, History>,
}

/// What was odd about one process so far.
#[derive(Debug, Default)]
struct History {
    told: BTreeSet<AnomalyRule>,
    /// Scans in a row in which it used much CPU.
    busy_scans: u32,
}

/// What one scan shows of one process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) process: &'a Observation,
    /// CPU use since the scan before, percent of one core; `None` without one.
    pub(super) cpu_percent: Option<f64>,
    /// What is at its executable's path; `None` where nobody looked.
    pub(super) at_path: Option<&'a AtPath>,
}

/// Something odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) rule: AnomalyRule,
    /// What was seen, a sentence for people.
    pub(super) detail: String,
}

impl Anomalies {
    /// Looks for what is configured.
    pub(super) fn new(config: &ProcmondConfig) -> Self {
        Self {
            rules: config.anomaly_rules.clone(),
            untrusted_folders: config.untrusted_folders.clone(),
            cpu_alarm_percent: config.cpu_alarm_percent,
            cpu_alarm_scans: config.cpu_alarm_scans,
            known: BTreeMap::new(),
        }
    }

    /// Looks for this from now on; what was told stays told.
    pub(super) fn configure(&mut self, config: &ProcmondConfig) {
        let known = std::mem::take(&mut self.known);
        *self = Self { known, ..Self::new(config) };
    }

    /// Whether a rule needs to know what is at an executable's path.
    pub(super) fn needs_looks(&self) -> bool {
        self.rules.contains(&AnomalyRule::ExecutableRemoved)
    }

    /// Takes in what a scan shows of a process; what is odd about it and was not told yet.
    pub(super) fn note(&mut self, sight: Sight<'_>) -> Vec<Finding> {
        let history = self.known.entry(sight.process.identity).or_default();
        let is_busy = self.cpu_alarm_percent > 0.0
            && sight.cpu_percent.is_some_and(|percent| percent > self.cpu_alarm_percent);
        history.busy_scans = if is_busy { history.busy_scans.saturating_add(1) } else { 0 };
        let mut findings = Vec::new();
        for rule in self.rules.iter().copied() {
            if history.told.contains(&rule) {
                continue;
            }
            let detail = match rule {
                AnomalyRule::ExecutableRemoved => executable_removed(sight),
                AnomalyRule::UntrustedFolder => untrusted_folder(sight, &self.untrusted_folders),
                AnomalyRule::KernelThreadName => kernel_thread_name(sight),
                AnomalyRule::SustainedCpu => {
                    sustained_cpu(sight, history.busy_scans, self.cpu_alarm_scans)
                }
            };
            if let Some(detail) = detail {
                history.told.insert(rule);
                findings.push(Finding { rule, detail });
            }
        }
        findings
    }

    /// Forgets every process that does not run.
    pub(super) fn retain(&mut self, runs: impl Fn(Identity) -> bool) {
        self.known.retain(|process, _| runs(*process));
    }
}

fn executable_removed(sight: Sight<'_>) -> Option<String> {
    let path = sight.process.executable_path.as_deref()?;
    let is_missing = sight.at_path == Some(&AtPath::Missing);
    is_missing.then(|| format!("it runs {path}, where there is no file any more"))
}

fn untrusted_folder(sight: Sight<'_>, folders: &[PathBuf]) -> Option<String> {
    let path = sight.process.executable_path.as_deref()?;
    let folder = folders.iter().find(|folder| Path::new(path).starts_with(folder))?;
    Some(format!("it runs {path}, and anybody may leave a file in {}", folder.display()))
}

/// `[kworker/0:1]`: as threads of the kernel are shown, which have no executable. Their names have
/// no spaces, unlike what some servers write of their work in brackets.
fn kernel_thread_name(sight: Sight<'_>) -> Option<String> {
    let path = sight.process.executable_path.as_deref()?;
    let shown = sight.process.arguments.first()?;
    let name = shown.strip_prefix('[')?.strip_suffix(']')?;
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then(|| format!("it calls itself {shown}, as a thread of the kernel, and runs {path}"))
}

fn sustained_cpu(sight: Sight<'_>, busy_scans: u32, alarm_scans: u32) -> Option<String> {
    let percent = sight.cpu_percent?;
    (busy_scans >= alarm_scans)
        .then(|| format!("it used {percent:.0} % of one core, the last of {busy_scans} such scans"))
}

#[cfg(test)]
mod tests {
    use super::super::file_identity::FileIdentity;
    use super::*;

    const PATH: &str = "/usr/bin/one";

    fn process(path: &str, shown: &str) -> Observation {
        Observation { arguments: vec![shown.into()], ..Observation::made_up(7, path) }
    }

    fn sight(process: &Observation) -> Sight<'_> {
        Sight { process, cpu_percent: None, at_path: None }
    }

    fn rules(findings: &[Finding]) -> Vec<AnomalyRule> {
        findings.iter().map(|finding| finding.rule).collect()
    }

    /// A configuration with folders that every system takes for absolute.
    fn config() -> ProcmondConfig {
        let untrusted_folders = vec!["/tmp".into(), "/dev/shm".into()];
        ProcmondConfig { untrusted_folders, ..ProcmondConfig::default() }
    }

    /// Rules and limit for CPU alone.
    fn cpu_alarm(cpu_alarm_percent: f64, cpu_alarm_scans: u32) -> Anomalies {
        let anomaly_rules = BTreeSet::from([AnomalyRule::SustainedCpu]);
        Anomalies::new(&ProcmondConfig {
            anomaly_rules,
            cpu_alarm_percent,
            cpu_alarm_scans,
            ..config()
        })
    }

    /// In which scans an alarm is raised, of those with this CPU use each.
    fn alarms(anomalies: &mut Anomalies, percents: &[Option<f64>]) -> Vec<usize> {
        let process = process(PATH, "one");
        let mut raised = Vec::new();
        for (number, cpu_percent) in percents.iter().copied().enumerate() {
            let found = anomalies.note(Sight { cpu_percent, ..sight(&process) });
            raised.extend(found.iter().map(|_| number));
        }
        raised
    }

    #[test]
    fn a_usual_process_is_not_odd() {
        let process = process(PATH, "one");
        let at_path = AtPath::File(FileIdentity::made_up(1, 10));
        let mut anomalies = Anomalies::new(&config());
        let seen = Sight { cpu_percent: Some(100.0), at_path: Some(&at_path), ..sight(&process) };
        assert_eq!(anomalies.note(seen), []);
    }

    #[test]
    fn another_configuration_looks_for_other_things_and_tells_nothing_again() {
        let told = process("/tmp/one", "one");
        let other = Observation { arguments: vec![], ..Observation::made_up(8, "/opt/two") };
        let mut anomalies = Anomalies::new(&config());
        assert_eq!(rules(&anomalies.note(sight(&told))), [AnomalyRule::UntrustedFolder]);
        assert_eq!(anomalies.note(sight(&other)), []);
        let untrusted_folders = vec!["/tmp".into(), "/opt".into()];
        anomalies.configure(&ProcmondConfig { untrusted_folders, ..config() });
        assert_eq!(anomalies.note(sight(&told)), []);
        assert_eq!(rules(&anomalies.note(sight(&other))), [AnomalyRule::UntrustedFolder]);
    }

    #[test]
    fn a_thread_of_the_kernel_is_not_odd() {
        let thread = Observation {
            executable_path: None,
            arguments: Vec::new(),
            name: "kworker/0:1".into(),
            ..process(PATH, "")
        };
        assert_eq!(Anomalies::new(&config()).note(sight(&thread)), []);
    }

    #[test]
    fn an_executable_is_removed_when_nothing_is_at_its_path() {
        let process = process(PATH, "one");
        let rows = [
            (None, false),
            (Some(AtPath::File(FileIdentity::made_up(1, 10))), false),
            (Some(AtPath::Unknown), false),
            (Some(AtPath::Missing), true),
        ];
        for (at_path, expected) in rows {
            let seen = Sight { at_path: at_path.as_ref(), ..sight(&process) };
            let detail = executable_removed(seen);
            assert_eq!(detail.is_some(), expected, "{at_path:?}");
            assert!(detail.is_none_or(|detail| detail.contains(PATH)));
        }
    }

    #[test]
    fn a_folder_holds_what_is_below_it_and_no_namesake() {
        let folders = config().untrusted_folders;
        let rows = [
            ("/tmp/x", Some("/tmp")),
            ("/tmp/deep/er/x", Some("/tmp")),
            ("/dev/shm/x", Some("/dev/shm")),
            ("/tmpx/x", None),
            ("/usr/tmp/x", None),
            ("/dev/shmx", None),
        ];
        for (path, expected) in rows {
            let process = process(path, "x");
            let detail = untrusted_folder(sight(&process), &folders);
            let named = |folder: &str| detail.as_ref().is_some_and(|text| text.ends_with(folder));
            assert_eq!(detail.is_some(), expected.is_some(), "{path}");
            assert!(expected.is_none_or(named), "{path}");
        }
    }

    #[test]
    fn a_kernel_threads_name_is_one_word_in_brackets() {
        let rows = [
            ("[kworker/0:1]", true),
            ("[kthreadd]", true),
            ("[", false),
            ("[]", false),
            ("]", false),
            ("[one", false),
            ("one]", false),
            ("kworker/0:1", false),
            ("[celeryd: worker@host] -active-", false),
            ("[celery beat]", false),
        ];
        for (shown, expected) in rows {
            let process = process(PATH, shown);
            assert_eq!(kernel_thread_name(sight(&process)).is_some(), expected, "{shown}");
            let without = Observation { executable_path: None, ..process };
            assert_eq!(kernel_thread_name(sight(&without)), None, "{shown}");
        }
    }

    #[test]
    fn cpu_use_is_odd_once_it_has_lasted() {
        let rows: [(&[Option<f64>], &[usize]); 6] = [
            (&[Some(90.0), Some(90.0), Some(90.0)], &[2]),
            (&[Some(90.0), Some(90.0), Some(10.0), Some(90.0), Some(90.0)], &[]),
            (&[Some(90.0), Some(90.0), None, Some(90.0), Some(90.0)], &[]),
            (&[Some(80.0), Some(80.0), Some(80.0)], &[]),
            (&[None, Some(90.0), Some(90.0), Some(90.0), Some(90.0)], &[3]),
            (&[], &[]),
        ];
        for (percents, expected) in rows {
            assert_eq!(alarms(&mut cpu_alarm(80.0, 3), percents), expected, "{percents:?}");
        }
    }

    #[test]
    fn without_a_limit_no_cpu_use_is_odd() {
        let always = [Some(800.0); 5];
        assert_eq!(alarms(&mut cpu_alarm(0.0, 1), &always), [0_usize; 0]);
    }

    #[test]
    fn each_rule_is_told_once_per_process() {
        let (odd, missing) = (process("/tmp/x", "[kworker/0:1]"), AtPath::Missing);
        let seen = Sight { at_path: Some(&missing), ..sight(&odd) };
        let expected = [
            AnomalyRule::ExecutableRemoved,
            AnomalyRule::UntrustedFolder,
            AnomalyRule::KernelThreadName,
        ];
        let mut anomalies = Anomalies::new(&config());
        assert_eq!(rules(&anomalies.note(seen)), expected);
        assert_eq!(anomalies.note(seen), []);
        let other = Observation { identity: Identity { start: 8, pid: 7 }, ..odd.clone() };
        assert_eq!(rules(&anomalies.note(Sight { process: &other, ..seen })), expected);
    }

    #[test]
    fn a_rule_that_is_off_tells_nothing() {
        let (odd, missing) = (process("/tmp/x", "[kworker/0:1]"), AtPath::Missing);
        let anomaly_rules = BTreeSet::from([AnomalyRule::UntrustedFolder]);
        let mut anomalies = Anomalies::new(&ProcmondConfig { anomaly_rules, ..config() });
        assert!(!anomalies.needs_looks());
        let seen = Sight { at_path: Some(&missing), ..sight(&odd) };
        assert_eq!(rules(&anomalies.note(seen)), [AnomalyRule::UntrustedFolder]);
    }

    #[test]
    fn a_process_that_ended_is_forgotten() {
        let odd = process("/tmp/x", "x");
        let mut anomalies = Anomalies::new(&config());
        anomalies.note(sight(&odd));
        anomalies.retain(|_| false);
        assert!(anomalies.known.is_empty());
    }
}
