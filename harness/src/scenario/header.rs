//! The keys at the top of a file: what it is called, what it shows, and when it is run.

use super::name::{is_name, nearest_name};
use super::{At, Profile, Table, tags};

/// Rooms of the contract and the last number of each.
const CLAIMS: [(&str, u32); 7] =
    [("C", 14), ("M", 5), ("T", 9), ("A", 6), ("W", 9), ("R", 6), ("V", 10)];

/// What the top of a file says, but for what only a kind of scenario has.
pub(super) struct Header {
    pub(super) name: String,
    pub(super) claims: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) profiles: Vec<Profile>,
}

/// Reads it; `refusal` says why a number cannot be claimed.
pub(super) fn read(table: &Table<'_>, refusal: &dyn Fn(&str) -> Option<String>) -> Header {
    table.required("format", |at| at.integer::<i64>(1..2));
    let name = table.required("name", scenario_name).unwrap_or_default();
    let claims = table.required("claims", |at| at.list(|at| claim(at, refusal)));
    if claims.as_ref().is_some_and(Vec::is_empty)
        && let Some(span) = table.key_span("claims")
    {
        let label = "name what it shows, for example \"C1\"";
        table.reader().problem(&span, "a scenario that claims nothing shows nothing", label);
    }
    let tags = tags::read(table);
    let profiles = table.or("profiles", r#"["smoke", "pr", "nightly", "release"]"#, |at| {
        at.list(|at| at.one_of(&Profile::ALL.map(|profile| (profile.as_str(), profile))))
    });
    if profiles.is_empty()
        && let Some(span) = table.key_span("profiles")
    {
        let label = "leave the key out for all of them";
        table.reader().problem(&span, "a scenario of no profile is never run", label);
    }
    Header { name, claims: claims.unwrap_or_default(), tags, profiles }
}

/// A name is the path below the scenarios folder.
fn scenario_name(at: &At<'_>) -> Option<String> {
    let name = at.text()?;
    if is_name(&name) {
        return Some(name);
    }
    let meant = nearest_name(&name).map(|meant| format!("; did you mean {meant:?}?"));
    let label = "expected words of a-z, 0-9 and `-`, joined by `/`";
    at.refuse(format!("name {name:?}"), format!("{label}{}", meant.unwrap_or_default()));
    None
}

fn claim(at: &At<'_>, refusal: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let text = at.text()?;
    if is_number(&text) {
        match refusal(&text) {
            None => return Some(text),
            Some(why) => at.refuse(format!("{text} cannot be claimed"), why),
        }
        return None;
    }
    let known = "C1–C14, M1–M5, T1–T9, A1–A6, W1–W9, R1–R6 or V1–V10";
    let capital = text.trim().to_ascii_uppercase();
    let label = if is_number(&capital) {
        format!("did you mean {capital:?}? there is {known}")
    } else {
        format!("expected {known}")
    };
    at.refuse(format!("{text:?} is no number of the contract"), label);
    None
}

/// Whether a text is written like a number of the contract.
fn is_number(text: &str) -> bool {
    CLAIMS.iter().any(|(letter, last)| {
        let number = text.strip_prefix(letter).and_then(|number| number.parse::<u32>().ok());
        number.is_some_and(|number| (1..=*last).contains(&number) && !text.contains('+'))
    })
}
