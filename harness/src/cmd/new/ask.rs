//! The questions of `new`: whatever no option says.

use super::answers::{self, Said};
use crate::cmd::terminal::{AskError, Terminal};
use crate::plan::TrialKind;

/// Asks for everything that was not said.
pub(super) fn fill(said: &mut Said, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let kind = match said.kind {
        Some(kind) => kind,
        None => terminal.ask(
            "kind",
            "behaviour (everything is judged), saturation (throughput) or paced (latency, CPU, memory)",
            Some("behaviour"),
            answers::kind,
        )?,
    };
    said.kind = Some(kind);
    if said.claims.is_empty() {
        let offered: Vec<&str> =
            answers::offered(kind).iter().map(|claim| claim.as_str()).collect();
        let what =
            format!("what it shows, by the numbers of bus/CONTRACT.md: {}", offered.join(" "));
        said.claims = terminal.ask("claims", &what, Some(answers::CLAIMS), |text| {
            let texts: Vec<&str> = text.split([' ', ',']).filter(|one| !one.is_empty()).collect();
            let numbers = answers::numbers(kind, &texts)?;
            Ok(numbers.iter().map(ToString::to_string).collect())
        })?;
    }
    let roles = |text: &str| answers::roles(whole(text)?);
    if said.publishers.is_none() {
        let what = "how many publish";
        said.publishers = Some(terminal.ask("publishers", what, Some(answers::ROLES), roles)?);
    }
    if said.subscribers.is_none() {
        let what = "how many subscribe";
        said.subscribers = Some(terminal.ask("subscribers", what, Some(answers::ROLES), roles)?);
    }
    if said.pattern.is_none() {
        let what = "what they subscribe to: `+` is one level, `#` at the end all below";
        let default = Some(answers::PATTERN);
        said.pattern = Some(terminal.ask("pattern", what, default, answers::pattern)?);
    }
    if let Some(usual) = answers::usual_events(kind) {
        fill_load(said, terminal, (kind, usual))?;
    }
    if said.summary.is_none() {
        let what = "why it exists: what would go unnoticed without it";
        said.summary = Some(terminal.ask("summary", what, None, answers::why)?);
    }
    Ok(())
}

/// How much is published and how fast, where that is not the loop's to say.
fn fill_load(
    said: &mut Said,
    terminal: &mut Terminal<'_>,
    (kind, usual): (TrialKind, u64),
) -> Result<(), AskError> {
    if said.count.is_none() {
        let (what, usual) = ("events of each publisher", usual.to_string());
        let read = |text: &str| answers::events(kind, Some(whole(text)?));
        said.count = Some(terminal.ask("count", what, Some(usual.as_str()), read)?);
    }
    if said.rate.is_none() {
        let what = "events a second of each, such as 1000/s; max for as fast as the bus takes them";
        let usual = answers::usual_rate(kind).unwrap_or("max");
        let read = |text: &str| {
            answers::rate(kind, Some(text)).map(|rate| rate.unwrap_or_else(|| "max".to_owned()))
        };
        said.rate = Some(terminal.ask("rate", what, Some(usual), read)?);
    }
    Ok(())
}

fn whole<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "expected a whole number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known after these lines were typed, and what was shown meanwhile.
    fn filled(mut said: Said, typed: &str) -> (Result<Said, AskError>, String) {
        let (mut input, mut output) = (typed.as_bytes(), Vec::new());
        let asked = fill(&mut said, &mut Terminal::new(&mut input, &mut output));
        (asked.map(|()| said), String::from_utf8(output).expect("UTF-8"))
    }

    #[test]
    fn an_empty_line_takes_what_stands_in_brackets() {
        let (said, shown) = filled(Said::default(), "\n\n\n\n\n\n\nWhy.\n");
        let said = said.expect("answered");
        assert_eq!((said.kind, said.count), (Some(TrialKind::Behaviour), Some(1000)));
        assert_eq!(said.claims, ["C1", "C4"]);
        assert_eq!((said.publishers, said.subscribers), (Some(1), Some(1)));
        assert_eq!(said.rate.as_deref(), Some("max"));
        assert_eq!(said.summary.as_deref(), Some("Why."));
        assert!(shown.contains("[behaviour] > ") && shown.contains("summary: why"), "{shown}");
    }

    #[test]
    fn what_was_said_is_not_asked_and_a_closed_loop_has_no_rate() {
        let said = Said { publishers: Some(3), ..Said::default() };
        let (said, shown) = filled(said, "saturation\nc3, C1\n\n\nWhy.\n");
        let said = said.expect("answered");
        assert_eq!((said.publishers, said.count, said.rate), (Some(3), None, None));
        assert_eq!(said.claims, ["C3", "C1"]);
        assert!(!shown.contains("publishers:") && !shown.contains("rate:"), "{shown}");
    }

    #[test]
    fn a_wrong_answer_is_told_and_asked_again_and_not_for_ever() {
        let (said, shown) = filled(Said::default(), "behavior\npaced\n\n\n\n\n\n\nWhy.\n");
        assert_eq!(said.expect("answered").kind, Some(TrialKind::Paced));
        assert!(shown.contains("did you mean \"behaviour\"?"), "{shown}");
        let (refused, _) = filled(Said::default(), "a\nb\nc\nbehaviour\n");
        assert!(matches!(refused, Err(AskError::Refused("kind"))), "{refused:?}");
    }

    #[test]
    fn the_end_of_what_is_typed_is_no_answer() {
        let (ended, _) = filled(Said::default(), "paced\n");
        assert!(matches!(ended, Err(AskError::Ended("claims"))), "{ended:?}");
        let (ended, _) = filled(Said::default(), &"x".repeat(5000));
        assert!(matches!(ended, Err(AskError::Ended("kind"))), "{ended:?}");
    }
}
