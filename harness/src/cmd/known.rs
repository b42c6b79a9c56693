//! Names a user chooses from on a command line: another is refused with all of them.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::plan::Bus;
use crate::scenario::Profile;

/// A profile by its name.
pub fn profiles() -> impl TypedValueParser<Value = Profile> {
    one_of(Profile::ALL.map(|profile| (profile.as_str(), profile)))
}

/// A bus by its name.
pub fn buses() -> impl TypedValueParser<Value = Bus> {
    one_of(Bus::ALL.map(|bus| (bus.as_str(), bus)))
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
