//! The line that runs something again: complete, quoted for a shell, right at the repository's root.
//!
//! A report is read by people who did not start the run, somewhere else and later. So the line says
//! what was meant and not what was typed: every choice that decides the outcome, defaults included,
//! and folders as the root of the repository sees them.

use std::fmt;
use std::path::{Path, PathBuf};

use super::selection::Wanted;
use crate::plan::Bus;

/// Where a single case is reported when it is run again: the report being read stays as it is.
pub const AGAIN: &str = "target/again";
/// Folder of the scenarios a run takes when none is named, as the root sees it.
const OWN_SCENARIOS: &str = "scenarios";

/// A command, word by word, to be typed at the root of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    words: Vec<String>,
}

impl CommandLine {
    /// `cargo xtask equivalence` and these words: a verb, or the options of a run.
    pub fn equivalence(words: &[&str]) -> Self {
        let all = ["cargo", "xtask", "equivalence"].iter().chain(words);
        Self { words: all.map(|word| (*word).to_owned()).collect() }
    }

    /// The tests of the project's own cases whose name has this in it.
    pub fn tests_of(name: &str) -> Self {
        let words = ["cargo", "test", "-p", "equivalence", "--test", "scenarios", name];
        Self { words: words.map(str::to_owned).to_vec() }
    }

    /// The line that runs one case alone on a bus, exactly as it ran here.
    pub fn of_case(wanted: &Wanted, case: &str, bus: Bus) -> Self {
        Self::of_pair(wanted, None, case, bus)
    }

    /// The same against a baseline of another revision, where it is of one.
    pub fn of_pair(wanted: &Wanted, revision: Option<&str>, case: &str, bus: Bus) -> Self {
        Self::of(wanted, revision, &[case.to_owned()], &[bus]).option("--out", AGAIN)
    }

    /// The line of a whole run; no candidate means the profile's own.
    pub fn of_run(wanted: &Wanted, revision: Option<&str>, candidates: &[Bus], out: &Path) -> Self {
        let out = from_root(out).display().to_string();
        Self::of(wanted, revision, &wanted.patterns, candidates).option("--out", &out)
    }

    fn of(
        wanted: &Wanted,
        revision: Option<&str>,
        patterns: &[String],
        candidates: &[Bus],
    ) -> Self {
        let mut line = Self::equivalence(&["--profile", wanted.profile.as_str()]);
        for pattern in patterns {
            line = line.option("--scenario", pattern);
        }
        line = line.in_folder(wanted.folder.as_deref());
        let revision = revision.map_or_else(String::new, |revision| format!("@{revision}"));
        line = line.option("--baseline", &format!("{}{revision}", wanted.baseline.as_str()));
        for bus in candidates {
            line = line.option("--candidate", bus.as_str());
        }
        line.option("--seed", &wanted.seed.to_string())
    }

    /// With the folder of scenarios at the end, where it is not the project's own.
    #[must_use]
    pub fn in_folder(self, folder: Option<&Path>) -> Self {
        if is_own(folder) {
            return self;
        }
        self.flag("--scenarios").path(&super::folder_or_default(folder))
    }

    /// With a file or a folder at the end, as the root of the repository sees it.
    #[must_use]
    pub fn path(self, path: &Path) -> Self {
        self.flag(&from_root(path).display().to_string())
    }

    /// With an option and its value at the end.
    #[must_use]
    pub fn option(self, name: &str, value: &str) -> Self {
        self.flag(name).flag(value)
    }

    /// With one more word at the end.
    #[must_use]
    pub fn flag(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        f.write_str(&quoted.join(" "))
    }
}

/// Whether a folder of scenarios, the default where none is named, is the project's own.
pub fn is_own(folder: Option<&Path>) -> bool {
    from_root(&super::folder_or_default(folder)) == Path::new(OWN_SCENARIOS)
}

