//! `equivalence`: are two event buses equivalent, and at which four ratios?
//!
//! The command line as said; what it means is `equivalence::cmd`'s.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use equivalence::cmd;
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
    List(cmd::list::ListArgs),
    Show(cmd::show::ShowArgs),
    Check(cmd::check::CheckArgs),
    Schema(cmd::schema::SchemaArgs),
    #[command(after_help = EXIT_CODES)]
    Mutants(cmd::mutants::MutantsArgs),
    /// Become a process of somebody's trial.
    #[command(hide = true)]
    Actor {
        /// Which one, for whoever looks at a list of processes; the assignment says the rest.
        name: Option<String>,
    },
    /// Live until standard input ends.
    #[command(hide = true)]
    Child,
}

#[derive(Debug, Args)]
struct Run {
    /// How much to run.
    #[arg(long, default_value = "pr", value_parser = profile)]
    profile: Profile,
    /// Only cases whose id or scenario matches; `*` stands for any run of characters.
    #[arg(long, value_name = "GLOB")]
    scenario: Option<String>,
    /// Folder of scenario files.
    #[arg(long, value_name = "FOLDER")]
    scenarios: Option<PathBuf>,
    /// The bus the others are compared with.
    #[arg(long, value_name = "BUS", default_value = "crossbeam", value_parser = bus)]
    baseline: Bus,
    /// A bus in question, several times for several; the profile's own if none is named.
    #[arg(long, value_name = "BUS", value_parser = bus)]
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
        Verb::Run(run) => cmd::run::run(&run.resolved()),
        Verb::List(arguments) => told(cmd::list::run(&arguments)),
        Verb::Show(arguments) => told(cmd::show::run(&arguments)),
        Verb::Check(arguments) => told(cmd::check::run(&arguments)),
        Verb::Schema(arguments) => told(cmd::schema::run(&arguments)),
        Verb::Mutants(arguments) => told(cmd::mutants::run(&arguments)),
        Verb::Actor { .. } => cmd::actor(),
        Verb::Child => cmd::child(),
    }
}

/// The exit code of a verb that only reads; what broke it is infrastructure.
fn told(ended: anyhow::Result<ExitCode>) -> ExitCode {
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(4)
    })
}

impl Run {
    fn resolved(self) -> RunOptions {
        let words: Vec<String> = std::env::args().skip(2).collect();
        RunOptions {
            wanted: Wanted {
                folder: self.scenarios,
                profile: self.profile,
                pattern: self.scenario,
                seed: self.seed,
            },
            baseline: self.baseline,
            candidates: self.candidate,
            out: self.out,
            warn_inconclusive: matches!(self.inconclusive, Inconclusive::Warn),
            enforced_only: self.enforced_only,
            command: format!("cargo xtask equivalence {}", words.join(" ")).trim_end().to_owned(),
        }
    }
}

fn profile(text: &str) -> Result<Profile, String> {
    named(text, &Profile::ALL.map(|profile| (profile.as_str(), profile)))
}

fn bus(text: &str) -> Result<Bus, String> {
    named(text, &Bus::ALL.map(|bus| (bus.as_str(), bus)))
}

fn named<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn log_to_standard_error() {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
