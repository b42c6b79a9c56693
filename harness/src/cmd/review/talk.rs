//! What is asked about one finding.

use super::edit::Accepted;
use super::finding::{Finding, What};
use crate::cmd::terminal::{AskError, Terminal};
use crate::plan::{Day, Observe};
use crate::scenario::suggestion;

/// What somebody decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is meant to be so, until a day.
    Accept(Accepted),
    /// It is a defect.
    Refuse { reason: String, owner: String },
    /// Not today.
    Skip,
    /// Nothing more today.
    Quit,
}

#[derive(Debug, Clone, Copy)]
enum Choice {
    Accept,
    Refuse,
    Skip,
    Quit,
}

const CHOICES: [(&str, Choice); 4] = [
    ("accept", Choice::Accept),
    ("refuse", Choice::Refuse),
    ("skip", Choice::Skip),
    ("quit", Choice::Quit),
];

/// Asks. `acceptable` is the id the departure is declared under already, if it is, or says why it cannot
/// be accepted; `usual_until` is the last day where nobody says another.
pub(super) fn decide(
    finding: &Finding,
    acceptable: &Result<Option<String>, String>,
    (today, usual_until): (Day, Day),
    terminal: &mut Terminal<'_>,
) -> Result<Decision, AskError> {
    terminal.show(&finding.page())?;
    if let Err(why) = acceptable {
        terminal.show(&format!("  it cannot be accepted: {why}"))?;
    }
    let what = match acceptable {
        Ok(_) => "accept (it is meant so), refuse (it is a defect), skip or quit (or a, r, s, q)",
        Err(_) => "refuse (it is a defect), skip or quit (or r, s, q)",
    };
    let choice =
        terminal.ask("decision", what, Some("skip"), |text| match one_of(text, &CHOICES)? {
            Choice::Accept if acceptable.is_err() => Err("it cannot be accepted".to_owned()),
            choice => Ok(choice),
        })?;
    Ok(match choice {
        Choice::Skip => Decision::Skip,
        Choice::Quit => Decision::Quit,
        Choice::Refuse => Decision::Refuse { reason: reason(terminal)?, owner: owner(terminal)? },
        Choice::Accept => Decision::Accept(Accepted {
            id: id(finding, acceptable.as_ref().ok().and_then(Option::as_deref), terminal)?,
            reason: reason(terminal)?,
            owner: owner(terminal)?,
            until: until((today, usual_until), terminal)?,
            observe: observe(terminal)?,
        }),
    })
}

