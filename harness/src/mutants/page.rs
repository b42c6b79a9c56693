//! The matrix as a Markdown page: who caught which mutant, and one witness of each.

use std::fmt::Write as _;

use super::{Guard, KillMatrix, MutantRow, Shown};

/// Files of the matrix in the folder of a report: the record, and the page to read.
pub const FILES: [&str; 2] = ["mutants.json", "mutants.md"];
/// The same of a matrix that is not complete: it never replaces one that is.
pub const PARTIAL_FILES: [&str; 2] = ["mutants-partial.json", "mutants-partial.md"];

/// The page.
pub fn page(matrix: &KillMatrix) -> String {
    let mut text = String::from("# Mutants\n\n");
    let complaints = matrix.complaints();
    let not_run = matrix.not_run();
    let caught = matrix.mutants.iter().filter(|row| row.is_caught()).count();
    line(&mut text, &format!("{caught} of {} mutants are caught.", matrix.mutants.len()));
    if !matrix.complete {
        let cause = if matrix.is_interrupted() { "it was interrupted" } else { "not all were run" };
        line(
            &mut text,
            &format!("\nPARTIAL: {cause}; `mutants.md` has the whole matrix, if any.\n"),
        );
    }
    for sentence in complaints.iter().chain(&not_run) {
        line(&mut text, &format!("- **{sentence}**"));
    }
    line(&mut text, "\n| Mutant | The bus … | Breaks | Caught by | Case | Witness |");
    line(&mut text, "| --- | --- | --- | --- | --- | --- |");
    for row in &matrix.mutants {
        line(&mut text, &mutant(row));
    }
    line(&mut text, "\n| Check | Judges | Catches |");
    line(&mut text, "| --- | --- | --- |");
    for (guard, names) in matrix.kills_by_guard() {
        let names = names.join(", ");
        line(&mut text, &format!("| {} | {} | {names} |", guard.name(), guard.rule()));
    }
    line(&mut text, "\n| Vacuous checker | It … | Unmasked by |");
    line(&mut text, "| --- | --- | --- |");
    for row in &matrix.checkers.vacuous {
        let by = row.unmasked_by.join(", ");
        line(&mut text, &format!("| {} | {} | {by} |", row.name, row.summary));
    }
    line(&mut text, "\nThe sound bus, bare and behind the same wrapper, breaks nothing on:");
    for row in &matrix.reference {
        line(&mut text, &format!("- {} on `{}`", row.name, row.case));
    }
    text
}

fn mutant(row: &MutantRow) -> String {
    let (caught_by, witness) = match &row.trial.shown {
        Shown::NotRun(why) => ("not run".to_owned(), why.clone()),
        Shown::Interrupted => ("not run".to_owned(), "interrupted".to_owned()),
        Shown::Judged(catch) => {
            let names: Vec<String> = catch.kills.keys().map(|guard| named(row, *guard)).collect();
            let related = catch.witnesses.iter().find(|(guard, _)| row.guards.contains(guard));
            let witness = related.or(catch.witnesses.iter().next()).map(|(_, witness)| witness);
            (names.join(", "), witness.cloned().unwrap_or_default())
        }
    };
    let (name, case) = (&row.trial.name, &row.trial.case);
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    format!(
        "| {name} | {} | {} | {} | `{case}` | {} |",
        cell(&row.summary),
        row.rule,
        if caught_by.is_empty() { "**nobody**" } else { &caught_by },
        cell(&witness)
    )
}

/// Guards that judge the broken promise stand out.
fn named(row: &MutantRow, guard: Guard) -> String {
    if row.guards.contains(&guard) {
        format!("**{}**", guard.name())
    } else {
        guard.name().to_owned()
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes any text");
}
