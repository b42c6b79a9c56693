//! The `equivalence` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    equivalence::driver::run_actor()
}
