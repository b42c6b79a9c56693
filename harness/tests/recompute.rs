//! A stranger with `report.json` and `recompute.py` comes to the same verdicts, or says where not.
//!
//! The report is written by the real code from made-up trials that lead to every sort of verdict.
//! One number altered anywhere, and the script must name the row. Without Python the tests are
//! listed as ignored, with the reason; in CI they fail instead.

use std::path::Path;
use std::process::{Command, ExitCode, Output};

use equivalence::gate::{Block, Evidence, Look, Reason, Side, Verdict, VoidTrial, order};
use equivalence::plan::gates::{Against, GateCell, GateTable, Metric};
use equivalence::plan::{Bus, TrialKind};
use equivalence::record::{HostLoad, Latency, TearDown, Trial, TrialFigures, Validity};
use equivalence::report::{self, FORMAT, Host, PerformanceRow, Run};
use libtest_mimic::{Arguments, Failed};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// The script a stranger would run.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recompute.py");
const SEED: u64 = 5;
const NO_PYTHON: &str = "no Python 3.9 or later on this host";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let python = python();
    let here = python.is_some() || std::env::var_os("CI").is_some();
    let python = python.unwrap_or("python3");
    let mut tests = vec![
        libtest_mimic::Trial::test("a_true_report_agrees", move || agrees(python)),
        libtest_mimic::Trial::test("the_report_holds_every_sort_of_verdict", every_verdict),
        libtest_mimic::Trial::test("its_case_of_later_trouble_is_decided", a_later_look_leaves_it),
    ];
    for alteration in ALTERATIONS {
        let name = format!("{}_altered_is_found", alteration.what);
        tests.push(libtest_mimic::Trial::test(name, move || disagrees(python, &alteration)));
    }
    if !here {
        let ignored =
            |test: libtest_mimic::Trial| test.with_ignored_flag(true).with_kind(NO_PYTHON);
        tests = tests.into_iter().map(ignored).collect();
    }
    libtest_mimic::run(&arguments, tests).exit_code()
}

/// The name by which Python is called here; Windows has no `python3` in many places.
fn python() -> Option<&'static str> {
    let recent = "import sys; sys.exit(sys.version_info < (3, 9))";
    let runs = |name: &&str| {
        let ended = Command::new(name).args(["-c", recent]).output();
        ended.is_ok_and(|output| output.status.success())
    };
    ["python3", "python"].into_iter().find(runs)
}

fn agrees(python: &str) -> Result<(), Failed> {
    let report = written()?;
    let output = recompute(python, &report)?;
    let rows = report["performance"].as_array().into_iter().flatten();
    let gated = rows.filter(|row| row["gated"] == true).count();
    let said = String::from_utf8_lossy(&output.stdout);
    let wanted = format!("{gated} gated row(s) agree");
    ended_with(&output, 0)?;
    if said.starts_with(&wanted) { Ok(()) } else { Err(format!("{said}, not {wanted}").into()) }
}

fn a_later_look_leaves_it() -> Result<(), Failed> {
    let run = run();
    let rows = run.performance.iter().filter(|row| row.case == "perf/later" && row.gated);
    let verdicts: Vec<&Verdict> = rows.map(|row| &row.judgement.verdict).collect();
    let decided = verdicts.iter().all(|verdict| matches!(verdict, Verdict::Pass | Verdict::Fail));
    if decided && !verdicts.is_empty() { Ok(()) } else { Err(format!("{verdicts:?}").into()) }
}

fn every_verdict() -> Result<(), Failed> {
    let said: Vec<String> =
        run().performance.iter().map(|row| row.judgement.verdict.to_string()).collect();
    for wanted in [
        "PASS",
        "FAIL",
        "INCONCLUSIVE(noise)",
        "INCONCLUSIVE(instrument-bound)",
        "INCONCLUSIVE(null-biased)",
        "INCONCLUSIVE(host-busy)",
        "INCONCLUSIVE(generator-late)",
        "INCONCLUSIVE(invalid-trial)",
        "INCONCLUSIVE(too-few-samples)",
        "INCONCLUSIVE(budget)",
        "INCONCLUSIVE(smoke)",
        "n/a (memory not measured)",
    ] {
        if !said.iter().any(|verdict| verdict == wanted) {
            return Err(format!("no row says {wanted}: {said:?}").into());
        }
    }
    Ok(())
}

/// One number changed somewhere in a report.
#[derive(Clone, Copy)]
struct Alteration {
    what: &'static str,
    place: &'static str,
    change: fn(&Value) -> Value,
}

