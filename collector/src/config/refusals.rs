//! What of a file's text the parser refuses: keys that do not exist and values of the wrong kind,
//! all of them at once.

use std::mem;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::{Origin, Problem, Settings, keys, shape};

/// Problems that are told at once: people mend a few at a time.
const MAX_TOLD: usize = 32;
/// What the parser's message about a key that is not there begins with.
const MISSING: &str = "missing field ";

/// Everything that is refused, in the order of the text.
pub(super) fn refusals(origin: &Origin, text: &str) -> Vec<Problem> {
    let problem = |error: &toml::de::Error| Problem::refused(origin.clone(), error, Some(text));
    let mut document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => return vec![problem(&error)],
    };
    let whole = document.span();
    let misshapen = shape::take_misshapen(document.get_mut()).into_iter();
    let mut problems: Vec<_> = misshapen
        .map(|(place, message)| Problem {
            origin: origin.clone(),
            message,
            suggestion: None,
            place: Some((text.to_owned(), place)),
        })
        .collect();
    // Tables that lack what was taken out of them.
    let mut incomplete = Vec::new();
    // The parser stops at the first: that is taken out to find the next.
    while let Err(error) = Settings::deserialize(toml::Deserializer::from(document.clone())) {
        let mut found = problem(&error);
        let Some(place) = error.span() else {
            problems.push(found);
            break;
        };
        // What is missing may be what was taken out.
        let is_told = error.message().starts_with(MISSING) && incomplete.contains(&place);
        if !is_told {
            let without_section = key_at(document.get_ref(), &place);
            if let Some(meant) = without_section.and_then(|key| keys::of_sections(&key)) {
                found.suggestion = Some(meant);
            }
            problems.push(found);
        }
        let Some(table) = take(document.get_mut(), whole.clone(), &place) else { break };
        incomplete.push(table);
        if problems.len() >= MAX_TOLD {
            break;
        }
    }
    problems.sort_by_key(|problem| problem.place.as_ref().map(|(_, place)| place.start));
    problems.truncate(MAX_TOLD);
    problems
}

/// The key of a table that stands at these bytes.
fn key_at(table: &DeTable<'_>, place: &Range<usize>) -> Option<String> {
    let key = table.keys().find(|key| key.span() == *place)?;
    Some(key.get_ref().clone().into_owned())
}

/// Takes out the key that stands at these bytes or whose value does, or an entry of a list, however
/// deep it lies. Returns the bytes of the table or list that lacks it now; `None` when there is
/// none. `own` are the table's.
fn take(table: &mut DeTable<'_>, own: Range<usize>, place: &Range<usize>) -> Option<Range<usize>> {
    let of_value = table.iter().find(|(_, value)| stands_at(value, place)).map(|(key, _)| key);
    let of_value = of_value.map(|key| key.get_ref().clone().into_owned());
    match key_at(table, place).or(of_value) {
        Some(key) => table.remove(key.as_str()).map(|_| own),
        None => table.iter_mut().find_map(|(_, value)| take_within(value, place)),
    }
}

/// Whether a value as a whole is at these bytes: a list of tables has those of its first entry.
fn stands_at(value: &Spanned<DeValue<'_>>, place: &Range<usize>) -> bool {
    let is_of_entry = match value.get_ref() {
        DeValue::Array(list) => has_entry_at(list, place),
        _ => false,
    };
    value.span() == *place && !is_of_entry
}

fn has_entry_at(list: &DeArray<'_>, place: &Range<usize>) -> bool {
    list.iter().any(|entry| entry.span() == *place)
}

fn take_within(value: &mut Spanned<DeValue<'_>>, place: &Range<usize>) -> Option<Range<usize>> {
    let own = value.span();
    match value.get_mut() {
        DeValue::Table(table) => take(table, own, place),
        DeValue::Array(list) => take_entry(list, own, place),
        _ => None,
    }
}

