//! What is written can be read back whole, and is what its schema says.

use serde_json::Value;

use super::*;
use crate::gate::{Block, Evidence, Reason, VoidTrial, order};
use crate::plan::{Bus, TrialKind};
use crate::record::{
    ContextSwitches, Counted, Latency, Memory, MemoryMoments, Moment, ProcessFigures, Role,
    TearDown, Trial, TrialFigures, Validity,
};
use crate::report::sample::{failing, failing_and_kept, leftover, run};
use crate::report::{Behaviour, BehaviourRow, CheckedRow, NotRun, OnBus};

/// A run in which every optional part is there and every kind of row occurs.
fn full() -> Run {
    let mut run = run();
    let mut failed = failing_and_kept(Bus::Process);
    failed.processes.push(process());
    failed.checked.push(CheckedRow { check: "fifo".to_owned(), items: 100, violations: 1 });
    run.behaviour.push(failed);
    for outcome in [
        Behaviour::NotApplicable("no sockets".to_owned()),
        Behaviour::NotExercised("the fault".to_owned()),
        Behaviour::Broken("time ran backwards".to_owned()),
    ] {
        let mut row = failing(Bus::Process);
        row.outcome = outcome;
        run.behaviour.push(row);
    }
    run.left_behind.push(leftover(Bus::Process));
    run.infrastructure.push("no room".to_owned());
    run.interrupted = Some("interrupted after 1 of 3 cases".to_owned());
    let missing = OnBus { case: "ordering/two".to_owned(), bus: Bus::Process };
    run.not_run = Some(NotRun { planned: 3, cases: vec![missing] });
    run.evidence.push(evidence());
    run
}

fn evidence() -> Evidence {
    let mut evidence = Evidence::new("perf/paced".to_owned(), Bus::Crossbeam, Bus::Process);
    let block = |redone| Block {
        order: order(7, 0),
        trials: order(7, 0).map(|_| trial(Some(Bus::Process))),
        host_busy: Some("busy".to_owned()),
        redone,
    };
    evidence.blocks = vec![block(true), block(false)];
    evidence.nulls = vec![block(false)];
    evidence.voids = vec![VoidTrial::new(trial(None))];
    evidence.barred = Some((Reason::Smoke, "smoke".to_owned()));
    evidence
}

fn trial(bus: Option<Bus>) -> Trial {
    Trial {
        case: "perf/paced".to_owned(),
        bus,
        void_of: Some(Bus::Process),
        kind: TrialKind::Paced,
        seed: 7,
        validity: Validity::Invalid("negative time".to_owned()),
        figures: TrialFigures {
            deliveries: 10,
            window_s: 0.5,
            latency: Some(Latency { samples: 10, p99_ns: 41_000, ..Latency::default() }),
            cpu_s_per_million: Some(48.5),
            ..TrialFigures::default()
        },
        delivered: Vec::new(),
        processes: vec![process()],
        tear_down: TearDown::default(),
    }
}

fn process() -> ProcessFigures {
    let moment = Memory {
        anonymous_bytes: 300_000,
        file_bytes: 2_700_000,
        pss_bytes: 900_000,
        socket_bytes: Some(4_096),
    };
    ProcessFigures {
        role: Role::Broker,
        name: "broker".to_owned(),
        pid: 4_242,
        cpu_s: Some(0.25),
        memory: Some(MemoryMoments { peak: moment, ..MemoryMoments::default() }),
        context_switches: Some(ContextSwitches { voluntary: 9, involuntary: 1 }),
        series: vec![Moment { at_s: 0.25, cpu_s: Some(0.125), pss_bytes: 900_000 }],
        counted: vec![Counted { at_s: 0.25, events: 7 }],
    }
}

fn written(run: &Run, name: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nested = folder.path().join("reports/latest");
    write(&nested, run).expect("a temporary folder can be written");
    fs::read_to_string(nested.join(name)).expect("it was written")
}

#[test]
fn a_report_reads_back_equal() {
    for run in [run(), full()] {
        let json = written(&run, "report.json");
        assert_eq!(serde_json::from_str::<Run>(&json).expect("its own format"), run);
        assert!(json.starts_with("{\n  \"command\": \"cargo xtask"), "the command comes first");
    }
}

#[test]
fn the_report_names_every_process_with_its_figures() {
    let json: Value = serde_json::from_str(&written(&full(), "report.json")).expect("JSON");
    let process = &json["evidence"][0]["blocks"][0]["trials"][0]["processes"][0];
    assert_eq!(process["role"], "broker");
    assert_eq!(process["pid"], 4_242);
    assert_eq!(process["cpu_s"], 0.25);
    assert_eq!(process["memory"]["peak"]["anonymous_bytes"], 300_000);
    assert_eq!(process["memory"]["peak"]["pss_bytes"], 900_000);
}

