//! Every verb that the help of `equivalence` or `eventbus` lists is on a page people read.
//!
//! Verbs are read from the source, as variants of one enum; running the program is not this
//! crate's part.

use super::Finding;
use super::tree::Tree;

/// A program with verbs.
struct Program {
    /// What is typed before a verb.
    name: &'static str,
    /// Where the verbs are, and how their enum begins.
    source: &'static str,
    begin: &'static str,
    /// One of them must have `` `verb `` at the beginning of a code span, or after the command.
    pages: &'static [&'static str],
}

const PROGRAMS: [Program; 2] = [
    Program {
        name: "equivalence",
        source: "harness/src/main.rs",
        begin: "enum Verb {",
        pages: &["README.md", "reports/README.md", "scenarios/FORMAT.md"],
    },
    Program {
        name: "eventbus",
        source: "bus/src/bin/eventbus/main.rs",
        begin: "enum Command {",
        pages: &["README.md", "bus/OPERATIONS.md"],
    },
];

/// Verbs no page has.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    PROGRAMS.iter().flat_map(|program| check_program(tree, program)).collect()
}

fn check_program(tree: &Tree, program: &Program) -> Vec<Finding> {
    let Program { name, source: path, begin, pages } = program;
    let mut findings = Vec::new();
    let Some(source) = tree.text(path) else { return findings };
    let verbs = verbs(source, begin);
    if verbs.is_empty() {
        findings.push(Finding::new(path, 1, format!("there is no `{begin}` with a verb in it")));
    }
    for (line, verb) in verbs {
        let mut texts = pages.iter().filter_map(|page| tree.text(page));
        if !texts.any(|page| has(page, name, &verb)) {
            let message = format!("the verb `{verb}` is on none of {}", pages.join(", "));
            findings.push(Finding::new(path, line, message));
        }
    }
    findings
}

fn has(page: &str, program: &str, verb: &str) -> bool {
    ["`".to_owned(), format!("{program} ")].iter().any(|before| {
        let typed = format!("{before}{verb}");
        let after = page.split(&typed).skip(1);
        after.filter_map(|rest| rest.chars().next()).any(|next| next == '`' || next == ' ')
    })
}

/// Variants of the enum that are not hidden, with their lines, as they are typed.
fn verbs(source: &str, begin: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut hidden = false;
    let lines = source.lines().enumerate().skip_while(|(_, line)| *line != begin).skip(1);
    for (index, line) in lines.take_while(|(_, line)| *line != "}") {
        // Variants stand one step in, their fields two.
        let Some(inside) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' ')) else {
            continue;
        };
        if inside.starts_with("#[") {
            hidden |= inside.contains("hide = true");
        } else if inside.starts_with(char::is_uppercase) && !std::mem::take(&mut hidden) {
            found.push((index + 1, typed(inside)));
        }
    }
    found
}

/// `DoThis(Args)` as a user types it: `do-this`.
fn typed(variant: &str) -> String {
    let mut verb = String::new();
    for letter in variant.chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_uppercase() && !verb.is_empty() {
            verb.push('-');
        }
        verb.push(letter.to_ascii_lowercase());
    }
    verb
}

#[cfg(test)]
mod tests {
    use super::{Tree, check, verbs};

    const SOURCE: &str = "\
enum Verb {
    /// Run.
    #[command(after_help = CODES)]
    Run(Run),
    ShowAll(ShowArgs),
    #[command(hide = true)]
    Actor {
        Name: String,
    },
    Check,
}
enum Other {
    Unseen,
}";

    #[test]
    fn hidden_verbs_and_fields_are_no_verbs_to_document() {
        let named: Vec<_> =
            verbs(SOURCE, "enum Verb {").into_iter().map(|(_, verb)| verb).collect();
        assert_eq!(named, ["run", "show-all", "check"]);
    }

    #[test]
    fn a_program_without_verbs_is_found() {
        let tree = Tree::of(&[("harness/src/main.rs", "enum Verbs {\n    Run,\n}")]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn a_verb_on_no_page_is_found() {
        let page = "Type `run --seed 1`, or `cargo xtask equivalence show-all`; checks are good.";
        let tree = Tree::of(&[("harness/src/main.rs", SOURCE), ("README.md", page)]);
        let lines: Vec<_> = check(&tree).into_iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [10]);
    }

    #[test]
    fn the_pages_of_one_program_are_not_those_of_another() {
        let tool = "enum Command {\n    Sub(Arguments),\n    Pub(Arguments),\n}";
        let page = "Type `eventbus sub '#'`.";
        let elsewhere = "Type `pub`.";
        let tree = Tree::of(&[
            ("bus/src/bin/eventbus/main.rs", tool),
            ("bus/OPERATIONS.md", page),
            ("reports/README.md", elsewhere),
        ]);
        let lines: Vec<_> = check(&tree).into_iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [3]);
    }
}
