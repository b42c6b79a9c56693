//! Which doctored comparison unmasks which vacuous checker.

use serde::{Deserialize, Serialize};

use super::checker::{Checker, Part, REAL, VACUOUS};
use super::corpus::CORPUS;
use super::recorded::Recorded;

/// What the checkers made of the corpus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckerMatrix {
    /// What the real checker got wrong, in sentences.
    pub real: Vec<String>,
    /// Every vacuous checker.
    pub vacuous: Vec<CheckerRow>,
}

/// One vacuous checker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckerRow {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub summary: String,
    /// Doctored comparisons that it accepts: each unmasks it.
    pub unmasked_by: Vec<String>,
}

impl CheckerMatrix {
    /// Shows every comparison to every checker.
    pub fn of_corpus() -> Self {
        Self { real: mistakes(&REAL), vacuous: VACUOUS.iter().map(row).collect() }
    }

    /// Everything that makes it fail, in sentences.
    pub fn complaints(&self) -> Vec<String> {
        let masked = self.vacuous.iter().filter(|row| row.unmasked_by.is_empty());
        let masked = masked.map(|row| {
            let CheckerRow { name, summary, .. } = row;
            format!("{name} survived the corpus, though it {summary}")
        });
        self.real.iter().cloned().chain(masked).collect()
    }
}

/// What a checker that should be right gets wrong.
fn mistakes(checker: &Checker) -> Vec<String> {
    let mut mistakes = Vec::new();
    let rejecting = checker.rejects(&Recorded::right());
    if !rejecting.is_empty() {
        mistakes.push(format!("{} rejects what is right, by {}", checker.name, names(&rejecting)));
    }
    for doctored in CORPUS {
        let rejecting = checker.rejects(&doctored.recorded());
        if rejecting != [doctored.rejected_by] {
            let by = if rejecting.is_empty() { "nothing".to_owned() } else { names(&rejecting) };
            let wanted = names(&[doctored.rejected_by]);
            let (checker, name) = (checker.name, doctored.name);
            mistakes.push(format!("{checker} rejects {name} by {by}, not by {wanted} alone"));
        }
    }
    mistakes
}

fn row(checker: &Checker) -> CheckerRow {
    let accepted = CORPUS.iter().filter(|one| checker.rejects(&one.recorded()).is_empty());
    CheckerRow {
        name: checker.name.to_owned(),
        summary: checker.summary.to_owned(),
        unmasked_by: accepted.map(|one| one.name.to_owned()).collect(),
    }
}

fn names(parts: &[Part]) -> String {
    let names: Vec<String> = parts.iter().map(|part| format!("{part:?}").to_lowercase()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_checker_accepts_what_is_right_and_rejects_the_whole_corpus() {
        assert_eq!(mistakes(&REAL), Vec::<String>::new());
    }

    #[test]
    fn every_vacuous_checker_is_unmasked_by_the_part_it_replaces_alone() {
        for row in CheckerMatrix::of_corpus().vacuous {
            let parts: Vec<Part> = CORPUS
                .iter()
                .filter(|one| row.unmasked_by.iter().any(|name| name == one.name))
                .map(|one| one.rejected_by)
                .collect();
            assert!(!parts.is_empty(), "{} is not unmasked", row.name);
            assert!(parts.iter().all(|part| *part == parts[0]), "{}: {parts:?}", row.name);
        }
    }

    #[test]
    fn every_vacuous_checker_would_be_told_in_place_of_the_real_one() {
        for checker in VACUOUS {
            assert!(!mistakes(checker).is_empty(), "{} makes no mistake", checker.name);
        }
    }

    #[test]
    fn a_checker_that_nothing_unmasks_is_a_complaint() {
        let matrix = CheckerMatrix { vacuous: vec![row(&REAL)], ..CheckerMatrix::default() };
        assert!(matrix.complaints()[0].contains("survived the corpus"), "{matrix:?}");
    }
}
