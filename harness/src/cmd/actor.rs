//! `equivalence actor`, `chaos-part`, `child` and `soak-part`, all hidden: processes of somebody's trial
//! or soak.

use std::process::ExitCode;

/// Obeys the harness on standard input until let go.
pub fn actor() -> ExitCode {
    crate::driver::run_actor()
}

/// Is a part of a case of chaos until let go.
pub fn chaos_part() -> ExitCode {
    crate::driver::run_chaos_part()
}

/// Is a part of a soak until let go.
pub fn soak_part() -> ExitCode {
    crate::driver::run_soak_part()
}

/// Lives until standard input ends: one of the children a host case watches, told apart by an
/// argument that nobody reads here.
pub fn child() -> ExitCode {
    // However the input ends, the child's time is over.
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    ExitCode::SUCCESS
}
