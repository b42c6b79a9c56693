//! `equivalence`: are two event buses equivalent, and at which four ratios?
//!
//! The verbs and their exit codes; what each takes and does is `equivalence::cmd`'s.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use equivalence::cmd;

/// A bus between threads frees in one what another allocated, and how dear that is depends on the allocator.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
  4  infrastructure: a file or folder cannot be read or written";

const COMPARING_EXIT_CODES: &str = "\
Exit codes:
  0  nothing is worse for certain
  1  worse: a promise that held is broken, or a ratio is worse whatever its interval allows
  2  usage, or a report that cannot be read
  3  open: nothing in common, or the later report is partial or decides less";

const PLANNING_EXIT_CODES: &str = "\
Exit codes:
  0  every gate can be expected to conclude
  2  usage, or an invalid scenario
  3  a gate may stay open
  4  infrastructure: a file or folder cannot be read, or nothing could be measured";

const REVIEWING_EXIT_CODES: &str = "\
Exit codes:
  0  everything is decided
  2  usage, an invalid scenario, or a report that cannot be read
  3  something is undecided
  4  infrastructure: a file or folder cannot be read or written";

const RECORDING_EXIT_CODES: &str = "\
Exit codes:
  0  recorded, and complete
  1  recorded, but not all: events were missed, the broker ended first, or a scenario is left out
  2  usage, a file that is there already, or the broker refused
  3  nothing was published
  4  infrastructure: no broker, or a file that cannot be written";

const MEASURING_EXIT_CODES: &str = "\
Exit codes:
  0  measured: every figure is told beside its budget, whether that is met or missed
  1  something was left behind, or the agent did not end in order
  2  usage
  3  not all of it is measured: this host does not tell
  4  infrastructure: no agent beside the harness, a process that ended meanwhile, or an interrupt";

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
    #[command(after_help = EXIT_CODES)]
    Run(cmd::run::RunArgs),
    #[command(after_help = EXIT_CODES)]
    Rerun(cmd::rerun::RerunArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Report(cmd::report::ReportArgs),
    #[command(after_help = COMPARING_EXIT_CODES)]
    Compare(cmd::compare::CompareArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Trend(cmd::trend::TrendArgs),
    #[command(after_help = PLANNING_EXIT_CODES)]
    Plan(cmd::plan::PlanArgs),
    #[command(after_help = REVIEWING_EXIT_CODES)]
    Review(cmd::review::ReviewArgs),
    #[command(after_help = READING_EXIT_CODES)]
    New(cmd::new::NewArgs),
    #[command(after_help = READING_EXIT_CODES)]
    List(cmd::list::ListArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Explain(cmd::explain::ExplainArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Show(cmd::show::ShowArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Check(cmd::check::CheckArgs),
    #[command(after_help = READING_EXIT_CODES)]
    Schema(cmd::schema::SchemaArgs),
    #[command(after_help = RECORDING_EXIT_CODES)]
    Record(cmd::record::RecordArgs),
    #[command(after_help = EXIT_CODES)]
    Mutants(cmd::mutants::MutantsArgs),
    #[command(after_help = SEARCHING_EXIT_CODES)]
    Explore(cmd::explore::ExploreArgs),
    #[command(after_help = SEARCHING_EXIT_CODES)]
    Shrink(cmd::shrink::ShrinkArgs),
    #[command(after_help = EXIT_CODES)]
    Soak(cmd::soak::SoakArgs),
    #[command(after_help = MEASURING_EXIT_CODES)]
    Footprint(cmd::footprint::FootprintArgs),
    /// Become a process of somebody's trial.
    #[command(hide = true)]
    Actor {
        /// Which one, for whoever looks at a list of processes; the assignment says the rest.
        name: Option<String>,
    },
    /// Become a process of somebody's soak.
    #[command(hide = true)]
    SoakPart {
        /// Which one, for whoever looks at a list of processes; the assignment says the rest.
        name: Option<String>,
    },
    /// Become a process of somebody's case of chaos.
    #[command(hide = true)]
    ChaosPart {
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

fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.verb, Verb::Run(_) | Verb::Rerun(_)) {
        log_to_standard_error();
        // Before the first actor: children inherit it.
        equivalence::driver::raise_descriptor_limit();
    }
    match cli.verb {
        Verb::Run(run) => cmd::run::run(&run.resolved()),
        Verb::Rerun(arguments) => cmd::rerun::run(&arguments),
        Verb::Report(arguments) => told(cmd::report::run(&arguments)),
        Verb::Trend(arguments) => told(cmd::trend::run(&arguments)),
        Verb::Compare(arguments) => cmd::compare::run(&arguments),
        Verb::Plan(plan) => cmd::plan::run(&plan.resolved()),
        Verb::Review(arguments) => cmd::review::run(&arguments),
        Verb::New(arguments) => told(cmd::new::run(&arguments)),
        Verb::List(arguments) => told(cmd::list::run(&arguments)),
        Verb::Explain(arguments) => told(cmd::explain::run(&arguments)),
        Verb::Show(arguments) => told(cmd::show::run(&arguments)),
        Verb::Check(arguments) => told(cmd::check::run(&arguments)),
        Verb::Schema(arguments) => told(cmd::schema::run(&arguments)),
        Verb::Record(arguments) => told(cmd::record::run(&arguments)),
        Verb::Mutants(arguments) => told(cmd::mutants::run(&arguments)),
        Verb::Explore(arguments) => told(cmd::explore::run(&arguments)),
        Verb::Shrink(arguments) => told(cmd::shrink::run(&arguments)),
        Verb::Soak(arguments) => told(cmd::soak::run(&arguments)),
        Verb::Footprint(arguments) => told(cmd::footprint::run(&arguments)),
        Verb::Actor { .. } => cmd::actor(),
        Verb::SoakPart { .. } => cmd::soak_part(),
        Verb::ChaosPart { .. } => cmd::chaos_part(),
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