/// A word as a shell takes it for one word and nothing else.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b':' | b'@')
    };
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A folder as the root of the repository sees it: relative to it when inside, else absolute.
pub(super) fn from_root(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // A folder that is still to be made has no canonical path; what it lies in may be a link.
    let ways: [fn(&Path) -> std::io::Result<PathBuf>; 2] =
        [|path| path.canonicalize(), |path| std::path::absolute(path)];
    let inside = ways.iter().find_map(|way| {
        let (folder, root) = (way(folder).ok()?, root.canonicalize().ok()?);
        folder.strip_prefix(root).ok().map(Path::to_path_buf)
    });
    match inside {
        Some(inside) if inside == Path::new("") => PathBuf::from("."),
        Some(inside) => inside,
        None => std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Profile;

    fn wanted(folder: Option<&Path>) -> Wanted {
        Wanted {
            folder: folder.map(Path::to_path_buf),
            profile: Profile::Pr,
            patterns: vec!["a/*".to_owned()],
            seed: 7,
            baseline: Bus::Embedded,
        }
    }

    /// What follows an option in a command.
    fn value<'a>(command: &'a str, option: &str) -> &'a str {
        let mut words = command.split(' ').skip_while(|word| *word != option);
        words.nth(1).expect("the option has a value").trim_matches('\'')
    }

    #[test]
    fn a_case_is_named_with_everything_that_decides_it() {
        let line = CommandLine::of_case(&wanted(None), "a/b[n=1]", Bus::Agent).to_string();
        let expected = "cargo xtask equivalence --profile pr --scenario 'a/b[n=1]' \
                        --baseline embedded --candidate agent --seed 7 --out target/again";
        assert_eq!(line, expected);
    }

    #[test]
    fn a_whole_run_keeps_its_pattern_and_its_folder() {
        let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/latest");
        let line = CommandLine::of_run(&wanted(None), None, &[], &out).to_string();
        let expected = "cargo xtask equivalence --profile pr --scenario 'a/*' --baseline embedded \
                        --seed 7 --out ";
        assert!(line.starts_with(expected), "{line}");
        assert!(line.ends_with("reports/latest"), "{line}");
    }

    #[test]
    fn folders_are_said_as_the_root_sees_them() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(from_root(&package.join("../scenarios/perf")), Path::new("scenarios/perf"));
        assert_eq!(from_root(&package.join("..")), Path::new("."));
        let elsewhere = tempfile::tempdir().expect("a folder");
        assert_eq!(from_root(elsewhere.path()), elsewhere.path());
        assert!(from_root(Path::new("not/made/yet")).ends_with("not/made/yet"));
    }

    #[test]
    fn a_shell_takes_each_word_for_itself() {
        assert_eq!(quoted("target/again"), "target/again");
        assert_eq!(quoted("a/*"), "'a/*'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("C:\\runs"), r"'C:\runs'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_rerun_derives_the_same_seed_for_the_same_case() {
        let patterns = vec!["delivery/*".to_owned()];
        let wanted = Wanted { profile: Profile::Nightly, patterns, ..wanted(None) };
        let cases = wanted.select().expect("valid scenarios").cases;
        assert!(cases.iter().any(|case| case.id.contains('[')), "a matrix is among them");
        for case in cases {
            let command = CommandLine::of_case(&wanted, &case.id, Bus::Process).to_string();
            let profile = Profile::ALL
                .into_iter()
                .find(|profile| profile.as_str() == value(&command, "--profile"));
            let again = Wanted {
                profile: profile.expect("a profile"),
                patterns: vec![value(&command, "--scenario").to_owned()],
                seed: value(&command, "--seed").parse().expect("a number"),
                ..wanted.clone()
            };
            let found = again.select().expect("valid scenarios").cases;
            let seeds: Vec<_> = found.iter().map(|case| (case.id.as_str(), case.seed)).collect();
            assert_eq!(seeds, [(case.id.as_str(), case.seed)], "{command}");
        }
    }
}
