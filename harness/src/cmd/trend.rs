//! `trend`: the ratios of runs that were kept, as a page.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::{EXIT_INVALID, complain};
use crate::report;

/// Folder of the runs that are kept, where none is named.
pub const KEPT: &str = "reports/baseline";

/// Write a page of the runs that were kept: every ratio as time went on.
#[derive(Debug, Clone, Args)]
pub struct TrendArgs {
    /// Folder of the runs that `run --save-baseline` kept.
    #[arg(default_value = KEPT)]
    pub folder: PathBuf,
    /// The page.
    #[arg(long, value_name = "FILE", default_value = "target/trend.html")]
    pub out: PathBuf,
}

/// Writes it and says where it is; without a run that was kept, exit 2.
pub fn run(arguments: &TrendArgs) -> anyhow::Result<ExitCode> {
    let folder = &arguments.folder;
    let classes = match report::all_kept(folder) {
        Ok(classes) if !classes.is_empty() => classes,
        Ok(_) => return Ok(refuse(&format!("no run is kept in {}", folder.display()))),
        Err(_) if !folder.is_dir() => {
            return Ok(refuse(&format!("there is no folder {}", folder.display())));
        }
        Err(error) => {
            complain(&format_args!("error: {:#}", anyhow::Error::from(error)));
            return Ok(ExitCode::from(EXIT_INVALID));
        }
    };
    if !is_free(&arguments.out) {
        let told = format!("{} is there and no page of this kind", arguments.out.display());
        complain(&format_args!("error: {told}; name another file with --out"));
        return Ok(ExitCode::from(EXIT_INVALID));
    }
    if let Some(around) = arguments.out.parent() {
        fs::create_dir_all(around)?;
    }
    fs::write(&arguments.out, report::trend_page(&classes))
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    writeln!(stdout().lock(), "{}", arguments.out.display())?;
    Ok(ExitCode::SUCCESS)
}

/// Whether nothing is lost by writing there.
fn is_free(page: &Path) -> bool {
    match fs::read_to_string(page) {
        Ok(text) => text.contains(report::TREND_TITLE),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

fn refuse(why: &str) -> ExitCode {
    complain(&format_args!("error: {why}; `cargo xtask equivalence --save-baseline` keeps one"));
    ExitCode::from(EXIT_INVALID)
}