fn take_entry(
    list: &mut DeArray<'_>,
    own: Range<usize>,
    place: &Range<usize>,
) -> Option<Range<usize>> {
    if !has_entry_at(list, place) {
        return list.iter_mut().find_map(|entry| take_within(entry, place));
    }
    let entries = mem::replace(list, DeArray::new());
    *list = entries.into_iter().filter(|entry| entry.span() != *place).collect();
    Some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and suggestion of each problem; an empty suggestion is none.
    fn told(text: &str) -> Vec<(usize, String)> {
        let origin = Origin::File { path: "agent.toml".into() };
        let line = |problem: &Problem| {
            let (text, place) = problem.place.as_ref().expect("a text has places");
            text[..place.start].matches('\n').count() + 1
        };
        let problems = refusals(&origin, text);
        problems
            .iter()
            .map(|problem| (line(problem), problem.suggestion.clone().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn every_unknown_key_is_told_in_the_order_of_the_text() {
        let text = "[procmond]\nzebra = 1\nscan_intervall = \"5s\"\n\n[event_bus.daemoneye]\n\
                    connect_limitt = \"1s\"\n\n[[trigger]]\nname = \"a\"\nwhen = \"TRUE\"\n\
                    target = \"procmond\"\nanalysis = \"binary_hash\"\nprioritee = \"high\"\n";
        let expected = [
            (2, String::new()),
            (3, "scan_interval".to_owned()),
            (6, "connect_limit".to_owned()),
            (13, "priority".to_owned()),
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn wrong_values_are_told_beside_unknown_keys() {
        let text = "[agent]\nrestart_limit = \"often\"\norphan_limit = 2\n[collector]\n\
                    max_bach_size = 1\n";
        assert_eq!(
            told(text),
            [(2, String::new()), (3, String::new()), (5, "max_batch_size".to_owned())]
        );
    }

    #[test]
    fn what_was_told_as_wrong_is_not_told_as_missing() {
        let text = "[[trigger]]\nname = 7\nwhen = \"TRUE\"\ntarget = \"procmond\"\n\
                    analysis = \"binary_hash\"\n";
        assert_eq!(told(text), [(2, String::new())]);
    }

    #[test]
    fn a_wrong_entry_of_a_list_hides_no_mistake_behind_it() {
        let text = "[agent]\ncollectors = [\n\"procmond\",\n\"diskmond\",\n\"netmund\"]\n\
                    [netmod]\n[procmond]\nscan_intervall = \"5s\"\n";
        let expected = [
            (4, String::new()),
            (5, "netmond".to_owned()),
            (6, "netmond".to_owned()),
            (8, "scan_interval".to_owned()),
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn what_a_table_lacks_is_told_beside_mistakes_of_others() {
        let (nothing, both) = ("[[trigger]]\nname = \"a\"\n", "target = \"x\"\nanalysis = \"y\"\n");
        // The second has all it needs, but for the name it was meant to have.
        let text = format!("{nothing}[[trigger]]\nnmae = \"b\"\nwhen = \"TRUE\"\n{both}{nothing}");
        assert_eq!(told(&text), [(1, String::new()), (4, "name".to_owned()), (8, String::new())]);
    }

    #[test]
    fn what_is_no_section_and_no_list_is_told_beside_mistakes_of_others() {
        let text = "netmond = 5\n[trigger]\nname = \"a\"\n[procmond]\nscan_intervall = \"5s\"\n\
                    [[fsmond]]\nsettle = \"1s\"\n[[fsmond]]\n";
        let expected = [
            (1, String::new()),
            (2, String::new()),
            (5, "scan_interval".to_owned()),
            (6, String::new()),
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn a_key_in_no_section_is_told_with_the_sections_that_have_it() {
        let text = "bus_type = \"local\"\nscan_interval = \"2s\"\ncollectors = [\"fsmond\"]\n\
                    [procmnd]\nscan_interval = \"2s\"\n";
        let expected = [
            (1, "event_bus.bus_type".to_owned()),
            (2, "netmond.scan_interval` or `procmond.scan_interval".to_owned()),
            (3, "agent.collectors".to_owned()),
            (4, "procmond".to_owned()),
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn no_more_than_the_limit_are_told() {
        let keys: Vec<_> = (0..=MAX_TOLD).map(|number| format!("unknown_{number} = 1")).collect();
        assert_eq!(told(&keys.join("\n")).len(), MAX_TOLD);
    }

    #[test]
    fn a_text_in_which_nothing_is_wrong_has_no_problem() {
        assert_eq!(told("[fsmond]\nrecursive = false\n"), []);
    }
}
