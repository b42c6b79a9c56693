//! Every verdict and every reason is reached from recorded trials.

use super::*;
use crate::gate::{Direction, Redos, VoidTrial, order};
use crate::plan::{Bus, TrialKind};
use crate::record::{Latency, TearDown, TrialFigures};

const AT_MOST_TWICE: Limit = Limit { direction: Direction::AtMost, ratio: 2.0 };
const AT_LEAST_80: Limit = Limit { direction: Direction::AtLeast, ratio: 0.8 };

fn trial(bus: Bus, figures: TrialFigures) -> Trial {
    Trial {
        case: "perf/paced".to_owned(),
        bus: Some(bus),
        void_of: None,
        kind: TrialKind::Paced,
        seed: 1,
        validity: Validity::Valid,
        figures,
        delivered: Vec::new(),
        processes: Vec::new(),
        tear_down: TearDown::default(),
    }
}

fn cpu(seconds: f64) -> TrialFigures {
    TrialFigures { cpu_s_per_million: Some(seconds), ..TrialFigures::default() }
}

fn latency(p99_ns: u64, samples: u64) -> TrialFigures {
    let latency = Latency { samples, p90_ns: p99_ns / 2, p99_ns, ..Latency::default() };
    TrialFigures { latency: Some(latency), ..TrialFigures::default() }
}

/// Blocks whose candidate differs from the baseline's figure of 10 as `figures` says.
fn evidence(blocks: u32, figures: impl Fn(u32, Bus) -> TrialFigures) -> Evidence {
    let mut evidence = Evidence::new("perf/paced".to_owned(), Bus::Crossbeam, Bus::Process);
    for index in 0..blocks {
        let order = order(1, index);
        let trials = order.map(|side| {
            let bus = evidence.bus(side);
            trial(bus, figures(index, bus))
        });
        evidence.blocks.push(Block { order, trials, host_busy: None, redone: false });
    }
    evidence
}

/// CPU of 10 against 10 × `ratio`, with a little of noise that differs from block to block.
fn cpu_ratio(blocks: u32, ratio: f64) -> Evidence {
    evidence(blocks, |block, bus| {
        let noise = 1.0 + 0.01 * f64::from(block % 3);
        cpu(if bus == Bus::Process { 10.0 * ratio * noise } else { 10.0 })
    })
}

fn voids(evidence: &mut Evidence, baseline: f64, candidate: f64) {
    for (bus, seconds) in [(Bus::Crossbeam, baseline), (Bus::Process, candidate)] {
        let mut void = trial(bus, cpu(seconds));
        (void.bus, void.void_of) = (None, Some(bus));
        evidence.voids.push(VoidTrial::new(void));
    }
}

fn verdict(evidence: &Evidence) -> Verdict {
    judge(Metric::Cpu, AT_MOST_TWICE, evidence).verdict
}

#[test]
fn six_clear_blocks_pass_or_fail() {
    assert_eq!(verdict(&cpu_ratio(6, 1.5)), Verdict::Pass);
    assert_eq!(verdict(&cpu_ratio(6, 2.5)), Verdict::Fail);
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &cpu_ratio(6, 1.5));
    assert_eq!(judged.estimate().map(|estimate| estimate.blocks), Some(6));
    assert_eq!(judged.baseline, Some(10.0));
}

#[test]
fn five_clear_blocks_are_a_matter_of_budget() {
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &cpu_ratio(5, 1.0));
    assert_eq!(judged.verdict, Verdict::Inconclusive(Reason::Budget));
    assert!(judged.raw.is_some_and(|estimate| estimate.interval.is_none()));
}

#[test]
fn an_interval_across_the_limit_is_noise_until_the_blocks_run_out() {
    let mut evidence = cpu_ratio(6, 1.99);
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::Noise));
    evidence.stopped = true;
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::Budget));
    let mut all = cpu_ratio(16, 1.99);
    all.stopped = true;
    assert_eq!(verdict(&all), Verdict::Inconclusive(Reason::Noise));
}

#[test]
fn the_first_look_that_decides_stands_whatever_follows() {
    let mut evidence = cpu_ratio(6, 1.5);
    evidence.blocks.extend(cpu_ratio(10, 8.0).blocks);
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &evidence);
    assert_eq!(judged.verdict, Verdict::Pass);
    assert_eq!(judged.estimate().map(|estimate| estimate.blocks), Some(6));
}

