//! What a user asks of a run: as said, and as resolved.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cmd::command_line::CommandLine;
use crate::cmd::curves;
use crate::cmd::known::{Baseline, SEED, baseline, buses, profiles};
use crate::cmd::last_report::LATEST;
use crate::cmd::performance::Earlier;
use crate::cmd::selection::Wanted;
use crate::cmd::trend::KEPT;
use crate::plan::{Bus, Case, TrialKind};
use crate::scenario::Profile;

/// Run scenarios and say whether to switch.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// How much to run.
    #[arg(long, default_value = "pr", value_parser = profiles())]
    pub profile: Profile,
    /// Only cases whose id or scenario matches, several times for several; `*` stands for any run of
    /// characters.
    #[arg(long, value_name = "GLOB")]
    pub scenario: Vec<String>,
    /// Folder of scenario files.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
    /// The bus the others are compared with; with `@REV` as that revision of the project has it, by
    /// default against the same bus of this one.
    #[arg(long, value_name = "BUS[@REV]", default_value = "crossbeam", value_parser = baseline)]
    pub baseline: Baseline,
    /// The executable of the revision in `--baseline`; `cargo xtask equivalence` builds it.
    #[arg(long, value_name = "FILE", hide = true)]
    pub baseline_executable: Option<PathBuf>,
    /// A bus in question, several times for several; the profile's own if none is named.
    #[arg(long, value_name = "BUS", value_parser = buses())]
    pub candidate: Vec<Bus>,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = SEED)]
    pub seed: u64,
    /// Folder of the report.
    #[arg(long, value_name = "FOLDER", default_value = LATEST)]
    pub out: PathBuf,
    /// Compare with the last run that was kept of this class of hosts; what is worse for certain fails.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = KEPT)]
    pub against: Option<PathBuf>,
    /// Keep the ratios of this run, to be compared with.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = KEPT)]
    pub save_baseline: Option<PathBuf>,
    /// What an undecided gate does to the exit code.
    #[arg(long, value_enum, default_value_t = Inconclusive::Fail)]
    pub inconclusive: Inconclusive,
    /// Fail on gates marked `enforced` alone; the others are printed.
    #[arg(long)]
    pub enforced_only: bool,
    /// Run behaviour on the baseline twice and list what differs; nightly and release always do.
    #[arg(long)]
    pub baseline_twice: bool,
}

/// What an undecided gate does to the exit code.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Inconclusive {
    /// Exit 3.
    Fail,
    /// Print, no more.
    Warn,
}

/// The options of a run, as resolved.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Which cases, against which baseline, and the seed of everything random.
    pub wanted: Wanted,
    /// The revision of the project that the baseline is of, where it is another than this one.
    pub revision: Option<String>,
    /// Its executable.
    pub baseline_executable: Option<PathBuf>,
    /// The buses in question; empty for the profile's own, or the baseline's where that is of another
    /// revision.
    pub candidates: Vec<Bus>,
    /// Folder of the report; made if missing.
    pub out: PathBuf,
    /// Folder of runs that were kept, of which the last is compared with.
    pub against: Option<PathBuf>,
    /// Folder this run is to be kept in.
    pub save_baseline: Option<PathBuf>,
    /// Whether open questions only warn.
    pub warn_inconclusive: bool,
    /// Whether only gates marked `enforced` can fail the run.
    pub enforced_only: bool,
    /// Whether the baseline runs every behaviour case twice, in any profile.
    pub baseline_twice: bool,
}

impl RunArgs {
    /// What is meant by it.
    pub fn resolved(self) -> RunOptions {
        RunOptions {
            wanted: Wanted {
                folder: self.scenarios,
                profile: self.profile,
                patterns: self.scenario,
                seed: self.seed,
                baseline: self.baseline.bus,
            },
            revision: self.baseline.revision,
            baseline_executable: self.baseline_executable,
            candidates: self.candidate,
            out: self.out,
            against: self.against,
            save_baseline: self.save_baseline,
            warn_inconclusive: matches!(self.inconclusive, Inconclusive::Warn),
            enforced_only: self.enforced_only,
            baseline_twice: self.baseline_twice,
        }
    }
}

