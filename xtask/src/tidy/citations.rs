//! A number that is cited can be looked up, and a promise that is made is shown somewhere.
//!
//! Numbers (`C4`) are defined in `bus/CONTRACT.md`, each in a bullet or table row that begins with
//! it; sections (`METHOD §4`) are numbered headings of the page of that name. Every text is
//! searched for whole words, code included: what looks like a number and is none is a finding.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::tree::{Tree, extension};

mod contract;
mod number;

use contract::{Contract, Promise};
use number::{Number, cited};

/// Where every number is defined.
const CONTRACT: &str = "bus/CONTRACT.md";
/// Pages whose sections are cited as `NAME §n`; a bare `§n` is of the last.
const PAGES: [(&str, &str); 2] = [("CONTRACT", CONTRACT), ("METHOD", "harness/METHOD.md")];
/// Texts that may cite.
const CITING: [&str; 6] = ["rs", "md", "toml", "proto", "yml", "json"];
/// What lists promises beside those who show them, and shows none.
const LEDGER: &str = "scenarios/ledger.toml";
/// Numbers that are cited because they do not exist, written in parts for the same reason.
const UNKNOWN_ON_PURPOSE: [(&str, &str); 1] =
    [("harness/tests/scenario_errors.rs", concat!("C", "15"))];

/// Numbers and sections nobody defined, promises nobody shows, and witnesses that do not exist.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let contract = Contract::read(tree.text(CONTRACT).unwrap_or_default());
    let mut findings = Vec::new();
    let mut shown: BTreeMap<Number, &str> = BTreeMap::new();
    for (path, text) in tree.texts(&CITING) {
        for (index, line) in text.lines().enumerate() {
            for number in cited(line) {
                if !contract.defines(number) && !is_meant(path, number) {
                    let message = format!("{number} is not defined in {CONTRACT}");
                    findings.push(Finding::new(path, index + 1, message));
                } else if shows(path) {
                    shown.entry(number).or_insert(path);
                }
            }
            findings.extend(unknown_sections(tree, path, index + 1, line));
        }
    }
    for promise in &contract.promises {
        findings.extend(unshown(promise, &shown));
        findings.extend(false_witnesses(tree, promise));
    }
    findings.extend(
        contract.doubles.iter().map(|(line, number)| {
            Finding::new(CONTRACT, *line, format!("{number} is defined twice"))
        }),
    );
    findings
}

fn is_meant(path: &str, number: Number) -> bool {
    UNKNOWN_ON_PURPOSE.iter().any(|known| *known == (path, number.to_string().as_str()))
}

/// Whether a citation in this file means that the number is tried there. Tests of the harness and of
/// this crate try the harness and this crate, whatever numbers they speak of.
fn shows(path: &str) -> bool {
    if path.starts_with("harness/") || path.starts_with("xtask/") {
        return false;
    }
    let folders = ["/tests/", "/conformance/", "benches/benches/"];
    match extension(path) {
        "toml" => path.starts_with("scenarios/") && path != LEDGER,
        "rs" => path.ends_with("tests.rs") || folders.iter().any(|folder| path.contains(folder)),
        _ => false,
    }
}

fn unshown(promise: &Promise, shown: &BTreeMap<Number, &str>) -> Option<Finding> {
    let message = match (promise.is_open, shown.get(&promise.number)) {
        (false, None) => {
            format!("{} is cited by no test or scenario, and not marked as open", promise.number)
        }
        (true, Some(path)) => {
            format!("{} is marked as open, but {path} shows it", promise.number)
        }
        _ => return None,
    };
    Some(Finding::new(CONTRACT, promise.line, message))
}

/// Files and tests a promise names that do not exist, or do not cite it.
fn false_witnesses(tree: &Tree, promise: &Promise) -> Vec<Finding> {
    let mut findings = Vec::new();
    for witness in &promise.witnesses {
        let why = if witness.contains('/') || witness.contains('.') {
            match tree.text(witness) {
                None => "there is no such file",
                Some(text) if !text.lines().flat_map(cited).any(|n| n == promise.number) => {
                    "that file does not cite it"
                }
                Some(_) => continue,
            }
        } else if tree.texts(&["rs"]).any(|(path, text)| shows(path) && names(text, witness)) {
            continue;
        } else {
            "there is no such test"
        };
        let message = format!("{} names `{witness}`: {why}", promise.number);
        findings.push(Finding::new(CONTRACT, promise.line, message));
    }
    findings
}

/// Whether a text has a test function or a conformance case of this name.
fn names(text: &str, test: &str) -> bool {
    text.contains(&format!("fn {test}(")) || text.contains(&format!("\"{test}\""))
}

fn unknown_sections(tree: &Tree, path: &str, line: usize, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (page, section) in sections(text) {
        let message = match PAGES.iter().find(|(name, _)| *name == page) {
            None => format!("`{page} §{section}`: no page of this project is called so"),
            Some((_, file)) if !headings(tree, file).contains(&section) => {
                format!("`{page} §{section}`: {file} has no such section")
            }
            Some(_) => continue,
        };
        findings.push(Finding::new(path, line, message));
    }
    findings
}

/// `(page, section)` of every `§n` in a line.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('§') {
        let after = &text[at + '§'.len_utf8()..];
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let before = text[..at].split_whitespace().next_back().unwrap_or_default();
        let word = before.trim_matches(|c: char| !c.is_alphanumeric());
        let name = word.rsplit('/').next().unwrap_or_default().trim_end_matches(".md");
        let is_page = !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase());
        let page = if is_page { name } else { PAGES[PAGES.len() - 1].0 };
        if digits > 0 {
            found.push((page.to_owned(), after[..digits].to_owned()));
        }
    }
    found
}

/// Numbers of the numbered headings of a page.
fn headings(tree: &Tree, page: &str) -> BTreeSet<String> {
    let text = tree.text(page).unwrap_or_default();
    let numbered = text.lines().filter_map(|line| line.strip_prefix("## ")?.split_once(". "));
    numbered.map(|(number, _)| number.to_owned()).collect()
}

#[cfg(test)]
mod tests;
