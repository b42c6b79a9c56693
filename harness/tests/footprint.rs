//! `equivalence footprint`, for a second: every process is measured beside its budget, and none remains.
//!
//! Whether budgets are met takes minutes and a release build to say; this says that they are measured.

use assert_cmd::Command;
use predicates::str::contains;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_equivalence");

#[test]
fn more_or_less_than_there_can_be_is_refused() {
    for (option, values) in [
        ("--minutes", ["0", "-1", "NaN", "1e9", "soon"]),
        ("--processes", ["-1", "1e3", "1000000", "0.5", "many"]),
    ] {
        for value in values {
            let mut command = Command::new(EXECUTABLE);
            command.arg("footprint").arg(format!("{option}={value}"));
            command.assert().code(2).stderr(contains(option));
        }
    }
}

#[cfg(target_os = "linux")]
mod measured {
    use std::path::Path;

    use equivalence::driver::agent_beside;
    use serde_json::Value;

    use super::*;

    const PROCESSES: [&str; 5] = ["daemoneye-agent", "procmond", "netmond", "fsmond", "perfmond"];

    fn footprint(more: &[&str]) -> Command {
        let mut command = Command::new(EXECUTABLE);
        command.args(["footprint", "--minutes", "0.02", "--processes", "20"]).args(more);
        command
    }

    /// Built along by `cargo build --workspace`; without it that is what is told.
    fn is_agent_missing() -> bool {
        let is_missing = agent_beside(Path::new(EXECUTABLE)).is_none();
        if is_missing {
            footprint(&[]).assert().code(4).stderr(contains("daemoneye-agent is not built"));
        }
        is_missing
    }

    fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
        let list = list.as_array().expect("a list");
        list.iter().map(|one| one[key].as_str().expect("a text")).collect()
    }

    #[test]
    fn every_process_stands_beside_its_budget_and_none_remains() {
        if is_agent_missing() {
            return;
        }
        let output = footprint(&["--json"]).assert().code(0).get_output().stdout.clone();
        let told: Value = serde_json::from_slice(&output).expect("JSON");
        let record = &told["record"];
        assert_eq!(texts(&record["processes"], "name"), PROCESSES);
        assert_eq!(record["idle_processes"], 20);
        assert!(record["processes"][1]["first_scan_events"].as_u64() >= Some(20), "{record}");
        let about =
            PROCESSES.iter().flat_map(|name| [format!("cpu {name}"), format!("memory {name}")]);
        let about: Vec<String> = ["ready".to_owned()].into_iter().chain(about).collect();
        assert_eq!(texts(&told["rows"], "about"), about);
        for row in told["rows"].as_array().expect("a list") {
            let is_measured = matches!(row["standing"].as_str(), Some("met" | "missed"));
            assert!(is_measured || row["about"] == "cpu daemoneye-agent", "{row}");
            assert_ne!(row["found"], "", "{row}");
        }
    }

    #[test]
    fn people_are_told_each_figure_with_its_budget_and_its_window() {
        if is_agent_missing() {
            return;
        }
        let assert = footprint(&[]).assert().code(0);
        let told = assert.stdout(contains("beside 20 idle processes"));
        told.stdout(contains("cpu procmond")).stdout(contains("% of one core over"));
    }
}
