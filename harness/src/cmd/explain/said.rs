//! What the last report says of a case.

use std::path::Path;

use super::page::Page;
use crate::cmd::last_report::{LATEST, last_report};
use crate::plan::Case;
use crate::report::{endings, utc};

/// A line for each bus and metric, or why there is none.
pub(super) fn write(page: &mut Page, case: &Case, folder: Option<&Path>) {
    page.heading("What the last report says");
    let run = match last_report(folder) {
        Ok(run) => run,
        Err(error) => {
            page.item("", &error.to_string());
            return;
        }
    };
    let folder = folder.unwrap_or_else(|| Path::new(LATEST)).display();
    let partial = run.interrupted.as_ref().map(|why| format!("; partial: {why}"));
    page.item(
        "",
        &format!(
            "{folder}, {}, profile {}, revision {}{}",
            utc(run.finished_unix_s),
            run.profile,
            run.revision,
            partial.unwrap_or_default()
        ),
    );
    let endings = endings(&run, case);
    if endings.is_empty() {
        page.item("- ", "nothing: that run did not have this case");
    }
    for one in endings {
        let told = if one.told.is_empty() { String::new() } else { format!(": {}", one.told) };
        let ended = one.ended.as_str();
        page.item("- ", &format!("{} on {}: {ended}{told}", one.what, one.bus.as_str()));
    }
}
