//! What must be known before a scenario can be written: as said, and as resolved.

use daemoneye_eventbus::TopicPattern;
use thiserror::Error;

use super::{KINDS, NewArgs};
use crate::plan::Claim::{self, C1, C3, C4, C5, C6, C8, C9, C10, C11, C12};
use crate::plan::limits::{MAX_ROLES, MAX_TRIAL_EVENTS};
use crate::plan::{TrialKind, claims};
use crate::scenario::{rate as per_second, suggestion};

/// What the parts of a behaviour scenario show; further numbers take something of their own.
const BEHAVIOUR: [Claim; 10] = [C1, C3, C4, C5, C6, C8, C9, C10, C11, C12];
/// Numbers of a scenario that nobody names any for.
pub(super) const CLAIMS: &str = "C1 C4";
/// Publishers, and subscribers, where nobody says how many.
pub(super) const ROLES: &str = "1";
/// The pattern where nobody says one: what publishers publish by default.
pub(super) const PATTERN: &str = "events.process.#";

/// Room of a subscriber that does not read, events: few, so that some are lost (C11).
pub(super) const LITTLE_ROOM: u64 = 16;

/// What was said so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) kind: Option<TrialKind>,
    pub(super) claims: Vec<String>,
    pub(super) publishers: Option<usize>,
    pub(super) subscribers: Option<usize>,
    pub(super) pattern: Option<String>,
    pub(super) count: Option<u64>,
    pub(super) rate: Option<String>,
    pub(super) summary: Option<String>,
}

impl Said {
    /// What the options say.
    pub(super) fn of(args: &NewArgs) -> Self {
        Self {
            kind: args.kind,
            claims: args.claim.clone(),
            publishers: args.publishers,
            subscribers: args.subscribers,
            pattern: args.pattern.clone(),
            count: args.count,
            rate: args.rate.clone(),
            summary: args.summary.clone(),
        }
    }
}

/// Why answers are not enough, or wrong.
#[derive(Debug, Error)]
pub(super) enum AnswersError {
    /// These have no default.
    #[error("nobody can be asked here, so say {}", options.join(", "))]
    Missing {
        /// The options that are missing, with what they take.
        options: Vec<&'static str>,
    },
    /// One cannot be.
    #[error("{option}: {why}")]
    Wrong {
        /// The option.
        option: &'static str,
        /// What is wrong with what it says, and what would not be.
        why: String,
    },
}

/// Everything a scenario is written from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answers {
    pub(super) kind: TrialKind,
    pub(super) claims: Vec<Claim>,
    pub(super) publishers: usize,
    pub(super) subscribers: usize,
    pub(super) pattern: String,
    /// Events of each publisher; of a closed loop, 0.
    pub(super) count: u64,
    /// As it is written; `None` for as fast as the bus takes them.
    pub(super) rate: Option<String>,
    pub(super) summary: String,
}

impl Answers {
    /// What was said, with defaults for what has any.
    pub(super) fn of(said: &Said) -> Result<Self, AnswersError> {
        let (Some(kind), Some(summary), false) = (said.kind, &said.summary, said.claims.is_empty())
        else {
            return Err(missing(said));
        };
        let wrong = |option: &'static str| move |why: String| AnswersError::Wrong { option, why };
        let subscribers = said.subscribers.unwrap_or(1);
        let answers = Self {
            kind,
            claims: numbers(kind, &said.claims).map_err(wrong("--claim"))?,
            publishers: roles(said.publishers.unwrap_or(1)).map_err(wrong("--publishers"))?,
            subscribers: roles(subscribers).map_err(wrong("--subscribers"))?,
            pattern: pattern(said.pattern.as_deref().unwrap_or(PATTERN))
                .map_err(wrong("--pattern"))?,
            count: events(kind, said.count).map_err(wrong("--count"))?,
            rate: rate(kind, said.rate.as_deref()).map_err(wrong("--rate"))?,
            summary: why(summary).map_err(wrong("--summary"))?,
        };
        if answers.claims.contains(&C5) && answers.subscribers < 2 {
            let why = "C5 is about subscribers that agree, so there are at least 2".to_owned();
            return Err(wrong("--subscribers")(why));
        }
        if answers.claims.contains(&C11) && answers.count <= LITTLE_ROOM {
            let why =
                format!("C11 is about more than there is room for, so more than {LITTLE_ROOM}");
            return Err(wrong("--count")(why));
        }
        Ok(answers)
    }
}

