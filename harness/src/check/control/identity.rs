//! A4: nobody is taken for a member without a good token of its name, and is told why. W8: whoever
//! comes while there is room for it is heard.

use super::seen::Seen;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{Proof, Step};
use crate::record::{Admission, Fact};

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    for (_, step, span) in seen.steps() {
        let Step::Impersonate { member, with, times } = *step else { continue };
        let name = seen.name(member);
        for (noter, caller) in seen.callers() {
            let came = seen.during(span, noter).filter_map(|noted| match &noted.fact {
                Fact::Came { admission } => Some(admission),
                _ => None,
            });
            let came: Vec<&Admission> = came.collect();
            let what = format!("{caller} came as {name} with {}", in_words(with));
            for admission in &came {
                one(&what, with, admission, found);
            }
            let left = times.saturating_sub(came.len() as u64);
            if span.ended_ns.is_none() && left > 0 {
                found.violated(Check::Slots, || format!("{what}: {left} times nothing came of it"));
            }
        }
    }
}

fn one(what: &str, with: Proof, admission: &Admission, found: &mut Found<'_>) {
    let (is_heard, is_refused) = match admission {
        Admission::LetIn => (true, false),
        Admission::Refused(reason) => (true, reason.contains(word(with))),
        Admission::Unheard(_) => (false, true),
    };
    found.holds(Check::Slots, is_heard, || match admission {
        Admission::Unheard(reason) => format!("{what} and was not heard: {reason}"),
        _ => what.to_owned(),
    });
    found.judged(Check::Identity, u64::from(is_heard));
    if !is_refused {
        found.violated(Check::Identity, || match admission {
            Admission::Refused(reason) => {
                format!("{what} and was refused for another reason: {reason}")
            }
            _ => format!("{what} and was let in"),
        });
    }
}

/// What a refusal must say of what was shown, whatever else it says.
fn word(with: Proof) -> &'static str {
    match with {
        Proof::UsedToken => "used",
        Proof::WrongToken => "not known",
        Proof::ExpiredToken => "expired",
        Proof::TokenOfAnother => "of another name",
        Proof::NoToken => "without a token",
    }
}

fn in_words(with: Proof) -> &'static str {
    match with {
        Proof::UsedToken => "its used token",
        Proof::WrongToken => "a token nobody issued",
        Proof::ExpiredToken => "an expired token",
        Proof::TokenOfAnother => "a token of its own name",
        Proof::NoToken => "no token",
    }
}
