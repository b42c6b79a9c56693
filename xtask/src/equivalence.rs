//! `cargo xtask equivalence`: builds what a run needs, then hands over to the harness.
//!
//! The exit code is the harness's own; a failed build is 4.

use std::path::Path;
use std::process::Command;

use crate::{exit, revisions, run};

/// Packages whose binaries a run starts: the harness and its actors, the agent and collectors.
const PACKAGES: [&str; 2] = ["equivalence", "collector-core"];

/// Arguments that are a matter of the build, and the features that have what they ask for: brokers of
/// others, another allocator than the system's.
const SWITCHES: [(&str, &str); 2] =
    [("--peers", "equivalence/peers"), ("--mimalloc", "equivalence/mimalloc")];

/// Builds, runs, and returns the exit code to end with.
pub(crate) fn run(root: &Path, arguments: &[String]) -> anyhow::Result<i32> {
    run::outlive_children()?;
    build_and_run(root, arguments)
}

/// The same for a caller that has installed its own Ctrl-C handler.
pub(crate) fn build_and_run(root: &Path, arguments: &[String]) -> anyhow::Result<i32> {
    let (features, arguments) = without_switches(arguments);
    let mut build = build_command(root, &features);
    eprintln!("building: {}", run::as_typed(&build));
    if !run::to_its_end(&mut build)?.success() {
        eprintln!("error: the release binaries do not build, so nothing was measured");
        return Ok(exit::INFRASTRUCTURE);
    }
    let arguments = match with_baseline(root, &features, arguments) {
        Ok(arguments) => arguments,
        Err((exit, error)) => {
            eprintln!("error: {error:#}");
            return Ok(exit);
        }
    };
    let mut harness = Command::new(run::release_binary("equivalence")?);
    harness.current_dir(root).args(with_verb(&arguments));
    eprintln!("running: {}", run::as_typed(&harness));
    Ok(exit::forwarded(run::to_its_end(&mut harness)?))
}

/// The arguments with the executable of another revision, where the baseline is of one; else the exit code.
fn with_baseline(
    root: &Path,
    features: &[&str],
    arguments: Vec<String>,
) -> Result<Vec<String>, (i32, anyhow::Error)> {
    // A bus that the harness does not know is for it to refuse, before anything is built.
    let known = |asked: &revisions::Asked| buses().is_ok_and(|buses| asked.is_of_one(&buses));
    let Some(asked) = revisions::asked(&arguments).filter(known) else { return Ok(arguments) };
    let commit = revisions::commit(root, &asked).map_err(|error| (exit::USAGE, error))?;
    revisions::built(root, (&asked, &commit), features, &arguments)
        .map_err(|error| (exit::INFRASTRUCTURE, error))
}

/// What the harness calls its buses.
fn buses() -> anyhow::Result<String> {
    let mut list = Command::new(run::release_binary("equivalence")?);
    let listed = list.args(["list", "--buses"]).output()?;
    Ok(String::from_utf8(listed.stdout)?)
}

fn build_command(root: &Path, features: &[&str]) -> Command {
    let mut command = run::cargo(root);
    command.args(["build", "--release", "--bins"]);
    for package in PACKAGES {
        command.args(["-p", package]);
    }
    for feature in features {
        command.args(["--features", feature]);
    }
    command
}

/// The features asked for, and the arguments that are the harness's.
fn without_switches(arguments: &[String]) -> (Vec<&'static str>, Vec<String>) {
    let asked = |switch: &str| arguments.iter().any(|word| word == switch);
    let features = SWITCHES.into_iter().filter(|(switch, _)| asked(switch));
    let is_own = |word: &&String| !SWITCHES.iter().any(|(switch, _)| *word == switch);
    let own = arguments.iter().filter(is_own).cloned().collect();
    (features.map(|(_, feature)| feature).collect(), own)
}

fn with_verb(arguments: &[String]) -> Vec<&str> {
    // No options come before a verb, so a word is one; the harness knows which there are.
    let has_verb = arguments.first().is_some_and(|first| !first.starts_with('-'));
    let verb = (!has_verb).then_some("run");
    verb.into_iter().chain(arguments.iter().map(String::as_str)).collect()
}

#[cfg(test)]
mod tests {
    use super::{with_verb, without_switches};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_alone_belong_to_run() {
        assert_eq!(with_verb(&words("--profile smoke")), ["run", "--profile", "smoke"]);
        assert_eq!(with_verb(&[]), ["run"]);
    }

    #[test]
    fn switches_are_a_matter_of_the_build_wherever_they_are_asked_for() {
        for line in ["--peers list --buses", "list --buses --peers"] {
            let asked = (vec!["equivalence/peers"], words("list --buses"));
            assert_eq!(without_switches(&words(line)), asked, "{line}");
        }
        let both = without_switches(&words("run --mimalloc --seed 1 --peers")).0;
        assert_eq!(both, ["equivalence/peers", "equivalence/mimalloc"]);
        assert_eq!(without_switches(&words("--seed 1")), (vec![], words("--seed 1")));
    }

    #[test]
    fn a_verb_is_passed_on_as_it_is() {
        assert_eq!(with_verb(&words("show a/b --effective")), ["show", "a/b", "--effective"]);
        assert_eq!(with_verb(&words("run --seed 1")), ["run", "--seed", "1"]);
        assert_eq!(with_verb(&words("lst")), ["lst"], "the harness names the nearest");
    }
}