impl RunOptions {
    /// The command that repeats the run, for the report.
    pub fn command(&self) -> CommandLine {
        let revision = self.revision.as_deref();
        let mut line = CommandLine::of_run(&self.wanted, revision, &self.candidates, &self.out);
        if self.warn_inconclusive {
            line = line.option("--inconclusive", "warn");
        }
        if self.enforced_only {
            line = line.flag("--enforced-only");
        }
        if self.baseline_twice {
            line = line.flag("--baseline-twice");
        }
        let folders = [("--against", &self.against), ("--save-baseline", &self.save_baseline)];
        for (option, folder) in folders {
            if let Some(folder) = folder {
                line = line.flag(option).path(folder);
            }
        }
        line
    }

    /// Buses whose behaviour is checked, baseline first.
    pub fn behaviour_buses(&self) -> Vec<Bus> {
        let baseline = std::iter::once(&self.wanted.baseline);
        once_each(baseline.chain(&self.behaviour_candidates()))
    }

    /// The same for one case: where nobody is named, the bus of old joins a case that declares
    /// what it does otherwise.
    pub fn behaviour_buses_of(&self, case: &Case) -> Vec<Bus> {
        let mut buses = self.behaviour_buses();
        let declares = case.divergences.iter().any(|one| one.bus == Bus::CrossbeamFaithful);
        if self.candidates.is_empty() && declares && !buses.contains(&Bus::CrossbeamFaithful) {
            buses.push(Bus::CrossbeamFaithful);
        }
        buses
    }

    /// Whether the baseline runs a case twice, to tell what differs from run to run: where it is
    /// compared with another bus, in the long profiles or when asked for.
    pub fn repeats(&self, case: &Case) -> bool {
        let is_asked = self.baseline_twice
            || matches!(self.wanted.profile, Profile::Nightly | Profile::Release);
        let on = |bus: &Bus| case.not_applicable.iter().all(|(other, _)| other != bus);
        let is_compared = self.behaviour_buses_of(case).iter().filter(|bus| on(bus)).count() > 1;
        case.kind == TrialKind::Behaviour && is_asked && is_compared && on(&self.wanted.baseline)
    }

    /// Buses whose behaviour is in question; the baseline too if it is asked for by name.
    pub fn behaviour_candidates(&self) -> Vec<Bus> {
        self.named_or(match self.wanted.profile {
            Profile::Smoke | Profile::Pr => &[Bus::Embedded, Bus::Process],
            Profile::Nightly | Profile::Release => &[Bus::Embedded, Bus::Agent, Bus::Process],
        })
    }

    /// Buses whose performance is compared with the baseline's.
    pub fn performance_candidates(&self) -> Vec<Bus> {
        self.named_or(match self.wanted.profile {
            Profile::Smoke | Profile::Pr => &[Bus::Process],
            Profile::Nightly | Profile::Release => &[Bus::Process, Bus::Agent, Bus::Embedded],
        })
    }

    /// The pairs of buses that a performance case is measured on, baseline first: the run's own, or
    /// each broker the case is measured beside. Those are in processes of their own, and so is what is
    /// compared with them.
    pub fn pairs(&self, case: &Case) -> Vec<(Bus, Bus)> {
        let of = |candidate: Bus| {
            let baselines = case.baselines(self.wanted.baseline, candidate);
            let is_alike = |baseline: &Bus| {
                !baseline.is_peer()
                    || !self.candidates.is_empty()
                    || candidate.deployment() == baseline.deployment()
            };
            let baselines = baselines.into_iter().filter(is_alike);
            baselines.map(move |baseline| (baseline, candidate)).collect::<Vec<_>>()
        };
        self.performance_candidates().into_iter().flat_map(of).collect()
    }

