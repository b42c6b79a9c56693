//! Systems that do not lead to the file that runs: the one at the path stands for it, as it was
//! when the process was first seen.

use std::io;
use std::path::Path;

use super::super::observation::Observation;
use super::{Content, Executables, Look, Which, at, open_plain};

/// Looks at paths.
pub(super) struct PathExecutables;

impl Executables for PathExecutables {
    fn look(&self, process: &Observation) -> Option<Look> {
        let path = process.executable_path.as_deref()?;
        Some(Look { running: None, at_path: at(Path::new(path)) })
    }

    fn open(&self, process: &Observation, _which: Which) -> io::Result<Box<dyn Content>> {
        let path = process.executable_path.as_deref().ok_or(io::ErrorKind::NotFound)?;
        open_plain(Path::new(path))
    }
}

#[cfg(test)]
mod tests {
    use super::super::AtPath;
    use super::*;

    #[test]
    fn the_file_at_the_path_stands_for_what_runs() {
        let own = std::env::current_exe().unwrap();
        let process = Observation::made_up(std::process::id(), own.to_str().unwrap());
        let look = PathExecutables.look(&process).unwrap();
        assert_eq!(look.running, None);
        for which in [Which::Running, Which::AtPath] {
            let opened = PathExecutables.open(&process, which).unwrap();
            assert_eq!(AtPath::File(opened.identity().unwrap()), look.at_path);
        }
    }

    #[test]
    fn a_process_without_an_executable_is_not_looked_at() {
        let process = Observation { executable_path: None, ..Observation::made_up(2, "") };
        assert_eq!(PathExecutables.look(&process), None);
        assert!(PathExecutables.open(&process, Which::Running).is_err());
    }
}