fn missing(said: &Said) -> AnswersError {
    let options = [
        (said.kind.is_none(), "`--kind behaviour|saturation|paced`"),
        (said.claims.is_empty(), "`--claim NUMBER`"),
        (said.summary.is_none(), "`--summary TEXT`"),
    ];
    let options = options.into_iter().filter(|(is_missing, _)| *is_missing);
    AnswersError::Missing { options: options.map(|(_, option)| option).collect() }
}

/// A kind by its name.
pub(super) fn kind(text: &str) -> Result<TrialKind, String> {
    let found = KINDS.into_iter().find(|kind| kind.as_str() == text);
    found.ok_or_else(|| {
        let names = KINDS.map(TrialKind::as_str);
        match suggestion(text, names) {
            Some(meant) => format!("no kind {text:?}; did you mean {meant:?}?"),
            None => format!("no kind {text:?}; there is {}", names.join(", ")),
        }
    })
}

/// Numbers the parts of this kind show.
pub(super) fn offered(kind: TrialKind) -> &'static [Claim] {
    if kind == TrialKind::Behaviour { &BEHAVIOUR } else { claims::judged(kind) }
}

/// Numbers of the contract, each once.
pub(super) fn numbers<T: AsRef<str>>(kind: TrialKind, texts: &[T]) -> Result<Vec<Claim>, String> {
    let mut numbers = Vec::new();
    for text in texts {
        let number = number(kind, text.as_ref())?;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    if numbers.is_empty() {
        return Err("a scenario that claims nothing shows nothing".to_owned());
    }
    Ok(numbers)
}

fn number(kind: TrialKind, text: &str) -> Result<Claim, String> {
    let claim = Claim::parse(&text.to_ascii_uppercase());
    if let Some(claim) = claim.filter(|claim| offered(kind).contains(claim)) {
        return Ok(claim);
    }
    let offered: Vec<&str> = offered(kind).iter().map(|claim| claim.as_str()).collect();
    let offered = offered.join(", ");
    Err(match claim {
        Some(claim) => format!(
            "a new scenario of this kind shows nothing of {claim}; begin with some of {offered}, or \
             copy one that `list --claim {claim}` names"
        ),
        None => format!(
            "{text:?} is no number that a scenario can claim; a new one of this kind can begin with \
             some of {offered}"
        ),
    })
}

/// How many publishers, or subscribers.
pub(super) fn roles(number: usize) -> Result<usize, String> {
    if (1..=MAX_ROLES).contains(&number) {
        return Ok(number);
    }
    Err(format!("expected 1 to {MAX_ROLES}"))
}

/// A pattern a bus takes.
pub(super) fn pattern(text: &str) -> Result<String, String> {
    match TopicPattern::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(cause) => Err(cause.to_string()),
    }
}

/// Events of each publisher where nobody says how many; `None` where nothing counts them.
pub(super) fn usual_events(kind: TrialKind) -> Option<u64> {
    match kind {
        TrialKind::Behaviour => Some(1000),
        // Above the 10 000 samples that a 99th percentile takes.
        TrialKind::Paced => Some(12_000),
        _ => None,
    }
}

/// Events of each publisher.
pub(super) fn events(kind: TrialKind, said: Option<u64>) -> Result<u64, String> {
    match (usual_events(kind), said) {
        (None, Some(_)) => Err(CLOSED.to_owned()),
        (_, Some(events)) if !(1..=MAX_TRIAL_EVENTS).contains(&events) => {
            Err(format!("expected 1 to {MAX_TRIAL_EVENTS}"))
        }
        (usual, said) => Ok(said.or(usual).unwrap_or_default()),
    }
}

