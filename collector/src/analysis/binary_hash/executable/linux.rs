//! Linux: the link in `/proc`, which leads to the file that was started even when its path was
//! removed or is another file's by now.

use std::path::PathBuf;
use std::{fs, io};

use super::Executable;

/// How the kernel marks the path of a file that was removed.
const REMOVED: &str = " (deleted)";

pub(in super::super) fn executable(pid: u32) -> io::Result<Executable> {
    let link = PathBuf::from(format!("/proc/{pid}/exe"));
    let target = fs::read_link(&link)?;
    let text = target.to_string_lossy();
    let path = text.strip_suffix(REMOVED).unwrap_or(&text).to_owned();
    Ok(Executable { opened_by: link, path })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn an_executable_that_was_removed_is_still_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sleep");
        // By another process: a thread of this one that forks meanwhile would keep the file open
        // for writing, and what is written cannot be executed.
        assert!(Command::new("cp").arg("/bin/sleep").arg(&path).status().unwrap().success());
        let mut child = Command::new(&path).arg("600").spawn().unwrap();
        fs::remove_file(&path).unwrap();
        let found = executable(child.id()).unwrap();
        let content = fs::read(&found.opened_by);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(Some(found.path.as_str()), path.to_str());
        assert_eq!(content.unwrap(), fs::read("/bin/sleep").unwrap());
    }
}
