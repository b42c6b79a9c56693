//! Scripts that play the processes of a test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes a script that can be run.
pub(super) fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let (source, path) = (folder.join("text"), folder.join(name));
    fs::write(&source, text).expect("written");
    // Never open for writing here: a fork of another test would hold it, and it could not be run.
    assert!(Command::new("cp").args([&source, &path]).status().expect("every host").success());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("made executable");
    path
}
