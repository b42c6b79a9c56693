//! `eventbus`, the operator's tool: one file per subcommand, each with its arguments and a `run`
//! that answers with an [`Exit`]. This file only parses and dispatches.
//!
//! Nothing here is routing, matching or access logic: all of that is the library's.

mod acl;
mod exit;
mod matching;
mod topics;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::{EXIT_CODES, Exit, Failure};

/// Look at the topics and buses of DaemonEye.
#[derive(Debug, Parser)]
#[command(name = "eventbus", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Acl(acl::Arguments),
    Match(matching::Arguments),
    Topics(topics::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Acl(arguments) => acl::run(&arguments),
        Command::Match(arguments) => matching::run(&arguments),
        Command::Topics(arguments) => topics::run(&arguments),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(Failure::ReaderGone) => Exit::Pass.into(),
        Err(Failure::Infrastructure(cause)) => {
            eprintln!("eventbus: {cause:#}");
            Exit::Infrastructure.into()
        }
    }
}
