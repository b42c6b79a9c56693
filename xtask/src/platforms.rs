//! `cargo xtask platforms`: types and lints for systems other than this one. Nothing is linked or
//! run, so one host tells about all of them; what they do is for tests on the systems themselves.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{exit, run};

/// Every system that must compile, beside Linux, where everything is built and run.
const TARGETS: [&str; 4] = [
    "x86_64-pc-windows-gnu",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-unknown-freebsd",
];
/// Left out: what measures there builds C, which asks for a C compiler of the system.
const LEFT_OUT: &str = "bus-benches";

/// Checks one system after the other, all of them or those named; the exit code to end with.
pub(crate) fn run(root: &Path, named: &[String]) -> anyhow::Result<i32> {
    run::outlive_children()?;
    let all = TARGETS.map(str::to_owned);
    let targets = if named.is_empty() { &all } else { named };
    for target in targets {
        ask_for_library(root, target)?;
    }
    let mut code = exit::PASS;
    for target in targets {
        let mut command = lints(root, target);
        println!("== {}", run::as_typed(&command));
        if !run::to_its_end(&mut command)?.success() {
            code = exit::FAIL;
        }
        if run::interrupted() {
            return Ok(exit::INFRASTRUCTURE);
        }
    }
    Ok(code)
}

fn lints(root: &Path, target: &str) -> Command {
    let mut command = run::cargo(root);
    command.args(["clippy", "--workspace", "--exclude", LEFT_OUT, "--all-targets", "--quiet"]);
    command.args(["--target", target, "--", "-D", "warnings"]);
    command
}

/// A system whose standard library is not installed is no defect of the code.
fn ask_for_library(root: &Path, target: &str) -> anyhow::Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(root).args(["--print", "target-libdir", "--target", target]);
    let told = rustc.output().context("cannot run rustc")?;
    let folder = String::from_utf8_lossy(&told.stdout).into_owned();
    if told.status.success() && Path::new(folder.trim_end()).is_dir() {
        return Ok(());
    }
    bail!("the standard library for {target} is missing: rustup target add {target}")
}
