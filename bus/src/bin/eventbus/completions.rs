//! `eventbus completions`: what a shell needs to complete this tool's verbs and flags.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::Cli;
use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::output::print;

const NOTES: &str = "\
  eventbus completions bash > ~/.local/share/bash-completion/completions/eventbus
  eventbus completions zsh > ~/.zfunc/_eventbus
  eventbus completions fish > ~/.config/fish/completions/eventbus.fish
  eventbus completions powershell >> $PROFILE";

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{NOTES}\n\n{EXIT_CODES}"))]
pub(crate) struct Arguments {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints them.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "eventbus", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Pass)
}