/// Why a closed loop has neither a count nor a rate.
const CLOSED: &str =
    "`saturation` publishes as many as fit in its window, as fast as they are received";

/// The rate where nobody says one; `None` for as fast as the bus takes them.
pub(super) fn usual_rate(kind: TrialKind) -> Option<&'static str> {
    (kind == TrialKind::Paced).then_some("10000/s")
}

/// A rate as a scenario writes it; `max` is none.
pub(super) fn rate(kind: TrialKind, said: Option<&str>) -> Result<Option<String>, String> {
    match (kind, said) {
        (TrialKind::Saturation, Some(_)) => Err(CLOSED.to_owned()),
        (TrialKind::Paced, Some("max")) => Err("latency is compared at a rate".to_owned()),
        (_, Some("max")) => Ok(None),
        (_, Some(text)) => per_second(text).map(|_| Some(text.to_owned())),
        (_, None) => Ok(usual_rate(kind).map(str::to_owned)),
    }
}

/// Why it exists.
pub(super) fn why(text: &str) -> Result<String, String> {
    let words = text.trim();
    if words.is_empty() {
        return Err("say what would go unnoticed without it".to_owned());
    }
    Ok(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Said {
        Said {
            kind: Some(TrialKind::Behaviour),
            claims: vec!["C1".to_owned(), "c4".to_owned(), "C1".to_owned()],
            summary: Some(" Why. ".to_owned()),
            ..Said::default()
        }
    }

    fn refused(said: &Said) -> String {
        Answers::of(said).expect_err("refused").to_string()
    }

    #[test]
    fn what_is_not_said_is_the_usual() {
        let answers = Answers::of(&said()).expect("enough");
        assert_eq!((answers.publishers, answers.subscribers, answers.count), (1, 1, 1000));
        assert_eq!((answers.claims, answers.rate), (vec![C1, C4], None));
        assert_eq!((&*answers.pattern, &*answers.summary), (PATTERN, "Why."));
        let paced = Said { kind: Some(TrialKind::Paced), ..said() };
        let paced = Answers::of(&paced).expect("enough");
        assert_eq!((paced.count, paced.rate.as_deref()), (12_000, Some("10000/s")));
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let told = refused(&Said::default());
        for option in ["--kind", "--claim", "--summary"] {
            assert!(told.contains(option), "{told}");
        }
        assert!(!refused(&Said { summary: None, ..said() }).contains("--kind"));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_option() {
        let of = |change: &dyn Fn(&mut Said)| {
            let mut said = said();
            change(&mut said);
            refused(&said)
        };
        let told = of(&|said| said.claims = vec!["C13".to_owned()]);
        assert!(told.starts_with("--claim: ") && told.contains("`list --claim C13`"), "{told}");
        assert!(of(&|said| said.claims = vec!["X9".to_owned()]).contains("\"X9\""));
        assert!(of(&|said| said.claims = vec!["C5".to_owned()]).starts_with("--subscribers: "));
        let few = |said: &mut Said| {
            said.claims = vec!["C11".to_owned()];
            said.count = Some(LITTLE_ROOM);
        };
        assert!(of(&few).starts_with("--count: "));
        assert!(of(&|said| said.pattern = Some("events.*".to_owned())).contains("`+`"));
        assert!(of(&|said| said.publishers = Some(0)).contains("expected 1 to"));
        assert!(of(&|said| said.count = Some(0)).starts_with("--count: "));
        assert!(of(&|said| said.rate = Some("fast".to_owned())).contains("\"1000/s\""));
        assert!(of(&|said| said.summary = Some(" ".to_owned())).starts_with("--summary: "));
        let closed = |said: &mut Said| {
            said.kind = Some(TrialKind::Saturation);
            said.rate = Some("1/s".to_owned());
        };
        assert!(of(&closed).starts_with("--rate: "));
    }
}
