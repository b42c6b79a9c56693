//! `cargo xtask instructions`: what a stretch of the hot path costs, in instructions.
//!
//! They are counted under valgrind's callgrind, so that a busy host changes nothing, and only those of
//! the executable itself: the libraries of the system are the system's. A count is of one compiler, and
//! is compared with one recorded of the same compiler alone. What is compared within one run is
//! compared on any.

mod callgrind;
mod record;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{exit, run};
use record::Record;

/// How often a stretch is gone; the same again is counted, and the start of a program is in neither.
const TIMES: u64 = 1600;
/// How much more than recorded a stretch may cost, and how much more among many subscriptions than
/// among few (T9).
const LIMIT: f64 = 1.05;
/// Shown and never compared: how many events go with one write, and with it what each costs, is up to
/// the scheduler (an eighth more on a host of one core).
const UNSTEADY: &str = "process-hop-in-bursts";
/// The two that are compared within one run.
const AMONG: [&str; 2] = ["publish-among-1", "publish-among-10000"];

/// A stretch and what it costs each time, instructions.
type Count = (String, u64);

/// Counts, compares or records, and returns the exit code to end with.
pub(crate) fn run(root: &Path, records: bool) -> anyhow::Result<i32> {
    run::outlive_children()?;
    count_and_compare(root, records)
}

/// The same for a caller that has installed its own Ctrl-C handler.
pub(crate) fn count_and_compare(root: &Path, records: bool) -> anyhow::Result<i32> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is not installed");
        return Ok(exit::PASS);
    }
    let program = build(root)?;
    let counts = count_all(&program)?;
    let compiler = compiler()?;
    let file = root.join("benches/instructions.toml");
    if records {
        Record::of(&compiler, &counts).write(&file)?;
        println!("recorded in {}", file.display());
    }
    let record = Record::read(&file)?;
    let known = (record.compiler == compiler).then_some(&record);
    if known.is_none() {
        println!("not compared: recorded with {}, this is {compiler}", record.compiler);
    }
    let rows: Vec<Row> = counts.into_iter().map(|count| Row::of(count, known)).collect();
    print!("{}", table(&rows));
    let among = among(&rows)?;
    println!("{}", among.told());
    let is_costlier = among.is_over() || rows.iter().any(Row::is_over);
    Ok(if is_costlier { exit::FAIL } else { exit::PASS })
}

fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let mut command = run::cargo(root);
    command.args(["build", "--release", "--package", "bus-benches", "--bin", "hot-path"]);
    if !run::to_its_end(&mut command)?.success() {
        bail!("{} failed", run::as_typed(&command));
    }
    run::release_binary("hot-path")
}

fn compiler() -> anyhow::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().context("cannot run rustc")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn count_all(program: &Path) -> anyhow::Result<Vec<Count>> {
    let listed = Command::new(program).output().context("cannot list the stretches")?;
    let names = String::from_utf8(listed.stdout).context("names are text")?;
    names.lines().map(|name| Ok((name.to_owned(), count(program, name)?))).collect()
}

/// What one more time costs.
fn count(program: &Path, stretch: &str) -> anyhow::Result<u64> {
    let once = callgrind::instructions(program, &[stretch, &TIMES.to_string()])?;
    let twice = callgrind::instructions(program, &[stretch, &(2 * TIMES).to_string()])?;
    Ok(twice.saturating_sub(once) / TIMES)
}

/// What a stretch costs beside what it may.
#[derive(Debug)]
struct Row {
    name: String,
    count: u64,
    /// Nothing, where there is nothing to compare with.
    recorded: Option<u64>,
}

impl Row {
    fn of((name, count): Count, record: Option<&Record>) -> Self {
        let record = record.filter(|_| name != UNSTEADY);
        let recorded = record.and_then(|record| record.counts.get(&name).copied());
        Self { name, count, recorded }
    }

    fn ratio(&self) -> Option<f64> {
        self.recorded.map(|recorded| self.count as f64 / recorded as f64)
    }

    fn is_over(&self) -> bool {
        self.ratio().is_some_and(|ratio| ratio > LIMIT)
    }

    fn told(&self) -> String {
        let ratio = self.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"));
        let verdict = match (self.ratio(), self.is_over()) {
            (None, _) => "not compared",
            (Some(_), true) => "FAIL",
            (Some(ratio), false) if ratio < 1.0 / LIMIT => "pass; cheaper: record it",
            _ => "pass",
        };
        format!("{:<24}{:>12}{ratio:>8}  {verdict}", self.name, self.count)
    }
}

fn table(rows: &[Row]) -> String {
    let head = format!("{:<24}{:>12}{:>8}  at most {LIMIT}\n", "stretch", "instructions", "ratio");
    rows.iter().fold(head, |text, row| text + &row.told() + "\n")
}

/// What a publish costs among many subscriptions it does not go to, with what it costs among few in
/// the place of what is recorded.
fn among(rows: &[Row]) -> anyhow::Result<Row> {
    let [few, many] = AMONG.map(|name| rows.iter().find(|row| row.name == name));
    let (Some(few), Some(many)) = (few, many) else { bail!("no stretches {AMONG:?}") };
    let name = "among 10 000 / among 1".to_owned();
    Ok(Row { name, count: many.count, recorded: Some(few.count) })
}

#[cfg(test)]
mod tests {
    use super::{Record, Row, UNSTEADY, among};

    fn row(name: &str, count: u64, recorded: impl Into<Option<u64>>) -> Row {
        Row { name: name.to_owned(), count, recorded: recorded.into() }
    }

    #[test]
    fn a_stretch_a_tenth_costlier_than_recorded_fails() {
        assert!(row("hop", 1100, 1000).is_over());
        assert!(!row("hop", 1049, 1000).is_over());
        assert!(!row("hop", 1100, None).is_over(), "another compiler's count");
    }

    #[test]
    fn what_the_scheduler_decides_is_not_compared() {
        let counts = [UNSTEADY, "hop"].map(|name| (name.to_owned(), 1000));
        let record = Record::of("rustc", &counts);
        let is_over = |name: &str| Row::of((name.to_owned(), 2000), Some(&record)).is_over();
        assert!(is_over("hop") && !is_over(UNSTEADY));
    }

    #[test]
    fn a_stretch_a_tenth_cheaper_asks_to_be_recorded() {
        assert!(row("hop", 900, 1000).told().contains("record it"));
        assert!(!row("hop", 990, 1000).told().contains("record it"));
    }

    #[test]
    fn many_subscriptions_that_cost_a_tenth_more_than_few_fail_with_any_compiler() {
        let counted =
            |many| [row("publish-among-1", 1000, None), row("publish-among-10000", many, None)];
        assert!(among(&counted(1100)).expect("both").is_over());
        assert!(!among(&counted(1001)).expect("both").is_over());
        among(&counted(1)[..1]).expect_err("one is missing");
    }
}