    /// The candidates named; the profile's own are never the baseline.
    fn named_or(&self, own: &[Bus]) -> Vec<Bus> {
        if self.candidates.is_empty() && self.revision.is_some() {
            vec![self.wanted.baseline]
        } else if self.candidates.is_empty() {
            own.iter().copied().filter(|bus| *bus != self.wanted.baseline).collect()
        } else {
            once_each(&self.candidates)
        }
    }

    /// Why the run cannot be made as it was asked for.
    pub fn complaint(&self) -> Option<String> {
        let revision = self.revision.as_ref()?;
        let bus = self.wanted.baseline.as_str();
        let others = self.candidates.iter().any(|candidate| *candidate != self.wanted.baseline);
        match &self.baseline_executable {
            _ if others => Some(format!(
                "error: {bus}@{revision} is compared with {bus} of this revision, and with no other bus"
            )),
            None => Some(format!(
                "error: another revision has to be built first: `cargo xtask equivalence --baseline \
                 {bus}@{revision}` does"
            )),
            Some(_) => None,
        }
    }

    /// The baseline's own executable, where it is of another revision.
    pub fn earlier(&self) -> Option<Earlier<'_>> {
        let (revision, executable) =
            (self.revision.as_deref()?, self.baseline_executable.as_deref()?);
        Some(Earlier { revision, executable })
    }

    /// Most blocks per performance case.
    pub fn most_blocks(&self) -> usize {
        match self.wanted.profile {
            Profile::Smoke => 1,
            Profile::Pr => 10,
            Profile::Nightly | Profile::Release => 16,
        }
    }

    /// Buses a curve is drawn on, baseline first, each once.
    pub fn curve_buses(&self) -> Vec<Bus> {
        let baseline = std::iter::once(&self.wanted.baseline);
        once_each(baseline.chain(&self.performance_candidates()))
    }

    /// Rounds of a curve.
    pub fn curve_rounds(&self) -> u32 {
        curves::rounds(self.concludes())
    }

    /// Whether performance verdicts may be given.
    pub fn concludes(&self) -> bool {
        self.wanted.profile != Profile::Smoke
    }
}