const ALTERATIONS: [Alteration; 14] = [
    altered("a_figure_of_a_trial", "/evidence/0/blocks/2/trials/1/figures/cpu_s_per_million", more),
    altered("a_percentile", "/evidence/0/blocks/4/trials/3/figures/latency/p99_ns", one_more),
    altered("a_number_of_samples", "/evidence/0/blocks/1/trials/0/figures/latency/samples", |_| {
        json!(9_999)
    }),
    altered("a_void_floor", "/evidence/0/voids/1/figures/cpu_s_per_million", more),
    altered("an_a_a_block", "/evidence/0/nulls/0/trials/2/figures/cpu_s_per_million", more),
    altered("an_order", "/evidence/0/blocks/0/order/0", |side| {
        json!(if side == "baseline" { "candidate" } else { "baseline" })
    }),
    altered("a_redone_block", "/evidence/0/blocks/3/redone", |_| json!(true)),
    altered("a_load_of_the_host", "/evidence/0/blocks/5/trials/0/figures/host/outside", |_| {
        json!(0.9)
    }),
    altered("a_load_of_the_host_in_a_void", "/evidence/0/voids/0/figures/host/stolen", |_| {
        json!(0.02)
    }),
    altered("a_validity", "/evidence/0/blocks/5/trials/0/validity/is", |_| json!("generator-late")),
    altered("an_estimate", "/performance/0/judgement/raw/ratio", more),
    altered("a_bound", "/performance/0/judgement/raw/interval/high", more),
    altered("a_log_ratio", "/performance/0/judgement/block_ratios/raw/2", more),
    altered("a_verdict", "/performance/0/judgement/verdict/is", |verdict| {
        json!(if verdict == "pass" { "fail" } else { "pass" })
    }),
];

const fn altered(
    what: &'static str,
    place: &'static str,
    change: fn(&Value) -> Value,
) -> Alteration {
    Alteration { what, place, change }
}

/// One part in a million more: far beyond rounding, far below anything a person would see.
fn more(number: &Value) -> Value {
    json!(number.as_f64().unwrap_or_default() * 1.000_001)
}

fn one_more(number: &Value) -> Value {
    json!(number.as_u64().unwrap_or_default() + 1)
}

fn disagrees(python: &str, alteration: &Alteration) -> Result<(), Failed> {
    let mut report = written()?;
    let place = report.pointer_mut(alteration.place).ok_or("no such place in the report")?;
    let before = place.clone();
    *place = (alteration.change)(&before);
    if *place == before {
        return Err("nothing was altered".into());
    }
    let output = recompute(python, &report)?;
    ended_with(&output, 1)?;
    let said = String::from_utf8_lossy(&output.stdout);
    if said.starts_with("disagreement: perf/") { Ok(()) } else { Err(said.into_owned().into()) }
}

/// The report as the real code writes it.
fn written() -> Result<Value, Failed> {
    let folder = tempfile::tempdir()?;
    report::write(folder.path(), &run())?;
    let text = std::fs::read(folder.path().join("report.json"))?;
    Ok(serde_json::from_slice(&text)?)
}

fn recompute(python: &str, report: &Value) -> Result<Output, Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.json");
    std::fs::write(&path, serde_json::to_vec(report)?)?;
    Ok(Command::new(python).arg(Path::new(SCRIPT)).arg(&path).output()?)
}

fn ended_with(output: &Output, code: i32) -> Result<(), Failed> {
    if output.status.code() == Some(code) {
        return Ok(());
    }
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    Err(format!("{}, not {code}: {}", output.status, String::from_utf8_lossy(&said)).into())
}

/// How the trials of one case come about.
#[derive(Clone, Copy)]
struct Shape {
    case: &'static str,
    kind: TrialKind,
    blocks: u32,
    /// Candidate ÷ baseline.
    ratio: f64,
    /// Half the width of the noise of one trial's logarithm.
    noise: f64,
    /// The void's share of the baseline's figure; `None` without voids.
    floor: Option<f64>,
    /// The second of two baselines ÷ the first, in the A/A block.
    null: f64,
}

const QUIET: Shape = Shape {
    case: "perf/quiet",
    kind: TrialKind::Paced,
    blocks: 6,
    ratio: 1.05,
    noise: 0.01,
    floor: Some(0.1),
    null: 1.01,
};

