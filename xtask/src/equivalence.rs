//! `cargo xtask equivalence`: builds what a run needs, then hands over to the harness.
//!
//! The exit code is the harness's own; a failed build is 4.

use std::path::Path;
use std::process::Command;

use crate::{exit, run};

/// Packages whose binaries a run starts: the harness and its actors, the agent and collectors.
const PACKAGES: [&str; 2] = ["equivalence", "collector-core"];

/// Asked for among the arguments, the harness is built with what speaks to brokers of others.
const PEERS: &str = "--peers";
/// The feature that has it.
const PEERS_FEATURE: &str = "equivalence/peers";

/// Builds, runs, and returns the exit code to end with.
pub(crate) fn run(root: &Path, arguments: &[String]) -> anyhow::Result<i32> {
    run::outlive_children()?;
    build_and_run(root, arguments)
}

/// The same for a caller that has installed its own Ctrl-C handler.
pub(crate) fn build_and_run(root: &Path, arguments: &[String]) -> anyhow::Result<i32> {
    let (with_peers, arguments) = without_peers(arguments);
    let mut build = build_command(root, with_peers);
    eprintln!("building: {}", run::as_typed(&build));
    if !run::to_its_end(&mut build)?.success() {
        eprintln!("error: the release binaries do not build, so nothing was measured");
        return Ok(exit::INFRASTRUCTURE);
    }
    let mut harness = Command::new(run::release_binary("equivalence")?);
    harness.current_dir(root).args(with_verb(&arguments));
    eprintln!("running: {}", run::as_typed(&harness));
    Ok(exit::forwarded(run::to_its_end(&mut harness)?))
}

fn build_command(root: &Path, with_peers: bool) -> Command {
    let mut command = run::cargo(root);
    command.args(["build", "--release", "--bins"]);
    for package in PACKAGES {
        command.args(["-p", package]);
    }
    if with_peers {
        command.args(["--features", PEERS_FEATURE]);
    }
    command
}

/// Whether peers are asked for, and the arguments that are the harness's.
fn without_peers(arguments: &[String]) -> (bool, Vec<String>) {
    let own: Vec<String> = arguments.iter().filter(|word| *word != PEERS).cloned().collect();
    (own.len() < arguments.len(), own)
}

fn with_verb(arguments: &[String]) -> Vec<&str> {
    // No options come before a verb, so a word is one; the harness knows which there are.
    let has_verb = arguments.first().is_some_and(|first| !first.starts_with('-'));
    let verb = (!has_verb).then_some("run");
    verb.into_iter().chain(arguments.iter().map(String::as_str)).collect()
}

#[cfg(test)]
mod tests {
    use super::{with_verb, without_peers};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_alone_belong_to_run() {
        assert_eq!(with_verb(&words("--profile smoke")), ["run", "--profile", "smoke"]);
        assert_eq!(with_verb(&[]), ["run"]);
    }

    #[test]
    fn peers_are_a_matter_of_the_build_wherever_they_are_asked_for() {
        for line in ["--peers list --buses", "list --buses --peers"] {
            assert_eq!(without_peers(&words(line)), (true, words("list --buses")), "{line}");
        }
        assert_eq!(without_peers(&words("--seed 1")), (false, words("--seed 1")));
    }

    #[test]
    fn a_verb_is_passed_on_as_it_is() {
        assert_eq!(with_verb(&words("show a/b --effective")), ["show", "a/b", "--effective"]);
        assert_eq!(with_verb(&words("run --seed 1")), ["run", "--seed", "1"]);
        assert_eq!(with_verb(&words("lst")), ["lst"], "the harness names the nearest");
    }
}