/// Buses in the order they are named first; naming one twice runs it once.
pub(super) fn once_each<'a>(named: impl IntoIterator<Item = &'a Bus>) -> Vec<Bus> {
    let mut buses = Vec::new();
    for bus in named {
        if !buses.contains(bus) {
            buses.push(*bus);
        }
    }
    buses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(baseline: Bus, candidates: &[Bus]) -> RunOptions {
        let (profile, patterns) = (Profile::Smoke, vec!["a/*".to_owned()]);
        RunOptions {
            wanted: Wanted { folder: None, profile, patterns, seed: 1, baseline },
            revision: None,
            baseline_executable: None,
            candidates: candidates.to_vec(),
            out: "reports/x".into(),
            against: None,
            save_baseline: None,
            warn_inconclusive: true,
            enforced_only: true,
            baseline_twice: false,
        }
    }

    #[test]
    fn a_bus_against_itself_behaves_once_and_is_measured_as_a_pair() {
        let twice = options(Bus::Agent, &[Bus::Agent, Bus::Agent]);
        assert_eq!(twice.behaviour_buses(), [Bus::Agent]);
        assert_eq!(twice.performance_candidates(), [Bus::Agent]);
        let both = options(Bus::Agent, &[Bus::Process, Bus::Agent]);
        assert_eq!(both.behaviour_buses(), [Bus::Agent, Bus::Process]);
        assert_eq!(both.performance_candidates(), [Bus::Process, Bus::Agent]);
    }

    #[test]
    fn a_case_beside_brokers_of_others_is_measured_against_each_in_processes_alone() {
        let mut case = crate::plan::fence_case(
            daemoneye_eventbus::EventSubscription::new("s").with_pattern("#"),
            &[None],
        );
        let mut run = options(Bus::Crossbeam, &[]);
        run.wanted.profile = Profile::Nightly;
        assert_eq!(run.pairs(&case).len(), 3, "the deployments of ours");
        case.beside = Bus::PEERS.to_vec();
        assert_eq!(run.pairs(&case), Bus::PEERS.map(|peer| (peer, Bus::Process)));
        run.wanted.baseline = Bus::Nats;
        assert_eq!(run.pairs(&case), [(Bus::Nats, Bus::Process)]);
        run.candidates = vec![Bus::Agent];
        assert_eq!(run.pairs(&case), [(Bus::Nats, Bus::Agent)], "as asked");
    }

    #[test]
    fn nothing_is_compared_with_itself_unasked() {
        let unasked = options(Bus::Process, &[]);
        assert_eq!(unasked.behaviour_buses(), [Bus::Process, Bus::Embedded]);
        assert!(unasked.performance_candidates().is_empty());
    }

    #[test]
    fn the_bus_of_old_joins_a_case_that_declares_it_unless_candidates_are_named() {
        let mut case = crate::plan::fence_case(
            daemoneye_eventbus::EventSubscription::new("s").with_pattern("#"),
            &[None],
        );
        let unasked = options(Bus::Crossbeam, &[]);
        assert!(!unasked.behaviour_buses_of(&case).contains(&Bus::CrossbeamFaithful));
        case.divergences.push(crate::plan::Divergence {
            id: "V2".to_owned(),
            rule: "C10".to_owned(),
            bus: Bus::CrossbeamFaithful,
            reason: "why".to_owned(),
            owner: "who".to_owned(),
            until: crate::plan::Day::of("2027-12-31").expect("a day"),
            observe: crate::plan::Observe::Always,
        });
        assert_eq!(unasked.behaviour_buses_of(&case).last(), Some(&Bus::CrossbeamFaithful));
        let named = options(Bus::Crossbeam, &[Bus::Process]);
        assert_eq!(named.behaviour_buses_of(&case), [Bus::Crossbeam, Bus::Process]);
    }

    #[test]
    fn a_case_is_run_twice_where_two_buses_are_compared_at_length_or_when_asked() {
        let mut case = crate::plan::fence_case(
            daemoneye_eventbus::EventSubscription::new("s").with_pattern("#"),
            &[None],
        );
        case.kind = TrialKind::Behaviour;
        let mut run = options(Bus::Crossbeam, &[Bus::Process]);
        assert!(!run.repeats(&case), "smoke stays short");
        run.baseline_twice = true;
        assert!(run.repeats(&case));
        assert!(run.command().to_string().ends_with("--baseline-twice"));
        run.baseline_twice = false;
        run.wanted.profile = Profile::Nightly;
        assert!(run.repeats(&case));
        case.not_applicable.push((Bus::Process, "nothing to compare with".to_owned()));
        assert!(!run.repeats(&case));
    }

    #[test]
    fn another_revision_is_compared_with_the_same_bus_of_this_one() {
        let mut run = options(Bus::Process, &[]);
        run.revision = Some("abc".to_owned());
        assert_eq!(run.performance_candidates(), [Bus::Process]);
        assert!(run.command().to_string().contains("--baseline process@abc"));
        assert!(run.complaint().expect("not built").contains("cargo xtask equivalence"));
        run.baseline_executable = Some("there".into());
        assert_eq!(run.complaint(), None);
        run.candidates = vec![Bus::Agent];
        assert!(run.complaint().expect("another bus").contains("no other bus"));
    }

    #[test]
    fn the_command_of_a_run_says_how_strict_it_was() {
        let line = options(Bus::Crossbeam, &[Bus::Process]).command().to_string();
        assert!(line.contains("--scenario 'a/*' --baseline crossbeam --candidate process"));
        assert!(line.ends_with("reports/x --inconclusive warn --enforced-only"), "{line}");
    }
}
