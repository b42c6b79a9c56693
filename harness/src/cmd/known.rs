//! Names a user chooses from on a command line: another is refused with all of them.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::plan::{Bus, TrialKind};
use crate::report::Ended;
use crate::scenario::Profile;

/// A profile by its name.
pub fn profiles() -> impl TypedValueParser<Value = Profile> {
    one_of(Profile::ALL.map(|profile| (profile.as_str(), profile)))
}

/// A bus by its name.
pub fn buses() -> impl TypedValueParser<Value = Bus> {
    one_of(Bus::ALL.map(|bus| (bus.as_str(), bus)))
}

/// A kind of scenario by its name.
pub fn kinds() -> impl TypedValueParser<Value = TrialKind> {
    kinds_of(TrialKind::ALL)
}

/// One of these kinds of scenario.
pub fn kinds_of<const N: usize>(kinds: [TrialKind; N]) -> impl TypedValueParser<Value = TrialKind> {
    one_of(kinds.map(|kind| (kind.as_str(), kind)))
}

/// How a case ended, by a report's one word for it.
pub fn ends() -> impl TypedValueParser<Value = Ended> {
    one_of(Ended::ALL.map(|ended| (ended.as_str(), ended)))
}

/// One of a few names; another is refused with all of them and the nearest.
fn one_of<T: Copy + Send + Sync + 'static, const N: usize>(
    known: [(&'static str, T); N],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(known.map(|(name, _)| name)).map(move |text| {
        let found = known.iter().find(|(name, _)| *name == text);
        found.map(|(_, value)| *value).expect("the parser lets known names through alone")
    })
}