#[test]
fn a_report_has_the_structure_its_schema_tells() {
    let schema: Value =
        serde_json::from_str(&written(&full(), "report.schema.json")).expect("JSON");
    let report: Value = serde_json::from_str(&written(&full(), "report.json")).expect("JSON");
    assert_eq!(mismatch(&schema, &schema, &report, "report"), None);
}

#[test]
fn the_structure_check_finds_missing_foreign_and_wrong_values() {
    let schema = serde_json::to_value(schema()).expect("a schema is JSON");
    let whole = serde_json::to_value(full()).expect("a run is JSON");
    let found = |change: &dyn Fn(&mut Value)| {
        let mut report = whole.clone();
        change(&mut report);
        mismatch(&schema, &schema, &report, "report")
    };
    let missing = found(&|report| {
        report.as_object_mut().expect("an object").remove("seed");
    });
    assert_eq!(missing.as_deref(), Some("report lacks seed"));
    let wrong = found(&|report| report["host"]["cores"] = Value::from("two"));
    assert_eq!(wrong.as_deref(), Some("report.host.cores is not integer"));
    let foreign = found(&|report| report["host"]["colour"] = Value::from("red"));
    assert_eq!(foreign.as_deref(), Some("report.host.colour is not in the schema"));
    assert!(found(&|report| report["behaviour"][0]["bus"] = Value::from("tram")).is_some());
}

#[test]
fn every_page_says_where_a_failure_is_kept() {
    let mut run = run();
    run.behaviour[1] = failing_and_kept(Bus::Process);
    let folder = "trials/cases/ordering/one/process";
    for name in ["summary.md", "junit.xml"] {
        let page = written(&run, name);
        assert!(page.contains(&format!("kept: {folder}, beside report.json")), "{name}: {page}");
    }
    assert!(written(&run, "report.html").contains(&format!("href=\"{folder}/\"")));
    // A rate has a slash, which is escaped in the name of its folder, and once more in a link.
    let kept_in = Some("trials/cases/a@x=1%2Fs/process".to_owned());
    run.behaviour[1] = BehaviourRow { kept_in, ..failing(Bus::Process) };
    assert!(written(&run, "report.html").contains("href=\"trials/cases/a@x=1%252Fs/process/\""));
}

#[test]
fn no_half_written_file_remains() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), &run()).expect("a temporary folder can be written");
    write(folder.path(), &full()).expect("an earlier report is replaced");
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .expect("it exists")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let expected = ["junit.xml", "report.html", "report.json", "report.schema.json", "summary.md"];
    assert_eq!(names, expected);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("occupied");
    fs::write(&file, "").expect("a temporary folder can be written");
    let error = write(&file.join("below"), &run()).expect_err("a file is no folder");
    assert_eq!(error.to_string(), format!("cannot write {}", file.join("below").display()));
}

/// The first place where a value is not what a schema says: types, properties, alternatives.
fn mismatch(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        let target = root.pointer(pointer).expect("references resolve");
        return mismatch(root, target, value, at);
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let fits = choices.iter().any(|choice| mismatch(root, choice, value, at).is_none());
        return (!fits).then(|| format!("{at} fits no alternative"));
    }
    constant(schema, value, at)
        .or_else(|| typed(schema, value, at))
        .or_else(|| properties(root, schema, value, at))
        .or_else(|| items(root, schema, value, at))
}

fn constant(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let differs = schema.get("const").is_some_and(|only| only != value);
    let listed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    (differs || !listed).then(|| format!("{at} is none of the allowed values"))
}

fn typed(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let is = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("a type this check does not know: {other}"),
    };
    (!names.iter().any(is)).then(|| format!("{at} is not {}", names.join(" or ")))
}

fn properties(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let (known, object) = (schema["properties"].as_object()?, value.as_object()?);
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !object.contains_key(name) {
            return Some(format!("{at} lacks {name}"));
        }
    }
    object.iter().find_map(|(name, inner)| {
        let place = format!("{at}.{name}");
        match known.get(name) {
            Some(own) => mismatch(root, own, inner, &place),
            None => Some(format!("{place} is not in the schema")),
        }
    })
}

fn items(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let array = value.as_array()?;
    let each = schema.get("prefixItems").and_then(Value::as_array);
    array.iter().enumerate().find_map(|(index, inner)| {
        let own = match each {
            Some(each) => each.get(index)?,
            None => schema.get("items")?,
        };
        mismatch(root, own, inner, &format!("{at}[{index}]"))
    })
}
