//! `[fsmond]`: which folders are watched, and what is told of them.

use std::path::PathBuf;
use std::time::Duration;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use super::bounds::{Conflict, OutOfBounds, outside, time_outside};
use super::duration;

/// Shortest quiet time; a shorter one would part what belongs together.
const MIN_SETTLE: Duration = Duration::from_millis(10);
/// Longest quiet time; what is told later than that is told too late.
const MAX_SETTLE: Duration = Duration::from_mins(1);
/// Most `paths`, and most patterns in `exclude`: every path that changes is compared with each.
const MAX_ENTRIES: usize = 1_024;
/// Greatest `max_known_paths`; a path takes some 200 bytes.
const MAX_KNOWN_PATHS: usize = 10_000_000;
/// Greatest `hash_limit_bytes`: a file is read at once, and nothing is told meanwhile.
const MAX_HASH_LIMIT_BYTES: u64 = 1 << 30;

/// What [`FilesystemSource`](crate::FilesystemSource) watches, and what it tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FsmondConfig {
    /// Absolute paths of folders and files to watch, at most 1 024. One that does not exist is
    /// waited for; an agent starts only where one of them does. Without it, the folders of the
    /// system that an intruder would change, as far as they exist: on Linux `/etc`, `/boot`, the
    /// folders of executables in `/usr` and `/usr/local`, `/usr/lib/systemd` and `/var/spool/cron`.
    ///
    /// A path that is a symbolic link is resolved once, and events name what it led to. Links
    /// below it are not followed.
    pub paths: Option<Vec<PathBuf>>,
    /// Whether what lies deeper than directly in a folder is watched as well. Default true.
    pub recursive: bool,
    /// Patterns of paths that are not watched, nor anything below them; at most 1 024. Default
    /// none.
    ///
    /// `*` and `?` match within a name, `**` any number of folders, `[ab]` and `{a,b}` one of
    /// several. A pattern without a slash matches names anywhere: `*.swp`.
    pub exclude: Vec<String>,
    /// How long a change waits for more of the same, and one half of a rename for the other;
    /// 10 ms to 1 min. Default 200 ms.
    #[serde(with = "duration")]
    pub settle: Duration,
    /// How many paths are remembered, to compare with after notifications were lost. Beyond that
    /// nothing is compared any more, and the source is unhealthy. 1 to 10 000 000. Default
    /// 200 000.
    pub max_known_paths: usize,
    /// Whether opening a file for reading is told; on Linux alone, and not with `hash_content`.
    /// Default false.
    pub include_access: bool,
    /// Whether a changed file is hashed. Default false.
    pub hash_content: bool,
    /// Size up to which files are hashed, bytes; at most 1 GiB. Default 16 MiB.
    pub hash_limit_bytes: u64,
}

impl Default for FsmondConfig {
    fn default() -> Self {
        Self {
            paths: None,
            recursive: true,
            exclude: Vec::new(),
            settle: Duration::from_millis(200),
            max_known_paths: 200_000,
            include_access: false,
            hash_content: false,
            hash_limit_bytes: 16 << 20,
        }
    }
}