/// A word, or its first letter: no two begin with the same.
fn one_of<T: Copy>(text: &str, meant: &[(&'static str, T)]) -> Result<T, String> {
    let found = meant.iter().find(|(word, _)| *word == text || word.get(..1) == Some(text));
    found.map(|(_, meant)| *meant).ok_or_else(|| {
        let words: Vec<&str> = meant.iter().map(|(word, _)| *word).collect();
        let expected = || format!("expected one of {}", words.join(", "));
        suggestion(text, words.iter().copied())
            .map_or_else(expected, |word| format!("did you mean {word}?"))
    })
}

/// A new declaration has a name; one that is renewed has its own.
fn id(
    finding: &Finding,
    declared: Option<&str>,
    terminal: &mut Terminal<'_>,
) -> Result<String, AskError> {
    match (&finding.what, declared) {
        (What::Expired(id) | What::NotObserved(id), _) => Ok(id.clone()),
        (What::Broken(_) | What::Difference, Some(id)) => Ok(id.to_owned()),
        (What::Broken(_) | What::Difference, None) => {
            let usual = format!("{}-{}", finding.bus.as_str(), finding.what.rule().to_lowercase());
            terminal.ask("id", "what the departure is called", Some(&usual), said)
        }
    }
}

fn reason(terminal: &mut Terminal<'_>) -> Result<String, AskError> {
    terminal.ask("reason", "why, in one sentence", None, said)
}

fn owner(terminal: &mut Terminal<'_>) -> Result<String, AskError> {
    terminal.ask("owner", "who answers for it", None, said)
}

fn until((today, usual): (Day, Day), terminal: &mut Terminal<'_>) -> Result<Day, AskError> {
    let usual = usual.to_string();
    terminal.ask("until", "the last day it is accepted", Some(&usual), |text| {
        let day = Day::of(text).ok_or("expected a day such as 2027-12-31")?;
        if day < today { Err(format!("{day} is over")) } else { Ok(day) }
    })
}

fn observe(terminal: &mut Terminal<'_>) -> Result<Observe, AskError> {
    let what = "always (a run without it fails) or may (it does not show each time)";
    let words = Observe::ALL.map(|observe| (observe.as_str(), observe));
    terminal.ask("observe", what, Some(Observe::Always.as_str()), |text| one_of(text, &words))
}

fn said(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("say something".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Bus;

    fn day(text: &str) -> Day {
        Day::of(text).expect("a day")
    }

    fn decided(
        what: What,
        acceptable: Result<Option<&str>, &str>,
        typed: &str,
    ) -> (Result<Decision, AskError>, String) {
        let finding = Finding {
            scenario: "ordering/one".to_owned(),
            bus: Bus::Process,
            what,
            declared: None,
            cases: vec!["ordering/one".to_owned()],
            witness: "p0#18 came before p0#17".to_owned(),
            messages: vec!["p0#18".to_owned()],
            rerun: "cargo xtask equivalence".to_owned(),
        };
        let (mut input, mut output) = (typed.as_bytes(), Vec::new());
        let days = (day("2026-11-30"), day("2027-02-28"));
        let mut terminal = Terminal::new(&mut input, &mut output);
        let acceptable = acceptable.map(|id| id.map(str::to_owned)).map_err(str::to_owned);
        let decision = decide(&finding, &acceptable, days, &mut terminal);
        (decision, String::from_utf8(output).expect("UTF-8"))
    }

    #[test]
    fn what_is_accepted_has_a_reason_an_owner_and_a_last_day() {
        let typed = "a\n\nA race.\nbus\n2026-11-29\n\nm\n";
        let (decision, shown) = decided(What::Broken("C4".to_owned()), Ok(None), typed);
        let accepted = Accepted {
            id: "process-c4".to_owned(),
            reason: "A race.".to_owned(),
            owner: "bus".to_owned(),
            until: day("2027-02-28"),
            observe: Observe::May,
        };
        assert_eq!(decision.expect("decided"), Decision::Accept(accepted));
        assert!(shown.contains("p0#18 came before p0#17"), "{shown}");
        assert!(shown.contains("2026-11-29 is over"), "{shown}");
    }

    #[test]
    fn a_declaration_that_lapsed_keeps_its_name() {
        let (decision, shown) =
            decided(What::Expired("V2".to_owned()), Ok(None), "accept\nStill.\nbus\n\n\n");
        let Decision::Accept(accepted) = decision.expect("decided") else { panic!("accepted") };
        assert_eq!((accepted.id.as_str(), accepted.observe), ("V2", Observe::Always));
        assert!(!shown.contains("id: "), "{shown}");
        let broken = What::Broken("C4".to_owned());
        let (decision, shown) = decided(broken, Ok(Some("V2")), "accept\nStill.\nbus\n\n\n");
        let Decision::Accept(accepted) = decision.expect("decided") else { panic!("accepted") };
        assert_eq!(accepted.id, "V2");
        assert!(!shown.contains("id: "), "{shown}");
    }

    #[test]
    fn what_cannot_be_accepted_is_not_and_a_typo_is_told() {
        let typed = "accept\nrefus\nrefuse\nA defect.\nbus\n";
        let (decision, shown) = decided(What::Difference, Err("no promise is broken"), typed);
        let (reason, owner) = ("A defect.".to_owned(), "bus".to_owned());
        assert_eq!(decision.expect("decided"), Decision::Refuse { reason, owner });
        assert!(shown.contains("cannot be accepted: no promise is broken"), "{shown}");
        assert!(shown.contains("did you mean refuse?"), "{shown}");
    }

    #[test]
    fn an_empty_line_decides_nothing() {
        let (skipped, _) = decided(What::Difference, Ok(None), "\n");
        assert_eq!(skipped.expect("decided"), Decision::Skip);
        for typed in ["quit\n", "q\n"] {
            let (quit, _) = decided(What::Difference, Ok(None), typed);
            assert_eq!(quit.expect("decided"), Decision::Quit);
        }
        let (ended, _) = decided(What::Difference, Ok(None), "accept\n");
        assert!(matches!(ended, Err(AskError::Ended("id"))), "{ended:?}");
    }
}
