//! Each defect the check is for, planted. Numbers nobody defined are written in parts.

use super::{Tree, check};

const PAGE: &str = "\
## 1. Delivery

- **C1** Everything arrives.
  Shown by `everything_arrives`;
  `scenarios/a.toml`.
- **C2** Nothing else. **Not yet.**

| Number | Old | New | Shown by |
| --- | --- | --- | --- |
| **V1** | `two` | one | `everything_arrives` |
";
const TEST: &str = "// C1, V1\nfn everything_arrives() {}";

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![
        ("bus/CONTRACT.md", PAGE),
        ("harness/METHOD.md", "## 1. What is run\n"),
        ("bus/tests/a.rs", TEST),
        ("scenarios/a.toml", "claims = ['C1']"),
    ];
    all.retain(|(path, _)| files.iter().all(|(other, _)| other != path));
    all.extend(files);
    let findings = check(&Tree::of(&all));
    findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.message)).collect()
}

#[test]
fn a_page_and_its_witnesses_agree() {
    assert!(found(&[]).is_empty(), "{:?}", found(&[]));
}

#[test]
fn an_unknown_number_is_found_in_comments_documents_and_claims() {
    let unknown = concat!("C", "9");
    for path in ["bus/src/a.rs", "README.md", "scenarios/b.toml", "bus/proto/a.proto"] {
        let told = found(&[(path, &format!("\n// see ({unknown})"))]);
        assert_eq!(told, [format!("{path}:2: {unknown} is not defined in bus/CONTRACT.md")]);
    }
}

#[test]
fn a_range_that_leaves_the_page_is_found() {
    let told = found(&[("bus/src/a.rs", concat!("//! C1–C", "3"))]);
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_promise_nobody_shows_is_found_unless_it_says_so() {
    let page = PAGE.replace(" **Not yet.**", "");
    let told = found(&[("bus/CONTRACT.md", &page)]);
    assert!(told[0].contains(":6: C2 is cited by no test or scenario"), "{told:?}");
}

#[test]
fn a_promise_marked_as_open_that_is_shown_is_found() {
    let told = found(&[("bus/tests/b.rs", "// C2")]);
    assert_eq!(told, ["bus/CONTRACT.md:6: C2 is marked as open, but bus/tests/b.rs shows it"],);
}

#[test]
fn a_citation_outside_tests_shows_nothing() {
    assert!(found(&[("bus/src/b.rs", "// C2")]).is_empty());
    assert!(found(&[("scenarios/ledger.toml", "claims = ['C2']")]).is_empty());
}

#[test]
fn a_witness_that_is_gone_or_silent_is_found() {
    let told = found(&[("bus/tests/a.rs", "// C1, V1\nfn another() {}")]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("C1 names `everything_arrives`: there is no such test"), "{told:?}");
    let told = found(&[("scenarios/a.toml", "claims = []")]);
    assert!(told[0].ends_with("C1 names `scenarios/a.toml`: that file does not cite it"));
    let page = PAGE.replace("scenarios/a", "scenarios/gone");
    let told = found(&[("bus/CONTRACT.md", &page)]);
    assert!(told[0].ends_with("`scenarios/gone.toml`: there is no such file"), "{told:?}");
}

#[test]
fn a_number_defined_twice_is_found() {
    let page = format!("{PAGE}- **C1** Once more.\n");
    let told = found(&[("bus/CONTRACT.md", &page)]);
    assert_eq!(told, ["bus/CONTRACT.md:11: C1 is defined twice"]);
}

#[test]
fn a_section_is_looked_up_in_the_page_it_names() {
    let good = "METHOD §1, `bus/CONTRACT.md` §1, and §1";
    assert!(found(&[("a.rs", good)]).is_empty());
    for (line, why) in [
        (concat!("METHOD ", "§2"), "harness/METHOD.md has no such section"),
        (concat!("and of ", "§7"), "harness/METHOD.md has no such section"),
        (concat!("CONTRACT ", "§2"), "bus/CONTRACT.md has no such section"),
        (concat!("DESIGN ", "§1"), "no page of this project is called so"),
    ] {
        let told = found(&[("a.rs", line)]);
        assert!(told.len() == 1 && told[0].ends_with(why), "{line}: {told:?}");
    }
}
