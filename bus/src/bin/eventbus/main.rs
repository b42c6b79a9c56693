//! `eventbus`, the operator's tool: one file per subcommand, each with its arguments and a `run`
//! that answers with an [`Exit`]. This file only parses and dispatches.
//!
//! Nothing here is routing, matching or access logic: all of that is the library's.

mod acl;
mod completions;
mod duration;
mod exit;
mod figures;
mod interrupt;
mod matching;
mod output;
mod publish;
mod receive;
mod stats;
mod subscribe;
mod subscriptions;
mod table;
mod tap;
mod target;
mod top;
mod topics;
mod wanted;

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
    Pub(publish::Arguments),
    Sub(Box<subscribe::Arguments>),
    Stats(stats::Arguments),
    Subscriptions(subscriptions::Arguments),
    Top(top::Arguments),
    Tap(Box<tap::Arguments>),
    Match(matching::Arguments),
    Topics(topics::Arguments),
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Acl(arguments) => acl::run(&arguments),
        Command::Pub(arguments) => publish::run(&arguments),
        Command::Sub(arguments) => subscribe::run(&arguments),
        Command::Stats(arguments) => stats::run(&arguments),
        Command::Subscriptions(arguments) => subscriptions::run(&arguments),
        Command::Top(arguments) => top::run(&arguments),
        Command::Tap(arguments) => tap::run(&arguments),
        Command::Match(arguments) => matching::run(&arguments),
        Command::Topics(arguments) => topics::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    };
    let (exit, cause) = match outcome {
        Ok(exit) => (exit, None),
        Err(Failure::ReaderGone) => (Exit::Pass, None),
        Err(Failure::Usage(cause)) => (Exit::Invalid, Some(cause)),
        Err(Failure::Infrastructure(cause)) => (Exit::Infrastructure, Some(cause)),
    };
    if let Some(cause) = cause {
        eprintln!("eventbus: {cause:#}");
    }
    exit.into()
}
