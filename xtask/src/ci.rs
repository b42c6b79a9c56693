//! `cargo xtask ci`: every step that must pass, each announced and timed, with a table at the end.
//!
//! A failed step does not hide the next one; the exit code is that of the first failure.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{equivalence, exit, instructions, lean, mutants, run, tidy};

/// One step: its name and how to do it.
struct Step {
    name: &'static str,
    work: Work,
}

enum Work {
    Cargo(Command),
    Lean,
    Tidy,
    Instructions,
    /// Arguments of `cargo xtask equivalence`.
    Equivalence(Vec<String>),
}

/// What became of a step.
struct Outcome {
    name: &'static str,
    code: i32,
    took: Duration,
}

/// Runs all steps and returns the exit code to end with.
pub(crate) fn run(root: &Path, skip_tests: bool) -> anyhow::Result<i32> {
    run::outlive_children()?;
    let mut outcomes = Vec::new();
    for step in steps(root, skip_tests) {
        outcomes.push(perform(root, step)?);
        if run::interrupted() {
            eprintln!("interrupted: the remaining steps are left out");
            break;
        }
    }
    print!("{}", table(&outcomes));
    let failed = first_failure(&outcomes);
    Ok(if failed == exit::PASS && run::interrupted() { exit::INFRASTRUCTURE } else { failed })
}

fn steps(root: &Path, skip_tests: bool) -> Vec<Step> {
    let cargo = |arguments: &str| {
        let mut command = run::cargo(root);
        command.args(arguments.split(' '));
        Work::Cargo(command)
    };
    let mut doc = run::cargo(root);
    doc.args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings");
    let mut steps = vec![
        Step { name: "format", work: cargo("fmt --all --check") },
        Step {
            name: "lints",
            work: cargo("clippy --workspace --all-targets --quiet -- -D warnings"),
        },
        Step {
            name: "lints of features",
            work: cargo(
                "clippy --workspace --all-targets --features equivalence/peers,equivalence/mimalloc --quiet -- -D warnings",
            ),
        },
        Step { name: "lean", work: Work::Lean },
        Step { name: "tidy", work: Work::Tidy },
        Step { name: "documentation", work: Work::Cargo(doc) },
    ];
    if !skip_tests {
        // First of the two: it builds binaries without the buses inside a process, which those of the
        // workspace replace.
        steps.push(Step {
            name: "lean tests",
            work: cargo(
                "test -p collector-core --no-default-features --lib --test commands --test configuration",
            ),
        });
        steps.push(Step { name: "tests", work: cargo("test --workspace") });
    }
    // Not compiled by the tests of the workspace; trials on servers are ignored where there are none.
    steps.push(Step {
        name: "tests of peers",
        work: cargo("test -p equivalence --features peers --lib --test peers"),
    });
    steps.push(Step { name: "instructions", work: Work::Instructions });
    // A harness that misses a broken bus has nothing to say about a whole one.
    steps.push(Step { name: "mutants", work: Work::Equivalence(mutants::verb(&[])) });
    // Performance that fails where nothing is enforced is printed and stored, not a broken build.
    let gates = ["--profile", "pr", "--inconclusive", "warn", "--enforced-only"];
    let gates = gates.map(str::to_owned).to_vec();
    steps.push(Step { name: "equivalence", work: Work::Equivalence(gates) });
    steps
}

fn perform(root: &Path, step: Step) -> anyhow::Result<Outcome> {
    println!("== {}", step.name);
    let began = Instant::now();
    let code = match step.work {
        Work::Cargo(mut command) => {
            println!("   {}", run::as_typed(&command));
            // Cargo's own codes (101) mean: this step does not hold.
            if run::to_its_end(&mut command)?.success() { exit::PASS } else { exit::FAIL }
        }
        Work::Lean => lean::check(root)?,
        Work::Tidy => tidy::run(root)?,
        Work::Instructions => instructions::count_and_compare(root, false)?,
        Work::Equivalence(arguments) => equivalence::build_and_run(root, &arguments)?,
    };
    let took = began.elapsed();
    println!("== {}: {} after {:.1} s\n", step.name, verdict(code), took.as_secs_f64());
    Ok(Outcome { name: step.name, code, took })
}

fn first_failure(outcomes: &[Outcome]) -> i32 {
    outcomes.iter().map(|outcome| outcome.code).find(|code| *code != exit::PASS).unwrap_or_default()
}

fn table(outcomes: &[Outcome]) -> String {
    let mut text = format!("{:<16}{:>10}  result\n", "step", "seconds");
    for Outcome { name, code, took } in outcomes {
        writeln!(text, "{name:<16}{:>10.1}  {}", took.as_secs_f64(), verdict(*code))
            .expect("a string takes any text");
    }
    text
}

fn verdict(code: i32) -> String {
    match code {
        exit::PASS => "pass".to_owned(),
        other => format!("FAIL (exit code {other})"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::{Outcome, Work, first_failure, steps, table};

    fn outcome(name: &'static str, code: i32) -> Outcome {
        Outcome { name, code, took: Duration::from_millis(1500) }
    }

    #[test]
    fn the_first_failure_decides_the_exit_code() {
        let outcomes = [outcome("format", 0), outcome("tidy", 1), outcome("equivalence", 4)];
        assert_eq!(first_failure(&outcomes), 1);
        assert_eq!(first_failure(&outcomes[..1]), 0);
    }

    #[test]
    fn the_table_shows_every_step_with_its_result() {
        let shown = table(&[outcome("format", 0), outcome("tidy", 1)]);
        assert!(shown.contains("format                 1.5  pass\n"), "{shown}");
        assert!(shown.contains("tidy                   1.5  FAIL (exit code 1)\n"), "{shown}");
    }

    #[test]
    fn tests_are_a_step_unless_left_out() {
        let names = |skip| steps(Path::new("."), skip).iter().map(|s| s.name).collect::<Vec<_>>();
        assert!(names(false).contains(&"tests"));
        assert!(!names(true).contains(&"tests"));
        assert_eq!(
            names(true)[names(true).len() - 3..],
            ["instructions", "mutants", "equivalence"]
        );
    }

    #[test]
    fn a_build_without_the_old_buses_is_checked_and_what_it_leaves_behind_is_replaced() {
        let names = |skip| steps(Path::new("."), skip).iter().map(|s| s.name).collect::<Vec<_>>();
        assert!(names(true).contains(&"lean"));
        assert!(!names(true).contains(&"lean tests"));
        let names = names(false);
        let place = |wanted: &str| names.iter().position(|name| *name == wanted);
        assert!(place("lean tests").is_some_and(|lean| Some(lean) < place("tests")), "{names:?}");
    }

    #[test]
    fn only_enforced_gates_fail_the_equivalence_step() {
        let last = steps(Path::new("."), true).pop().expect("steps");
        let Work::Equivalence(arguments) = last.work else { panic!("{} is last", last.name) };
        assert!(arguments.contains(&"--enforced-only".to_owned()), "{arguments:?}");
        assert!(arguments.join(" ").contains("--inconclusive warn"), "{arguments:?}");
    }
}
