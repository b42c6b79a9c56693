//! `equivalence`: are two event buses equivalent, and at which four ratios?
//!
//! The command line as said; what it means is `equivalence::cmd`'s.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use equivalence::cmd;
use equivalence::cmd::known::{buses, profiles};
use equivalence::cmd::plan::PlanOptions;
use equivalence::cmd::run::RunOptions;
use equivalence::cmd::selection::Wanted;
use equivalence::plan::Bus;
use equivalence::scenario::Profile;

const EXIT_CODES: &str = "\
Exit codes:
  0  pass
  1  fail: a broken promise, something left behind, or a gate that failed
  2  usage, or an invalid scenario
  3  inconclusive: nothing failed, something is open
  4  infrastructure: the harness could not do its work, or was interrupted";

const READING_EXIT_CODES: &str = "\
Exit codes:
  0  done
  2  usage, or an invalid scenario
  4  infrastructure: a file or folder cannot be read";

const SEARCHING_EXIT_CODES: &str = "\
Exit codes:
  0  nothing was found
  1  a failure was found, and a scenario file written
  2  usage, or an invalid scenario
  4  infrastructure: the harness could not do its work, or was interrupted";

/// Replays scenarios on two event buses, checks behaviour message by message, measures, judges.
#[derive(Debug, Parser)]
#[command(name = "equivalence", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run scenarios and say whether to switch.
    #[command(after_help = EXIT_CODES)]
    Run(Run),
    /// Say before a run what this host will be able to tell, and what stands in the way.
    #[command(after_help = EXIT_CODES)]
    Plan(Plan),
    #[command(after_help = READING_EXIT_CODES)]
    List(cmd::list::ListArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Show(cmd::show::ShowArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Check(cmd::check::CheckArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Schema(cmd::schema::SchemaArgs),
    #[command(after_help = EXIT_CODES)]
    Mutants(cmd::mutants::MutantsArgs),
    #[command(after_help = SEARCHING_EXIT_CODES)]
    Explore(cmd::explore::ExploreArgs),
    #[command(after_help = SEARCHING_EXIT_CODES)]
    Shrink(cmd::shrink::ShrinkArgs),
    /// Become a process of somebody's trial.
    #[command(hide = true)]
    Actor {
        /// Which one, for whoever looks at a list of processes; the assignment says the rest.
        name: Option<String>,
    },
    /// Live until standard input ends.
    #[command(hide = true)]
    Child {
        /// Which one, for whoever watches processes.
        mark: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// How much to run.
    #[arg(long, default_value = "pr", value_parser = profiles())]
    profile: Profile,
    /// Only cases whose id or scenario matches; `*` stands for any run of characters.
    #[arg(long, value_name = "GLOB")]
    scenario: Option<String>,
    /// Folder of scenario files.
    #[arg(long, value_name = "FOLDER")]
    scenarios: Option<PathBuf>,
    /// The bus the others are compared with.
    #[arg(long, value_name = "BUS", default_value = "crossbeam", value_parser = buses())]
    baseline: Bus,
    /// A bus in question, several times for several; the profile's own if none is named.
    #[arg(long, value_name = "BUS", value_parser = buses())]
    candidate: Vec<Bus>,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder of the report.
    #[arg(long, value_name = "FOLDER", default_value = "reports/latest")]
    out: PathBuf,
    /// What an undecided gate does to the exit code.
    #[arg(long, value_enum, default_value_t = Inconclusive::Fail)]
    inconclusive: Inconclusive,
    /// Fail on gates marked `enforced` alone; the others are printed.
    #[arg(long)]
    enforced_only: bool,
    /// Run behaviour on the baseline twice and list what differs; nightly and release always do.
    #[arg(long)]
    baseline_twice: bool,
}

#[derive(Debug, Args)]
struct Plan {
    #[command(flatten)]
    run: Run,
    /// An earlier report, its folder or file; the one in `--out` if it is there.
    #[arg(long, value_name = "REPORT")]
    from: Option<PathBuf>,
    /// Measure A/A blocks of the first saturation and the first paced case.
    #[arg(long)]
    measure: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Inconclusive {
    /// Exit 3.
    Fail,
    /// Print, no more.
    Warn,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.verb, Verb::Run(_)) {
        log_to_standard_error();
    }
    match cli.verb {
        Verb::Run(run) => {
            // Before the first actor: children inherit it.
            equivalence::driver::raise_descriptor_limit();
            cmd::run::run(&run.resolved())
        }
        Verb::Plan(plan) => cmd::plan::run(&plan.resolved()),
        Verb::List(arguments) => told(cmd::list::run(&arguments)),
        Verb::Show(arguments) => told(cmd::show::run(&arguments)),
        Verb::Check(arguments) => told(cmd::check::run(&arguments)),
        Verb::Schema(arguments) => told(cmd::schema::run(&arguments)),
        Verb::Mutants(arguments) => told(cmd::mutants::run(&arguments)),
        Verb::Explore(arguments) => told(cmd::explore::run(&arguments)),
        Verb::Shrink(arguments) => told(cmd::shrink::run(&arguments)),
        Verb::Actor { .. } => cmd::actor(),
        Verb::Child { .. } => cmd::child(),
    }
}

/// The exit code of a verb that only reads; what broke it is infrastructure.
fn told(ended: anyhow::Result<ExitCode>) -> ExitCode {
    ended.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            // Whoever read has read enough: `list | head`. Complaints go elsewhere.
            return ExitCode::SUCCESS;
        }
        cmd::complain(&format_args!("error: {error:#}"));
        ExitCode::from(4)
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

impl Run {
    fn resolved(self) -> RunOptions {
        RunOptions {
            wanted: Wanted {
                folder: self.scenarios,
                profile: self.profile,
                pattern: self.scenario,
                seed: self.seed,
                baseline: self.baseline,
            },
            candidates: self.candidate,
            out: self.out,
            warn_inconclusive: matches!(self.inconclusive, Inconclusive::Warn),
            enforced_only: self.enforced_only,
            baseline_twice: self.baseline_twice,
        }
    }
}

impl Plan {
    fn resolved(self) -> PlanOptions {
        PlanOptions { run: self.run.resolved(), from: self.from, measure: self.measure }
    }
}

fn log_to_standard_error() {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_verb_explains_its_exit_codes() {
        let command = Cli::command();
        let seen = command.get_subcommands().filter(|verb| !verb.is_hide_set());
        for verb in seen.chain([&command]) {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Exit codes:"), "{}: {help}", verb.get_name());
        }
    }
}
