//! Short soaks of real processes: a sound bus loses nothing through churn, and what is planted (a
//! leak in the broker's process, events lost or handed over twice) is told.
//!
//! Whether memory grows by less than its limit takes half an hour to say; these say that it is
//! measured, not that it passes.

use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use equivalence::cmd::soak::{Soaked, soak};
use equivalence::driver::{DriveError, Fault, Interrupt, SoakPlan};
use equivalence::gate::Verdict;
use equivalence::report::Exit;
use predicates::str::contains;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_equivalence");

fn plan(seconds: u64, fault: Option<Fault>) -> SoakPlan {
    SoakPlan {
        time: Duration::from_secs(seconds),
        rate: 1000.0,
        round: Duration::from_millis(500),
        publishers: 2,
        readers: 2,
        fault,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

fn soaked(plan: &SoakPlan) -> Soaked {
    let (_teller, interrupt) = Interrupt::new();
    let soaked = runtime().block_on(soak(Path::new(EXECUTABLE), plan, interrupt));
    soaked.expect("it is driven")
}

fn verdict<'a>(soaked: &'a Soaked, about: &str) -> &'a Verdict {
    &soaked.row(about).unwrap_or_else(|| panic!("no row about {about}: {soaked:?}")).verdict
}

#[test]
fn a_sound_bus_loses_nothing_through_churn_and_leaves_nothing_behind() {
    let soaked = soaked(&plan(5, None));
    for about in ["loss", "churn", "left behind"] {
        assert_eq!(*verdict(&soaked, about), Verdict::Pass, "{soaked:?}");
    }
    assert_ne!(*verdict(&soaked, "descriptors broker"), Verdict::Fail, "{soaked:?}");
    let record = &soaked.record;
    assert_eq!(record.processes, ["broker", "s0", "s1", "p0", "p1"]);
    assert!(record.reconnected >= 2, "each publisher came back: {record:?}");
    assert!(record.published.iter().sum::<u64>() > 1000, "{record:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_broker_process_that_keeps_a_kibibyte_of_each_event_fails_for_its_memory() {
    let soaked = soaked(&plan(15, Some(Fault::LeaksOneKib)));
    assert_eq!(*verdict(&soaked, "memory broker"), Verdict::Fail, "{soaked:?}");
    assert_eq!(*verdict(&soaked, "loss"), Verdict::Pass, "{soaked:?}");
    assert_eq!(soaked.exit(), Exit::Fail);
}

#[test]
fn events_lost_twice_or_out_of_order_fail_for_their_loss() {
    for fault in [Fault::LosesOneInFive, Fault::DeliversTwice, Fault::SwapsNeighbours] {
        // Of one publisher: its events alone have an order that a soak follows.
        let brief = SoakPlan { rate: 200.0, publishers: 1, ..plan(1, Some(fault)) };
        let soaked = soaked(&brief);
        assert_eq!(*verdict(&soaked, "loss"), Verdict::Fail, "{fault:?}: {soaked:?}");
        assert_eq!(*verdict(&soaked, "churn"), Verdict::Pass, "{fault:?}: {soaked:?}");
        assert_eq!(soaked.exit(), Exit::Fail);
    }
}

#[test]
fn an_interrupt_ends_a_soak_at_once() {
    let (teller, interrupt) = Interrupt::new();
    let plan = plan(3600, None);
    let ended = runtime().block_on(async {
        let soak = soak(Path::new(EXECUTABLE), &plan, interrupt);
        let tell = async {
            tokio::task::yield_now().await;
            teller.tell();
        };
        tokio::join!(soak, tell).0
    });
    assert!(matches!(ended, Err(DriveError::Interrupted)), "{ended:?}");
}

#[test]
fn a_soak_of_no_time_or_no_rate_is_refused() {
    for option in ["--minutes", "--rate"] {
        for value in ["0", "-1", "NaN", "1e300", "soon"] {
            let mut command = Command::new(EXECUTABLE);
            command.arg("soak").arg(format!("{option}={value}"));
            command.assert().code(2).stderr(contains(option));
        }
    }
}

#[test]
fn a_soak_too_short_to_tell_is_inconclusive_and_its_folder_can_be_used_again() {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        let mut command = Command::new(EXECUTABLE);
        command.args(["soak", "--minutes", "0.01", "--rate", "200", "--out"]).arg(folder.path());
        command.assert().code(3).stdout(contains("loss               PASS"));
        let written = std::fs::read(folder.path().join("soak.json")).expect("a report");
        let report: serde_json::Value = serde_json::from_slice(&written).expect("JSON");
        assert_eq!(report["record"]["processes"][0], "broker");
        assert_eq!(report["record"]["samples"].as_array().map(Vec::len), Some(1));
    }
}
