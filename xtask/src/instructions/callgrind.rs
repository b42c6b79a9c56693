//! Instructions of a program's own code, from valgrind's callgrind.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

/// Instructions of a program from its start to its end, without those of the libraries it loads.
pub(super) fn instructions(program: &Path, arguments: &[&str]) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir().context("no folder for what callgrind writes")?;
    let file = folder.path().join("callgrind.out");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--compress-strings=no", "--compress-pos=no"]);
    command.arg(format!("--callgrind-out-file={}", file.display()));
    command.arg(program).args(arguments);
    let output = command.output().context("cannot run valgrind")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} {} failed:\n{said}", program.display(), arguments.join(" "));
    }
    let profile = std::fs::read_to_string(&file).context("callgrind has written nothing")?;
    Ok(own_cost(&profile, program))
}

/// Sums the cost of every line of the object that is the program. The line behind a `calls=` has what
/// was called, which is counted where it is.
fn own_cost(profile: &str, program: &Path) -> u64 {
    let (mut sum, mut is_own, mut is_called) = (0, false, false);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_own = Path::new(object) == program;
        } else if line.starts_with("calls=") {
            is_called = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse::<u64>().ok());
            if is_own && !is_called {
                sum += cost.unwrap_or_default();
            }
            is_called = false;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::own_cost;

    const PROFILE: &str = "\
version: 1
events: Ir

ob=/usr/lib/libc.so.6
fn=malloc
12 900

ob=/a/program
fl=main.rs
fn=main
1 100
2 20
cob=/usr/lib/libc.so.6
cfn=malloc
calls=3 12
2 900
3 7

ob=/usr/lib/libc.so.6
fn=free
0 50

totals: 1977
";

    #[test]
    fn what_is_called_and_what_is_the_systems_is_left_out() {
        assert_eq!(own_cost(PROFILE, Path::new("/a/program")), 127);
        assert_eq!(own_cost(PROFILE, Path::new("/another")), 0);
    }
}
