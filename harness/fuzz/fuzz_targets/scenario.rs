//! Scenario files: whatever is in one, it becomes cases or a list of mistakes that can be shown.
#![no_main]

use equivalence::plan::expand;
use equivalence::scenario::{Profile, Scenario, Source};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let source = Source { path: "fuzzed.toml".into(), text: text.to_owned() };
    let expanded = Scenario::parse(source).and_then(|read| expand(&read, Profile::Pr, 1));
    if let Err(problems) = expanded {
        assert!(!problems.to_string().is_empty());
    }
});
