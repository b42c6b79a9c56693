//! Running other programs: where the workspace is, and waiting for a child.
//!
//! Children inherit the terminal. On Ctrl-C the terminal tells every process of the group; the
//! child cleans up and ends, and only then does the task.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn workspace_root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let package = PathBuf::from(package);
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// `…/target/debug/xtask` → `…/target/release/NAME`: right wherever the target folder is.
pub(crate) fn release_binary(name: &str) -> anyhow::Result<PathBuf> {
    let this = env::current_exe().context("cannot tell where xtask itself is")?;
    let target = this.ancestors().nth(2).context("xtask does not run from a target folder")?;
    Ok(target.join("release").join(format!("{name}{}", env::consts::EXE_SUFFIX)))
}

/// The cargo that runs this task.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// From now on Ctrl-C ends the child, and the task after it.
pub(crate) fn outlive_children() -> anyhow::Result<()> {
    // A handler and not an ignored signal: a child would inherit the latter.
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .context("cannot install a handler for Ctrl-C")
}

/// Whether Ctrl-C was pressed since [`outlive_children`].
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Starts a program and waits until it ends.
pub(crate) fn to_its_end(command: &mut Command) -> anyhow::Result<ExitStatus> {
    let program = command.get_program().to_owned();
    command.status().with_context(|| format!("cannot run {}", program.display()))
}

/// The command as one would type it.
pub(crate) fn as_typed(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_stem().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