fn run() -> Run {
    let mut busy = evidence(Shape { case: "perf/busy", ..QUIET });
    make_busy(&mut busy.blocks[2]);
    // The floor of one look is run again; that of another stays busy.
    let mut floor = evidence(Shape { case: "perf/busy-floor", ..QUIET });
    let again = floor.voids[0].clone();
    floor.voids[0] = VoidTrial { redone: true, ..busy_floor(&again) };
    floor.voids.insert(1, again);
    let mut busier_floor = evidence(Shape { case: "perf/busier-floor", ..QUIET });
    busier_floor.voids[1] = busy_floor(&busier_floor.voids[1]);
    let mut redone = evidence(Shape { case: "perf/redone", blocks: 7, ..QUIET });
    make_busy(&mut redone.blocks[3]);
    redone.blocks[3].redone = true;
    // A round is run again for all of its pairs, whichever of them the host was busy in.
    let mut beside = of_another(evidence(Shape { case: "perf/redone", blocks: 7, ..QUIET }));
    beside.blocks[3].redone = true;
    let mut late = evidence(Shape { case: "perf/late", ..QUIET });
    late.blocks[1].trials[2].validity = Validity::GeneratorLate;
    let mut invalid = evidence(Shape { case: "perf/invalid", ..QUIET });
    invalid.voids[0].trial.validity = Validity::Invalid("negative time".to_owned());
    let mut smoke = evidence(Shape { case: "perf/smoke", blocks: 1, ..QUIET });
    smoke.barred = Some((Reason::Smoke, "smoke never concludes".to_owned()));
    let mut few = evidence(Shape { case: "perf/few", ..QUIET });
    few.blocks[0].trials[0].figures.latency.as_mut().expect("paced").samples = 12;
    let mut stopped = evidence(Shape { case: "perf/stopped", ratio: 1.2, noise: 0.1, ..QUIET });
    stopped.stopped = true;
    // What a later look, run for another gate of the case, shows does not touch this one.
    let mut later = evidence(Shape { case: "perf/later", blocks: 10, ..QUIET });
    make_busy(&mut later.blocks[8]);
    later.nulls[1].trials[2].validity = Validity::GeneratorLate;
    later.voids[2].trial.validity = Validity::Invalid("negative time".to_owned());
    later.voids[3].trial.figures.cpu_s_per_million = Some(39.0);
    let saturation = Shape { kind: TrialKind::Saturation, ..QUIET };
    let evidence = vec![
        evidence(QUIET),
        evidence(Shape { case: "perf/worse", ratio: 2.7, ..QUIET }),
        evidence(Shape { case: "perf/noisy", blocks: 16, noise: 1.5, ratio: 1.6, ..QUIET }),
        evidence(Shape { case: "perf/second-look", blocks: 10, noise: 0.09, ..QUIET }),
        evidence(Shape { case: "perf/instrument", ratio: 1.15, floor: Some(0.9), ..QUIET }),
        evidence(Shape { case: "perf/all-instrument", floor: Some(1.2), ..QUIET }),
        evidence(Shape { case: "perf/biased", null: 1.3, ..QUIET }),
        evidence(Shape { case: "perf/no-floor", floor: None, ..QUIET }),
        evidence(Shape { case: "perf/short", blocks: 5, ..QUIET }),
        evidence(Shape { case: "perf/saturated", ratio: 0.95, ..saturation }),
        evidence(Shape { case: "perf/too-slow", ratio: 0.6, ..saturation }),
        busy,
        floor,
        busier_floor,
        redone,
        beside,
        late,
        invalid,
        smoke,
        few,
        stopped,
        later,
    ];
    let gates = gates();
    let performance = evidence.iter().flat_map(|one| PerformanceRow::of(one, &gates)).collect();
    Run {
        command: "cargo xtask equivalence".to_owned(),
        format: FORMAT,
        revision: "unknown".to_owned(),
        host: Host::read(),
        seed: SEED,
        profile: "pr".to_owned(),
        baseline: Bus::Crossbeam,
        baseline_revision: None,
        candidates: vec![Bus::Process],
        demanded: Vec::new(),
        started_unix_s: 0,
        finished_unix_s: 1,
        calibration: Vec::new(),
        behaviour: Vec::new(),
        performance,
        evidence,
        traced: Vec::new(),
        curves: Vec::new(),
        criteria: Vec::new(),
        left_behind: Vec::new(),
        infrastructure: Vec::new(),
        interrupted: None,
        not_run: None,
    }
}

