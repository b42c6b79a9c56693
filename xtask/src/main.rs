//! Tasks of the workspace, run as `cargo xtask TASK`.
//!
//! This file only names the tasks; each has a file of its own. Tasks know paths and commands,
//! never the types of another package: they build and run what users build and run.

use std::path::PathBuf;
use std::process;

use clap::{Parser, Subcommand};

mod ci;
mod equivalence;
mod exit;
mod instructions;
mod lean;
mod mutants;
mod platforms;
mod revisions;
mod run;
mod tidy;

/// Tasks of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = exit::EXPLAINED)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Builds the release binaries and replays scenarios on two event buses.
    ///
    /// Without a verb the arguments go to `run`. All options of `run` are listed by
    /// `cargo xtask equivalence run --help`, the verbs by `cargo xtask equivalence help`. With
    /// `--peers` the harness is built with what speaks to `nats`, `redis` and `mosquitto`, with
    /// `--mimalloc` it and its actors allocate with another allocator than the system's.
    #[command(after_help = exit::EXPLAINED)]
    Equivalence {
        /// A verb and its arguments, or the options of `run`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        arguments: Vec<String>,
    },
    /// Runs deliberately broken buses, each of which the harness must catch.
    #[command(after_help = exit::EXPLAINED)]
    Mutants {
        /// Options, as `cargo xtask equivalence mutants --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        arguments: Vec<String>,
    },
    /// Counts the instructions of the hot path and compares them with those recorded.
    ///
    /// Needs valgrind; without it nothing is counted, and that is said. Counts of another compiler than
    /// the recorded ones' are shown and not compared.
    #[command(after_help = exit::EXPLAINED)]
    Instructions {
        /// Records what was counted in `benches/instructions.toml`.
        #[arg(long)]
        record: bool,
    },
    /// Everything that must hold before a change is merged: format, lints, tidy, tests, docs,
    /// mutants, and the `pr` profile of `equivalence`.
    #[command(after_help = exit::EXPLAINED)]
    Ci {
        /// Leaves out the tests, when the caller has run them.
        #[arg(long)]
        skip_tests: bool,
    },
    /// The collectors without the buses inside a process: no crate of crossbeam, and no warning.
    ///
    /// It is what the last phase of a migration leaves; see `collector/MIGRATION.md`.
    #[command(after_help = exit::EXPLAINED)]
    Lean {
        /// The workspace to look at, when it is not this one.
        #[arg(long, value_name = "FOLDER")]
        root: Option<PathBuf>,
    },
    /// Types and lints for Windows, macOS and FreeBSD, on whatever host.
    ///
    /// Needs the standard libraries of these systems: `rustup target add TARGET`.
    #[command(after_help = exit::EXPLAINED)]
    Platforms {
        /// Checks these targets instead of all.
        #[arg(value_name = "TARGET")]
        targets: Vec<String>,
        /// The workspace to look at, when it is not this one.
        #[arg(long, value_name = "FOLDER")]
        root: Option<PathBuf>,
    },
    /// Checks what the compiler does not: layers, file names, dead files, links,
    /// citations, banned phrases.
    #[command(after_help = exit::EXPLAINED)]
    Tidy {
        /// The workspace to look at, when it is not this one.
        #[arg(long, value_name = "FOLDER")]
        root: Option<PathBuf>,
    },
}

fn main() {
    // clap itself exits with 2 on a usage error and names the nearest task.
    let outcome = match Arguments::parse().task {
        Task::Equivalence { arguments } => equivalence::run(&run::workspace_root(), &arguments),
        Task::Mutants { arguments } => mutants::run(&run::workspace_root(), &arguments),
        Task::Instructions { record } => instructions::run(&run::workspace_root(), record),
        Task::Ci { skip_tests } => ci::run(&run::workspace_root(), skip_tests),
        Task::Lean { root } => lean::run(&root.unwrap_or_else(run::workspace_root)),
        Task::Platforms { targets, root } => {
            platforms::run(&root.unwrap_or_else(run::workspace_root), &targets)
        }
        Task::Tidy { root } => tidy::run(&root.unwrap_or_else(run::workspace_root)),
    };
    let code = outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        exit::INFRASTRUCTURE
    });
    process::exit(code);
}
