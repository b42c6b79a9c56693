//! The ledger of this repository: complete, and everything it names is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use equivalence::cmd::selection::Wanted;
use equivalence::plan::Bus;
use equivalence::plan::gates::Metric;
use equivalence::plan::ledger::{Criterion, Proof, SOURCES};
use equivalence::scenario::Profile;

/// How much each section of the documents asks for; where one asks for several things at once, a criterion
/// each.
const ASKED: [(&str, usize); 8] = [
    ("migration document, characteristics to preserve", 6),
    ("migration document, functional requirements", 4),
    ("migration document, performance requirements", 4),
    ("migration document, operational requirements", 4),
    // Twelve; the last is of four systems.
    ("topic document, acceptance criteria", 15),
    ("topic document, performance requirements", 5),
    ("collector document, performance characteristics", 5),
    ("budgets of agent and collectors", 3),
];
/// Folders of the packages that commands of the ledger name.
const PACKAGES: [(&str, &str); 3] =
    [("daemoneye-eventbus", "bus"), ("collector-core", "collector"), ("bus-benches", "benches")];
/// How the commands begin that are a verb of the harness.
const VERBS: &str = "cargo xtask equivalence ";
/// Commands that are about no single test.
const WHOLE: [&str; 1] = ["cargo check --workspace"];

fn criteria(profile: Profile) -> Vec<Criterion> {
    let baseline = Bus::Crossbeam;
    let wanted = Wanted { folder: None, profile, patterns: Vec::new(), seed: 1, baseline };
    wanted.select().unwrap_or_else(|error| panic!("{error}")).criteria
}

fn proofs(profile: Profile) -> Vec<Proof> {
    criteria(profile).into_iter().flat_map(|criterion| criterion.proofs).collect()
}

#[test]
fn every_section_of_the_documents_is_there_as_often_as_it_asks() {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for criterion in criteria(Profile::Pr) {
        *found.entry(criterion.source).or_default() += 1;
    }
    let asked = ASKED.map(|(source, count)| (source.to_owned(), count));
    assert_eq!(found, BTreeMap::from(asked));
    let sections: Vec<&str> = SOURCES.iter().map(|(_, words)| *words).collect();
    assert_eq!(sections, ASKED.map(|(words, _)| words), "no section is forgotten here");
}

#[test]
fn the_criteria_of_all_profiles_are_the_same_and_each_once() {
    let ids = |profile| -> Vec<String> {
        criteria(profile).into_iter().map(|criterion| criterion.id).collect()
    };
    let own = ids(Profile::Pr);
    let mut unique = own.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), own.len());
    for profile in Profile::ALL {
        assert_eq!(ids(profile), own, "{profile:?}");
    }
}

#[test]
fn what_can_be_shown_has_cases_in_every_profile_that_concludes() {
    for profile in [Profile::Pr, Profile::Nightly, Profile::Release] {
        for proof in proofs(profile) {
            let cases = match &proof {
                Proof::Cases { cases, absent, .. } => {
                    assert!(absent.is_empty(), "{profile:?}: {proof:?}");
                    cases
                }
                Proof::Claim { cases, .. }
                | Proof::Gate { cases, .. }
                | Proof::Budget { cases, .. } => cases,
                Proof::Test { .. } | Proof::Bench { .. } | Proof::Untested { .. } => continue,
            };
            assert!(!cases.is_empty(), "{profile:?}: {proof:?}");
        }
    }
}

#[test]
fn the_four_ratios_and_the_budgets_are_those_of_the_documents() {
    let proofs = proofs(Profile::Pr);
    let limits: Vec<(Metric, f64)> = proofs
        .iter()
        .filter_map(|proof| match proof {
            Proof::Gate { metric, limit, .. } => Some((*metric, *limit)),
            _ => None,
        })
        .collect();
    let expected = [
        (Metric::Throughput, 0.8),
        (Metric::LatencyP50, 2.0),
        (Metric::LatencyP99, 2.0),
        (Metric::Memory, 1.5),
        (Metric::Backlog, 1.5),
        (Metric::Cpu, 1.2),
    ];
    assert_eq!(limits, expected);
    let is_tail = |proof: &&Proof| matches!(proof, Proof::Budget { metric: Metric::LatencyP99, limit, .. } if (limit - 1e6).abs() < 1.0);
    assert_eq!(proofs.iter().filter(is_tail).count(), 2, "of both documents");
}

#[test]
fn every_test_and_benchmark_that_is_named_is_there() {
    for proof in proofs(Profile::Pr) {
        let (Proof::Test { command } | Proof::Bench { command }) = proof else { continue };
        if !WHOLE.contains(&command.as_str()) {
            assert!(is_there(&command), "{command}");
        }
    }
}

#[test]
fn a_command_of_nothing_is_noticed() {
    assert!(is_there("cargo test -p daemoneye-eventbus --test topics registry"));
    assert!(!is_there("cargo test -p daemoneye-eventbus --test topics registrar"));
    assert!(!is_there("cargo test -p daemoneye-eventbus --test topic"));
    assert!(!is_there("cargo bench -p bus-benches --bench topics"));
    assert!(!is_there("cargo test -p nobody --test topics"));
    assert!(!is_there("cargo xtask equivalence footprints"));
}

/// Whether a command is a verb of the harness with its options, or runs a test file or a benchmark of a
/// package, and a module of it if it names one.
fn is_there(command: &str) -> bool {
    if let Some(typed) = command.strip_prefix(VERBS) {
        let mut verb = Command::new(env!("CARGO_BIN_EXE_equivalence"));
        let help = verb.args(typed.split(' ')).arg("--help").output();
        return help.expect("it runs").status.success();
    }
    let words: Vec<&str> = command.split(' ').collect();
    let after = |flag: &str| {
        let at = words.iter().position(|word| *word == flag)?;
        words.get(at + 1).copied()
    };
    let package = after("-p").and_then(|name| PACKAGES.iter().find(|(own, _)| *own == name));
    let Some((_, folder)) = package else { return false };
    let (kind, name) = match (after("--test"), after("--bench")) {
        (Some(name), None) => ("tests", name),
        (None, Some(name)) => ("benches", name),
        _ => return false,
    };
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join(kind);
    let roots = [target.join(format!("{name}.rs")), target.join(name).join("main.rs")];
    let Some(root) = roots.iter().find(|root| root.is_file()) else { return false };
    let last = words.last().copied().unwrap_or_default();
    last == name || has_module(root, last)
}

fn has_module(root: &Path, module: &str) -> bool {
    let text = fs::read_to_string(root).expect("a test file");
    text.lines().any(|line| line.trim() == format!("mod {module};"))
}