#[test]
fn a_look_that_leaves_it_open_gives_way_to_the_next() {
    let mut evidence = cpu_ratio(1, 2.2);
    evidence.blocks.extend(cpu_ratio(9, 1.5).blocks);
    let first = Evidence { blocks: evidence.blocks[..6].to_vec(), ..evidence.clone() };
    assert_eq!(verdict(&first), Verdict::Inconclusive(Reason::Noise));
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &evidence);
    assert_eq!(judged.verdict, Verdict::Pass);
    assert_eq!(judged.estimate().map(|estimate| estimate.blocks), Some(10));
}

#[test]
fn throughput_is_good_when_high() {
    let at = |ratio: f64| {
        evidence(6, |_, bus| TrialFigures {
            throughput_per_s: Some(if bus == Bus::Process { 1e6 * ratio } else { 1e6 }),
            ..TrialFigures::default()
        })
    };
    assert_eq!(judge(Metric::Throughput, AT_LEAST_80, &at(3.0)).verdict, Verdict::Pass);
    assert_eq!(judge(Metric::Throughput, AT_LEAST_80, &at(0.7)).verdict, Verdict::Fail);
}

#[test]
fn a_trial_that_breaks_physics_bars_the_gate_and_is_named() {
    let mut evidence = cpu_ratio(6, 1.0);
    evidence.blocks[3].trials[2].validity = Validity::Invalid("negative time".to_owned());
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &evidence);
    assert_eq!(judged.verdict, Verdict::Inconclusive(Reason::InvalidTrial));
    assert!(judged.notes.iter().any(|note| note.ends_with("is invalid: negative time")));
}

#[test]
fn a_late_generator_bars_the_gate() {
    let mut evidence = cpu_ratio(6, 1.0);
    evidence.blocks[0].trials[0].validity = Validity::GeneratorLate;
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::GeneratorLate));
}

#[test]
fn a_busy_host_bars_the_gate_unless_the_block_was_redone() {
    let mut evidence = cpu_ratio(7, 1.0);
    evidence.blocks[2].host_busy = Some("12 % of the CPU was stolen".to_owned());
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::HostBusy));
    evidence.blocks[2].redone = true;
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &evidence);
    assert_eq!(judged.verdict, Verdict::Pass);
    assert!(judged.notes.contains(&"1 block(s) redone because the host was busy".to_owned()));
}

#[test]
fn smoke_and_faults_not_reached_bar_whatever_was_measured() {
    for reason in [Reason::Smoke, Reason::FaultNotReached] {
        let mut evidence = cpu_ratio(16, 1.0);
        evidence.barred = Some((reason, "as told".to_owned()));
        assert_eq!(verdict(&evidence), Verdict::Inconclusive(reason));
    }
}

#[test]
fn too_few_samples_lower_the_quantile_and_then_bar() {
    let at = |samples| evidence(6, move |_, _| latency(50_000, samples));
    let judged = judge(Metric::LatencyP99, AT_MOST_TWICE, &at(10_000));
    assert_eq!((judged.verdict, judged.baseline), (Verdict::Pass, Some(50_000.0)));
    let judged = judge(Metric::LatencyP99, AT_MOST_TWICE, &at(9_999));
    assert_eq!((judged.verdict, judged.baseline), (Verdict::Pass, Some(25_000.0)));
    let said = "p90 instead of p99: a trial has 9999 samples, p99 needs 10000";
    assert!(judged.notes.contains(&said.to_owned()), "{:?}", judged.notes);
    let judged = judge(Metric::LatencyP99, AT_MOST_TWICE, &at(100));
    assert_eq!(judged.verdict, Verdict::Inconclusive(Reason::TooFewSamples));
}

#[test]
fn the_trial_with_the_fewest_samples_decides_the_quantile_for_all() {
    let mut evidence = evidence(6, |_, _| latency(50_000, 10_000));
    evidence.blocks[2].trials[1].figures = latency(50_000, 2_000);
    let judged = judge(Metric::LatencyP99, AT_MOST_TWICE, &evidence);
    assert_eq!(judged.quantile, Some(Quantile::P90));
    assert_eq!(judged.raw.map(|estimate| estimate.ratio), Some(1.0));
}

#[test]
fn a_metric_nobody_measured_is_not_applicable_and_one_half_measured_is_not_judged() {
    let judged = judge(Metric::Memory, AT_MOST_TWICE, &cpu_ratio(6, 1.0));
    assert_eq!(judged.verdict, Verdict::NotApplicable("memory not measured".to_owned()));
    let mut evidence = cpu_ratio(6, 1.0);
    evidence.blocks[1].trials[1].figures.cpu_s_per_million = None;
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::InvalidTrial));
}