impl FsmondConfig {
    /// Sets which folders and files are watched.
    #[must_use]
    pub fn with_paths<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.paths = Some(paths.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the patterns of what is not watched.
    #[must_use]
    pub fn with_exclude<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.exclude = patterns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how long changes wait for more of the same.
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// All patterns of what is not watched, ready to match.
    pub(crate) fn excluded(&self) -> Result<GlobSet, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for pattern in &self.exclude {
            set.add(glob(pattern)?);
        }
        set.build()
    }

    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let mut problems = self.problems_of_paths();
        problems.extend(self.problems_of_patterns());
        problems.extend(time_outside("settle", self.settle, &(MIN_SETTLE..=MAX_SETTLE)));
        let known_paths = outside("max_known_paths", &self.max_known_paths, &(1..=MAX_KNOWN_PATHS));
        problems.extend(known_paths);
        let hash_limit =
            outside("hash_limit_bytes", &self.hash_limit_bytes, &(0..=MAX_HASH_LIMIT_BYTES));
        problems.extend(hash_limit);
        problems
    }

    /// What does not go together.
    pub(super) fn conflict(&self) -> Option<Conflict> {
        let message = "`include_access` cannot go with `hash_content`: what is hashed is opened, \
                       and would be told as an access";
        (self.include_access && self.hash_content).then(|| Conflict {
            keys: vec!["include_access", "hash_content"],
            message: message.to_owned(),
        })
    }

    fn problems_of_paths(&self) -> Vec<OutOfBounds> {
        let Some(paths) = &self.paths else { return Vec::new() };
        let mut problems = Vec::new();
        if paths.is_empty() {
            problems.push(("paths", "there is nothing to watch".to_owned()));
        }
        if paths.len() > MAX_ENTRIES {
            problems.push(("paths", format!("{} are more than {MAX_ENTRIES}", paths.len())));
        }
        for path in paths.iter().filter(|path| !path.is_absolute()) {
            problems.push(("paths", format!("{} is not an absolute path", path.display())));
        }
        problems
    }

    fn problems_of_patterns(&self) -> Vec<OutOfBounds> {
        let mut problems = Vec::new();
        let count = self.exclude.len();
        if count > MAX_ENTRIES {
            problems.push(("exclude", format!("{count} are more than {MAX_ENTRIES}")));
        }
        for pattern in &self.exclude {
            if let Err(error) = glob(pattern) {
                problems.push(("exclude", error.to_string()));
            }
        }
        if problems.is_empty()
            && let Err(error) = self.excluded()
        {
            problems.push(("exclude", error.to_string()));
        }
        problems
    }
}

/// One pattern; without a slash it is about a name, wherever that is.
fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    let anywhere;
    let pattern = if pattern.contains('/') {
        pattern
    } else {
        anywhere = format!("**/{pattern}");
        anywhere.as_str()
    };
    GlobBuilder::new(pattern).literal_separator(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(config: &FsmondConfig) -> Vec<&'static str> {
        config.problems().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_defaults_have_no_problem() {
        assert_eq!(FsmondConfig::default().problems(), []);
        assert_eq!(FsmondConfig::default().conflict(), None);
    }

    #[test]
    fn what_is_out_of_bounds_is_told_by_its_key() {
        let config = FsmondConfig {
            exclude: vec!["[a".to_owned()],
            settle: Duration::from_millis(1),
            max_known_paths: 0,
            include_access: true,
            hash_content: true,
            hash_limit_bytes: u64::MAX,
            ..FsmondConfig::default().with_paths(["etc"])
        };
        let expected = ["paths", "exclude", "settle", "max_known_paths", "hash_limit_bytes"];
        assert_eq!(keys(&config), expected);
        let conflict = config.conflict().unwrap();
        assert_eq!(conflict.keys, ["include_access", "hash_content"]);
    }

    #[test]
    fn to_watch_nothing_is_a_problem() {
        let nothing: [PathBuf; 0] = [];
        assert_eq!(keys(&FsmondConfig::default().with_paths(nothing)), ["paths"]);
    }

    #[test]
    fn a_pattern_without_a_slash_is_about_names_anywhere() {
        let config = FsmondConfig::default().with_exclude(["*.swp", "/etc/*/cache"]);
        let set = config.excluded().unwrap();
        assert!(set.is_match("/etc/deep/below/x.swp"));
        assert!(set.is_match("/etc/a/cache"));
        assert!(!set.is_match("/etc/a/b/cache"), "a star stays within a name");
        assert!(!set.is_match("/etc/swp"));
    }

    #[test]
    fn a_section_is_read_as_documented() {
        let text = "paths = ['/etc']\nsettle = '1s'\nexclude = ['*~']\nrecursive = false\n";
        let read: FsmondConfig = toml::from_str(text).unwrap();
        let expected = FsmondConfig::default()
            .with_paths(["/etc"])
            .with_settle(Duration::from_secs(1))
            .with_exclude(["*~"]);
        assert_eq!(read, FsmondConfig { recursive: false, ..expected });
    }
}
