//! The page: self-contained, with the answer first, and nothing on it that a run could inject.

use super::*;
use crate::gate::{Block, Evidence, order};
use crate::plan::TrialKind;
use crate::record::{
    Counted, Latency, Moment, PERCENTILES, ProcessFigures, Role, Stages, TearDown, Trial,
    TrialFigures, Validity,
};
use crate::report::sample::{self, failing, flat_curve, leftover, traced};
use crate::report::{Behaviour, Passage, Timeline};

/// As Chromium would be given it.
const MOST_BYTES: usize = 2_000_000;

fn trial(case: &str, bus: Bus, scale: u64) -> Trial {
    let percentiles_ns = (1..=PERCENTILES.len() as u64).map(|ns| ns * 1_000 * scale).collect();
    let latency = Latency { samples: 20_000, percentiles_ns, ..Latency::default() };
    let stages =
        Stages { waiting_ns: 100.0, publishing_ns: 900.0, travelling_ns: 4_000.0 * scale as f64 };
    let series = [0.0, 0.5, 1.0].map(|at_s| Moment { at_s, cpu_s: Some(at_s), pss_bytes: 1 << 20 });
    let process = ProcessFigures {
        role: Role::Broker,
        name: "broker".to_owned(),
        pid: 1,
        cpu_s: Some(1.0),
        memory: None,
        context_switches: None,
        series: series.to_vec(),
        counted: vec![Counted { at_s: 0.25, events: 7 }],
    };
    Trial {
        case: case.to_owned(),
        bus: Some(bus),
        void_of: None,
        kind: TrialKind::Paced,
        seed: 1,
        validity: Validity::Valid,
        figures: TrialFigures {
            latency: Some(latency),
            stages: Some(stages),
            cpu_s_per_million: Some(1.0),
            ..TrialFigures::default()
        },
        delivered: Vec::new(),
        processes: vec![process],
        tear_down: TearDown::default(),
    }
}

fn evidence(case: &str) -> Evidence {
    let mut evidence = Evidence::new(case.to_owned(), Bus::Crossbeam, Bus::Process);
    let order = order(1, 0);
    let trials = order.map(|side| {
        let bus = evidence.bus(side);
        trial(case, bus, if bus == Bus::Process { 2 } else { 1 })
    });
    evidence.blocks.push(Block { order, trials, host_busy: None, redone: false });
    evidence
}

fn whole() -> Run {
    let mut run = sample::run();
    run.evidence.push(evidence("perf/paced[rate=10k]"));
    run.traced = vec![traced(Bus::Process), traced(Bus::Crossbeam)];
    run.curves.push(flat_curve());
    run
}

#[test]
fn the_answer_comes_first_then_the_command() {
    let page = page(&whole(), &Kills::Unknown);
    let body = page.split("<body>").nth(1).expect("a body");
    assert!(
        body.starts_with("<header><h1 class=\"pass\">process against crossbeam: switch"),
        "{body}"
    );
    assert!(page.contains(&whole().command));
}