#[test]
fn socket_bytes_that_cannot_be_read_are_told_beside_memory_alone() {
    let unread = Some("netlink refuses".to_owned());
    let figures = |_, _| TrialFigures {
        memory_bytes: Some(1e7),
        sockets_unread: unread.clone(),
        ..cpu(10.0)
    };
    let evidence = evidence(6, figures);
    let told = |metric| {
        let notes = judge(metric, AT_MOST_TWICE, &evidence).notes;
        notes.iter().any(|note| note.ends_with("not in the memory: netlink refuses"))
    };
    assert!(told(Metric::Memory) && !told(Metric::Cpu));
}

#[test]
fn the_worse_of_raw_and_corrected_is_shown() {
    let mut evidence = cpu_ratio(6, 1.2);
    voids(&mut evidence, 4.0, 4.0);
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &evidence);
    assert_eq!((judged.verdict.clone(), judged.basis), (Verdict::Pass, Basis::Corrected));
    let corrected = judged.estimate().expect("six blocks").ratio;
    assert!((1.33..1.40).contains(&corrected), "{corrected}");
}

#[test]
fn a_verdict_the_floor_overturns_is_instrument_bound() {
    let mut evidence = cpu_ratio(6, 1.5);
    voids(&mut evidence, 9.0, 9.0);
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::InstrumentBound));
}

#[test]
fn a_floor_as_high_as_the_figure_is_instrument_bound() {
    let mut evidence = cpu_ratio(6, 1.0);
    voids(&mut evidence, 10.0, 5.0);
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::InstrumentBound));
}

#[test]
fn a_floor_of_a_busy_host_bars_what_rests_on_it_and_nothing_else() {
    let mut evidence = evidence(6, |_, _| TrialFigures { memory_bytes: Some(1e7), ..cpu(10.0) });
    voids(&mut evidence, 1.0, 1.0);
    evidence.voids.iter_mut().for_each(|void| void.trial.figures.memory_bytes = Some(1e6));
    evidence.voids[1].host_busy = Some("12 % of the CPU was stolen".to_owned());
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &evidence);
    assert_eq!(judged.verdict, Verdict::Inconclusive(Reason::HostBusy));
    let said = "a void floor is not to be trusted: 12 % of the CPU was stolen".to_owned();
    assert!(judged.notes.contains(&said), "{:?}", judged.notes);
    let memory = judge(Metric::Memory, AT_MOST_TWICE, &evidence).verdict;
    assert_eq!(memory, Verdict::Pass, "the raw ratio of memory alone is gated");
    evidence.voids[1].redone = true;
    let mut again = evidence.voids[1].clone();
    (again.host_busy, again.redone) = (None, false);
    again.trial.figures.cpu_s_per_million = Some(2.0);
    evidence.voids.push(again);
    let judged = judge(Metric::Cpu, AT_MOST_TWICE, &evidence);
    assert_eq!(judged.verdict, Verdict::Pass);
    assert_eq!(judged.block_ratios.candidate_floor, Some(2.0), "of the one that counts");
    assert!(judged.notes.contains(&"1 void trial(s) redone because the host was busy".to_owned()));
}

#[test]
fn a_void_trial_is_busy_by_the_limits_of_a_block() {
    let at = |outside| {
        let host = Some(crate::record::HostLoad { outside, ..Default::default() });
        VoidTrial::new(trial(Bus::Process, TrialFigures { host, ..TrialFigures::default() }))
    };
    assert_eq!(at(busy::OUTSIDE_MOST).host_busy, None);
    assert!(at(busy::OUTSIDE_MOST + 0.001).host_busy.is_some());
}

/// A block of the baseline against itself, off by this ratio.
fn null(ratio: f64) -> Block {
    let mut block = cpu_ratio(1, ratio).blocks.remove(0);
    block.trials.iter_mut().for_each(|trial| trial.bus = Some(Bus::Crossbeam));
    block
}

#[test]
fn a_baseline_unlike_itself_bars_the_gate() {
    let mut evidence = cpu_ratio(6, 1.0);
    evidence.nulls = vec![null(1.4)];
    assert_eq!(verdict(&evidence), Verdict::Pass);
    evidence.nulls = vec![null(1.5)];
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::NullBiased));
}

