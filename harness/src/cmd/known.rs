//! Names a user chooses from on a command line: another is refused with all of them.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::plan::{Bus, TrialKind};
use crate::report::Ended;
use crate::scenario::{self, Profile};

/// Seed of everything random where none is named: the same whatever the verb, so that what is shown of a
/// case is what a run does.
pub const SEED: u64 = 1;

/// A profile by its name.
pub fn profiles() -> impl TypedValueParser<Value = Profile> {
    one_of(Profile::ALL.map(|profile| (profile.as_str(), profile)))
}

/// A bus by its name.
pub fn buses() -> impl TypedValueParser<Value = Bus> {
    one_of(Bus::ALL.map(|bus| (bus.as_str(), bus)))
}

/// What a run compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The bus.
    pub bus: Bus,
    /// The revision of the project it is of, where it is another than this one's.
    pub revision: Option<String>,
}

/// A bus by its name, or with `@REV` as another revision has it.
pub fn baseline(text: &str) -> Result<Baseline, String> {
    let (name, revision) = match text.split_once('@') {
        Some((_, "")) => {
            return Err("a revision follows `@`, for example `process@HEAD~1`".to_owned());
        }
        Some((name, revision)) => (name, Some(revision.to_owned())),
        None => (text, None),
    };
    let names = Bus::ALL.map(Bus::as_str);
    let bus = Bus::ALL.into_iter().find(|bus| bus.as_str() == name).ok_or_else(|| {
        let meant = scenario::suggestion(name, names);
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
        format!("there is {}{meant}", names.join(", "))
    })?;
    Ok(Baseline { bus, revision })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_a_bus_of_this_revision_or_another() {
        let named = |text| baseline(text).map(|named| (named.bus, named.revision));
        assert_eq!(named("agent"), Ok((Bus::Agent, None)));
        assert_eq!(named("process@HEAD~1"), Ok((Bus::Process, Some("HEAD~1".to_owned()))));
        let told = named("proces@HEAD").expect_err("no such bus");
        assert!(told.contains("did you mean \"process\"?"), "{told}");
        assert!(named("process@").expect_err("no revision").contains("process@HEAD~1"));
    }
}
