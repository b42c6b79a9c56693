//! Code that pretends, hides or waits: what needs a reason and has none.
//!
//! Clippy says some of it too, but a crate may switch clippy's lints off; nothing switches this.

use super::Finding;
use super::modules::{Crate, Module};
use super::package::TargetKind;
use super::scan::{Remark, RemarkKind};

/// Every such place, once.
pub(super) fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in crates {
        for module in &one.modules {
            let remarks = module.scan.remarks.iter();
            findings.extend(remarks.filter_map(|remark| judge(one.kind, module, remark)));
            findings.extend(sleeps(module));
        }
    }
    findings
}

fn judge(kind: TargetKind, module: &Module, remark: &Remark) -> Option<Finding> {
    let test = remark.test || module.test || kind == TargetKind::Test;
    let message = match remark.kind {
        RemarkKind::Allow => "`allow` outlives its cause: use `#[expect(lint, reason = \"…\")]`",
        RemarkKind::BareIgnore => "an ignored test says why: `#[ignore = \"…\"]`",
        RemarkKind::Stub => "a stub that pretends is a defect: leave it out",
        RemarkKind::Unwrap if test => return None,
        RemarkKind::Unwrap => "`.unwrap()`: return the error, or `expect(\"the invariant\")`",
    };
    Some(Finding::new(&module.file, remark.line, message))
}

/// Tests that wait for time to pass instead of for what they wait for.
fn sleeps(module: &Module) -> impl Iterator<Item = Finding> {
    let paths = module.scan.paths.iter().filter(|path| module.test || path.test);
    let sleeping = paths.filter(|path| {
        !path.may_sleep
            && matches!(&path.segments[..], [.., from, what] if what == "sleep"
            && (from == "thread" || from == "time"))
    });
    sleeping.map(|path| {
        let message = "a test that sleeps races: wait for a fence, or pause the clock";
        Finding::new(&module.file, path.line, message)
    })
}

#[cfg(test)]
mod tests {
    use super::super::package;
    use super::super::tree::Tree;
    use super::{Crate, check};

    fn lines(file: &str, text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("p/Cargo.toml", "[package]\nname = 'p'"), (file, text)]);
        let findings = check(&Crate::all(&tree, &package::all(&tree).0));
        findings.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn stubs_exceptions_without_end_and_bare_ignores_are_found() {
        let text = "#[allow(unused)]\nfn f() { todo!() }\n#[test]\n#[ignore]\nfn g() {}";
        assert_eq!(lines("p/src/lib.rs", text), [1, 2, 4]);
    }

    #[test]
    fn unwrap_is_for_tests_only() {
        let text = "fn f() { x.unwrap(); y.unwrap_or(1); }\n#[test]\nfn g() { x.unwrap() }";
        assert_eq!(lines("p/src/lib.rs", text), [1]);
        assert!(lines("p/tests/suite.rs", text).is_empty());
    }

    #[test]
    fn a_test_does_not_sleep_unless_it_says_why_or_the_clock_is_paused() {
        let text = "#[test]\nfn a() { std::thread::sleep(d) }\n\
                    #[tokio::test]\nasync fn b() { tokio::time::sleep(d).await }\n\
                    #[tokio::test(start_paused = true)]\nasync fn c() { tokio::time::sleep(d).await }\n\
                    #[test]\n#[expect(clippy::disallowed_methods, reason = \"r\")]\n\
                    fn e() { std::thread::sleep(d) }\n\
                    fn production() { std::thread::sleep(d) }";
        assert_eq!(lines("p/src/lib.rs", text), [2, 4]);
    }
}