#[test]
fn it_loads_nothing_and_runs_nothing() {
    let page = page(&whole(), &Kills::Unknown);
    let names = page.matches("http").count();
    assert_eq!(names, page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
    for loading in ["<script", "src=", "@import", "url(", "<link"] {
        assert!(!page.contains(loading), "{loading}");
    }
}

#[test]
fn a_measured_case_has_its_percentiles_stages_and_processes() {
    let page = page(&whole(), &Kills::Unknown);
    for told in [
        "share of the deliveries that took no longer",
        "Where the mean latency goes",
        "travelling 8.00 µs",
        "share of a processor",
        "class=\"interval pass\"",
        "CPU time a delivery",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn a_traced_case_has_a_waterfall_of_hops_the_baseline_first() {
    let mut run = whole();
    let page = page(&run, &Kills::Unknown);
    let hops = page.split("Traced trial: where").nth(1).expect("a section");
    let bars: Vec<&str> = hops.split("<dt>").skip(1).collect();
    assert!(bars[0].starts_with("crossbeam, 27.5 µs"), "{}", bars[0]);
    assert!(bars[1].starts_with("process, 61.1 µs"), "{}", bars[1]);
    let told = ["wake-up of the broker 21.0 µs", "broker's queue 3.00 µs", "decode 8.00 µs"];
    for told in
        told.into_iter().chain(["mean of trials that are judged 60.2 µs", "90.0 µs", "55.0 µs"])
    {
        assert!(hops.contains(told), "{told}");
    }
    // Drawn to the scale of the longest: 25.0 of 61.1 µs.
    assert!(bars[1].contains("class=\"subscriber-wake\" style=\"width:40.92%\""), "{}", bars[1]);
    assert!(!page.contains("not to be trusted"));
    run.traced[0].judged_mean_ns = Some(run.traced[0].mean_ns / 18.0);
    let page = super::page(&run, &Kills::Unknown);
    assert_eq!(page.matches("<strong>not to be trusted</strong>").count(), 1, "on the waterfall");
    assert_eq!(page.matches("class=\"bar doubted\"").count(), 1);
    assert!(page.contains("process: not to be trusted: the means are a factor 18.1 apart"));
    let why = "stamps of 3 deliveries are out of order".to_owned();
    run.traced[0].validity = Validity::Invalid(why);
    let page = super::page(&run, &Kills::Unknown);
    assert!(page.contains("process: the traced trial is invalid, stamps of 3"), "{page}");
    assert!(!page.contains("process, 61.1 µs"), "what is not believed is not drawn");
}

#[test]
fn a_percentile_without_samples_beyond_it_is_not_drawn() {
    let mut run = whole();
    assert!(page(&run, &Kills::Unknown).contains(">99.9 %<"), "20 000 samples leave 20 beyond it");
    for trial in &mut run.evidence[0].blocks[0].trials {
        trial.figures.latency.as_mut().expect("a latency").samples = 1_000;
    }
    let page = page(&run, &Kills::Unknown);
    assert!(page.contains(">99 %<") && !page.contains(">99.9 %<"));
}

#[test]
fn a_violation_is_told_with_its_ladder_and_its_command() {
    let mut run = whole();
    let mut row = failing(Bus::Process);
    let passage = Passage {
        event: "p0#17".to_owned(),
        is_witness: true,
        called_ns: 0,
        refused: None,
        received_ns: Vec::new(),
    };
    row.timeline =
        Some(Timeline { subscriber: "s0".to_owned(), events: vec![passage], left_out: 3 });
    run.behaviour.push(row);
    run.left_behind.push(leftover(Bus::Process));
    let page = page(&run, &Kills::Unknown);
    for told in [
        "<h1 class=\"fail\">",
        "s0 received p0#18 before p0#17",
        ">p0#17<",
        "never received",
        "class=\"picture ladder\"",
        "3 events around these had no room",
        "--scenario ordering/one --candidate process",
        "LEFT BEHIND",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn what_is_open_has_the_command_that_repeats_it() {
    let mut run = whole();
    let command = "equivalence --scenario ordering/one --candidate process";
    assert!(!page(&run, &Kills::Unknown).contains(command), "nothing is open");
    run.behaviour[1].outcome = Behaviour::NotExercised("the kill".to_owned());
    assert!(page(&run, &Kills::Unknown).contains(command));
    run.performance[0].judgement.verdict = Verdict::Fail;
    let measured = "<pre><code>equivalence --scenario perf --candidate process</code></pre>";
    assert!(page(&run, &Kills::Unknown).contains(measured));
}

#[test]
fn what_a_run_says_is_text() {
    let mut run = whole();
    run.infrastructure.push("<script>alert(1)</script>".to_owned());
    run.command = "a < b & c".to_owned();
    let page = page(&run, &Kills::Unknown);
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("a &lt; b &amp; c"));
}

#[test]
fn a_run_in_which_everything_fails_stays_small() {
    let mut run = whole();
    for number in 0..1_000 {
        let mut row = failing(Bus::Process);
        row.case = format!("ordering/case-{number}");
        row.violations = vec![row.violations[0].clone(); 100];
        run.behaviour.push(row);
    }
    for number in 0..100 {
        run.evidence.push(evidence(&format!("perf/case-{number}")));
    }
    let page = page(&run, &Kills::Unknown);
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    assert!(page.contains("more cases are in report.json alone"));
    assert!(page.contains("950 more cases fail"));
}

#[test]
fn the_kill_matrix_is_shown_where_there_is_one() {
    use crate::mutants::{Catch, KillMatrix, MUTANTS, MutantRow, Shown};

    let run = whole();
    assert!(!page(&run, &Kills::Unknown).contains("Checks put to the test"));
    let guard = MUTANTS[0].guards[0];
    let caught = Catch { kills: [(guard, 3)].into(), ..Catch::default() };
    let missed = MutantRow::new(&MUTANTS[1], Shown::Judged(Catch::default()));
    let matrix = KillMatrix {
        revision: "older".to_owned(),
        mutants: vec![MutantRow::new(&MUTANTS[0], Shown::Judged(caught)), missed],
        ..KillMatrix::default()
    };
    let page = page(&run, &Kills::Known(Box::new(matrix)));
    assert!(page.contains("1 of 2 deliberately broken buses are caught"), "{page}");
    assert!(page.contains("at revision older and not at this report's"));
    assert!(page.contains("Not all of them were run."));
    assert!(page.contains(&format!("<strong>{}</strong>", guard.name())));
    assert!(page.contains("<strong>nobody</strong>") && page.contains("survived"));
}