/// Ten blocks, of which the first six decide.
fn decided_at_six() -> Evidence {
    let mut evidence = cpu_ratio(10, 1.5);
    evidence.nulls = vec![null(1.0), null(1.0)];
    voids(&mut evidence, 1.0, 1.0);
    voids(&mut evidence, 1.0, 1.0);
    evidence
}

#[test]
fn nothing_of_a_later_look_withdraws_a_decision() {
    type Spoil = fn(&mut Evidence);
    let spoils: [(&str, Spoil); 8] = [
        ("a busy block", |e| e.blocks[8].host_busy = Some("busy".to_owned())),
        ("a busy A/A block", |e| e.nulls[1].host_busy = Some("busy".to_owned())),
        ("a busy floor", |e| e.voids[2].host_busy = Some("busy".to_owned())),
        ("a late trial", |e| e.blocks[7].trials[1].validity = Validity::GeneratorLate),
        ("an invalid trial", |e| {
            e.blocks[6].trials[0].validity = Validity::Invalid("negative time".to_owned());
        }),
        ("a lacking figure", |e| e.blocks[9].trials[3].figures.cpu_s_per_million = None),
        ("a bias", |e| e.nulls[1] = null(3.0)),
        ("a higher floor", |e| e.voids[3].trial.figures.cpu_s_per_million = Some(100.0)),
    ];
    let sound = judge(Metric::Cpu, AT_MOST_TWICE, &decided_at_six());
    assert_eq!(sound.verdict, Verdict::Pass);
    let said = "decided at 6 blocks; the 10 of the case were run on for other gates".to_owned();
    assert!(sound.notes.contains(&said), "{:?}", sound.notes);
    for (what, spoil) in spoils {
        let mut evidence = decided_at_six();
        spoil(&mut evidence);
        let judged = judge(Metric::Cpu, AT_MOST_TWICE, &evidence);
        assert_eq!(judged, sound, "{what}");
    }
}

#[test]
fn what_spoils_the_first_look_spoils_the_next_as_well() {
    let reasons = [Reason::HostBusy, Reason::NullBiased];
    for (reason, spoil) in reasons.into_iter().zip([
        (|e: &mut Evidence| e.blocks[2].host_busy = Some("busy".to_owned())) as fn(&mut Evidence),
        |e| e.nulls[0] = null(1.5),
    ]) {
        let mut evidence = decided_at_six();
        spoil(&mut evidence);
        assert_eq!(verdict(&evidence), Verdict::Inconclusive(reason));
        evidence.blocks.extend(cpu_ratio(6, 1.5).blocks);
        evidence.nulls.push(null(1.0));
        assert_eq!(verdict(&evidence), Verdict::Inconclusive(reason), "at the third look");
    }
}

#[test]
fn what_spoils_a_look_bars_a_gate_that_no_look_before_has_decided() {
    let mut evidence = cpu_ratio(1, 2.2);
    evidence.blocks.extend(cpu_ratio(9, 1.5).blocks);
    evidence.nulls = vec![null(1.0), null(1.5)];
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::NullBiased));
    evidence.nulls[1] = null(1.0);
    assert_eq!(verdict(&evidence), Verdict::Pass);
    evidence.blocks[9].host_busy = Some("busy".to_owned());
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::HostBusy));
}

#[test]
fn blocks_between_two_looks_have_no_part_in_either() {
    let mut evidence = cpu_ratio(8, 1.99);
    evidence.stopped = true;
    evidence.blocks[7].trials[0].validity = Validity::GeneratorLate;
    assert_eq!(verdict(&evidence), Verdict::Inconclusive(Reason::Budget));
}

#[test]
fn a_redone_block_leaves_its_place_to_another() {
    let mut evidence = cpu_ratio(4, 1.0);
    assert_eq!(evidence.until_next_look(10), Some(2));
    evidence.blocks[0].redone = true;
    evidence.blocks[1].redone = true;
    assert_eq!(evidence.until_next_look(10), Some(4));
    evidence.blocks.extend(cpu_ratio(4, 1.0).blocks);
    assert_eq!(evidence.until_next_look(10), Some(4), "six are kept, ten come next");
}

#[test]
fn a_look_runs_two_busy_blocks_again_and_a_quiet_one_never() {
    let quiet = cpu_ratio(1, 3.0).blocks.remove(0);
    let mut redos = Redos::of_a_look();
    assert!(!redos.grant(quiet.host_busy.as_deref()), "whatever its ratio");
    let busy = Some("12 % of the CPU was stolen");
    assert_eq!([busy; 3].map(|why| redos.grant(why)), [true, true, false]);
    assert!(!Redos::none().grant(busy));
}
