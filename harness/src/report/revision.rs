//! Which revision of the project is being run.

use std::path::Path;
use std::process::Command;

/// The commit checked out in `folder`, with `-dirty` if files differ from it; `unknown` without
/// git or a repository.
pub fn revision(folder: &Path) -> String {
    let Some(commit) = git(folder, &["rev-parse", "HEAD"]) else { return "unknown".to_owned() };
    match git(folder, &["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if !changes.is_empty() => format!("{commit}-dirty"),
        _ => commit,
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_a_repository_the_revision_is_unknown() {
        let nowhere = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(revision(nowhere.path()), "unknown");
    }
}