fn gates() -> GateTable {
    let cell = |(metric, limit)| GateCell {
        metric,
        case: "perf/*".to_owned(),
        bus: Bus::Process,
        against: Against::Bus,
        limit,
        enforced: false,
    };
    let limits = [
        (Metric::Cpu, 1.2),
        (Metric::Throughput, 0.8),
        (Metric::LatencyP50, 2.0),
        (Metric::LatencyP99, 2.0),
        (Metric::Memory, 1.5),
    ];
    GateTable { cells: limits.map(cell).to_vec() }
}

fn evidence(shape: Shape) -> Evidence {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut evidence = Evidence::new(shape.case.to_owned(), Bus::Crossbeam, Bus::Process);
    for index in 0..shape.blocks {
        let order = order(SEED, index);
        let trials = order.map(|side| {
            let own = if side == Side::Candidate { shape.ratio } else { 1.0 };
            trial(&shape, evidence.bus(side), own * noise(&shape, &mut random))
        });
        evidence.blocks.push(Block { order, trials, host_busy: None, redone: false });
    }
    let looks = Look::reached(evidence.blocks.len()).map_or(1, Look::number);
    for look in 0..looks {
        screen(&shape, look, &mut random, &mut evidence);
    }
    evidence
}

/// The same of another candidate.
fn of_another(mut evidence: Evidence) -> Evidence {
    let turn = |bus: &mut Option<Bus>| {
        if *bus == Some(Bus::Process) {
            *bus = Some(Bus::Agent);
        }
    };
    evidence.candidate = Bus::Agent;
    let trials = evidence.blocks.iter_mut().flat_map(|block| &mut block.trials);
    trials.for_each(|trial| turn(&mut trial.bus));
    evidence.voids.iter_mut().for_each(|void| turn(&mut void.trial.void_of));
    evidence
}

/// The A/A block and the floors of one look.
fn screen(shape: &Shape, look: usize, random: &mut ChaCha8Rng, evidence: &mut Evidence) {
    let order = order(SEED ^ 1, u32::try_from(look).expect("three looks"));
    let trials = order.map(|side| {
        let own = if side == Side::Candidate { shape.null } else { 1.0 };
        trial(shape, Bus::Crossbeam, own)
    });
    evidence.nulls.push(Block { order, trials, host_busy: None, redone: false });
    for bus in [Bus::Crossbeam, Bus::Process].into_iter().filter(|_| shape.floor.is_some()) {
        let share = shape.floor.unwrap_or_default() * noise(shape, random);
        // Of rates the floor is the faster one.
        let scale = if shape.kind == TrialKind::Saturation { 1.0 / share } else { share };
        let void = trial(shape, bus, scale);
        evidence.voids.push(VoidTrial::new(Trial { bus: None, void_of: Some(bus), ..void }));
    }
}

fn noise(shape: &Shape, random: &mut ChaCha8Rng) -> f64 {
    (shape.noise * (2.0 * random.random::<f64>() - 1.0)).exp()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn trial(shape: &Shape, bus: Bus, scale: f64) -> Trial {
    let ns = |base: f64| (base * scale) as u64;
    let latency = Latency {
        samples: 20_000,
        p50_ns: ns(20_000.0),
        p90_ns: ns(30_000.0),
        p99_ns: ns(40_000.0),
        ..Latency::default()
    };
    let figures = TrialFigures {
        host: Some(HostLoad { outside: 0.01, ..HostLoad::default() }),
        ..TrialFigures::default()
    };
    let figures = match shape.kind {
        TrialKind::Saturation => TrialFigures { throughput_per_s: Some(1e6 * scale), ..figures },
        _ => TrialFigures {
            latency: Some(latency),
            cpu_s_per_million: Some(40.0 * scale),
            // One gated case without it, for the verdict that says so.
            memory_bytes: (shape.case != "perf/redone").then_some(1e7 * scale),
            ..figures
        },
    };
    Trial {
        case: shape.case.to_owned(),
        bus: Some(bus),
        void_of: None,
        kind: shape.kind,
        seed: SEED,
        validity: Validity::Valid,
        figures,
        delivered: Vec::new(),
        processes: Vec::new(),
        tear_down: TearDown::default(),
    }
}

fn make_busy(block: &mut Block) {
    for trial in &mut block.trials {
        trial.figures.host = Some(HostLoad { outside: 0.3, ..HostLoad::default() });
    }
    block.host_busy = equivalence::gate::busy::busy(&block.trials);
}

fn busy_floor(void: &VoidTrial) -> VoidTrial {
    let mut trial = void.trial.clone();
    trial.figures.host = Some(HostLoad { outside: 0.3, ..HostLoad::default() });
    trial.figures.cpu_s_per_million = Some(39.0);
    VoidTrial::new(trial)
}
