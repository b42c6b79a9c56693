//! Decisions written into the files they belong to; comments and order stay as they are.

use toml_edit::{
    ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, TomlError, Value, value,
};

use super::finding::What;
use crate::plan::refusals::Refusal;
use crate::plan::{Bus, Day, Observe};

/// What the file of refusals begins with.
const REFUSED_HEAD: &str = "\
# Differences that were looked at and are defects. They go on failing; `review` does not ask about them again.
# It writes here; take out what was mended.
format = 1
";
/// The list of a scenario that acceptances belong to.
const DIVERGENCES: &str = "divergence";
/// That of the file of refusals.
const REFUSALS: &str = "refused";

/// A key and its text.
type Said<'s> = (&'s str, &'s str);

/// A departure that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) id: String,
    pub(super) reason: String,
    pub(super) owner: String,
    pub(super) until: Day,
    pub(super) observe: Observe,
}

/// Why a text stays as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum EditError {
    /// It is no TOML.
    #[error("{0}")]
    Toml(#[from] TomlError),
    /// There is nothing of the sort to change.
    #[error("it declares no {0} for that bus any more")]
    Gone(String),
    /// It has other things where the entries belong.
    #[error("`{0}` is no list of tables there")]
    NoList(&'static str),
}

/// A scenario with a departure accepted: declared, or the declaration that is there renewed.
pub(super) fn accept(
    scenario: &str,
    (bus, what): (Bus, &What),
    accepted: &Accepted,
) -> Result<String, EditError> {
    let mut document: DocumentMut = scenario.parse()?;
    let until = accepted.until.to_string();
    let said = [
        ("reason", accepted.reason.as_str()),
        ("owner", &accepted.owner),
        ("until", &until),
        ("observe", accepted.observe.as_str()),
    ];
    match what {
        What::Broken(rule) => {
            let id = ("id", accepted.id.as_str());
            let named = [("rule", rule.as_str()), ("bus", bus.as_str())];
            match entry(&mut document, DIVERGENCES, &named)? {
                Some(earlier) => say(earlier, &said),
                None => push(&mut document, DIVERGENCES, [id].iter().chain(&named).chain(&said))?,
            }
        }
        What::Expired(id) | What::NotObserved(id) => {
            let named = [("id", id.as_str()), ("bus", bus.as_str())];
            let declared = entry(&mut document, DIVERGENCES, &named)?;
            say(declared.ok_or_else(|| EditError::Gone(id.clone()))?, &said);
        }
        What::Difference => return Err(EditError::Gone(what.rule().to_owned())),
    }
    Ok(document.to_string())
}

/// The file of refusals with this one, which takes the place of an earlier one of the same; empty text is no
/// file yet.
pub(super) fn refuse(refused: &str, refusal: &Refusal) -> Result<String, EditError> {
    let text = if refused.is_empty() { REFUSED_HEAD } else { refused };
    let mut document: DocumentMut = text.parse()?;
    let Refusal { scenario, bus, rule, reason, owner, day } = refusal;
    let day = day.to_string();
    let named = [("scenario", scenario.as_str()), ("bus", bus.as_str()), ("rule", rule)];
    let said = [("reason", reason.as_str()), ("owner", owner), ("day", &day)];
    match entry(&mut document, REFUSALS, &named)? {
        Some(earlier) => say(earlier, &said),
        None => push(&mut document, REFUSALS, named.iter().chain(&said))?,
    }
    Ok(document.to_string())
}

/// The first entry of a list that says all of this, if there is one.
fn entry<'d>(
    document: &'d mut DocumentMut,
    list: &'static str,
    named: &[Said<'_>],
) -> Result<Option<&'d mut dyn TableLike>, EditError> {
    let is_it = |entry: &dyn TableLike| {
        let says = |(key, said): &Said<'_>| entry.get(key).and_then(Item::as_str) == Some(*said);
        named.iter().all(says)
    };
    match document.get_mut(list) {
        None => Ok(None),
        Some(Item::ArrayOfTables(entries)) => {
            let found = entries.iter_mut().find(|entry| is_it(*entry));
            Ok(found.map(|entry| entry as &mut dyn TableLike))
        }
        Some(Item::Value(Value::Array(entries))) => {
            let mut tables = entries.iter_mut().filter_map(Value::as_inline_table_mut);
            let found = tables.find(|entry| is_it(*entry));
            Ok(found.map(|entry| entry as &mut dyn TableLike))
        }
        Some(_) => Err(EditError::NoList(list)),
    }
}

/// Other values for keys of an entry. A value is changed where it stands, since inserting one takes away
/// the comments around the old one.
fn say(entry: &mut dyn TableLike, said: &[Said<'_>]) {
    for (key, said) in said {
        if let Some(Item::Value(old)) = entry.get_mut(key) {
            let mut new = Value::from(*said);
            *new.decor_mut() = old.decor().clone();
            *old = new;
        } else {
            entry.insert(key, value(*said));
        }
    }
}

/// One more entry of a list, in the way the list is written.
fn push<'s>(
    document: &mut DocumentMut,
    list: &'static str,
    said: impl Iterator<Item = &'s Said<'s>>,
) -> Result<(), EditError> {
    let entries = document.entry(list).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    match entries {
        Item::ArrayOfTables(entries) => {
            let mut table = Table::new();
            for (key, said) in said {
                table.insert(key, value(*said));
            }
            entries.push(table);
        }
        Item::Value(Value::Array(entries)) => {
            entries.push(said.copied().collect::<InlineTable>());
        }
        _ => return Err(EditError::NoList(list)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENARIO: &str = "\
# Why it is so.
format = 1
name = \"ordering/one\" # kept

[[divergence]]
id = \"V2\"
rule = \"C10\"
bus = \"process\"
reason = \"old\" # as it was told
# Whoever knows.
owner = \"nobody\"
until = \"2026-01-01\"  # a holiday
";

    fn accepted() -> Accepted {
        Accepted {
            id: "process-c4".to_owned(),
            reason: "a \"known\" race".to_owned(),
            owner: "bus".to_owned(),
            until: Day::of("2027-01-31").expect("a day"),
            observe: Observe::May,
        }
    }

    #[test]
    fn what_is_accepted_is_declared_and_nothing_else_is_touched() {
        let what = What::Broken("C4".to_owned());
        let text = accept(SCENARIO, (Bus::Process, &what), &accepted()).expect("edited");
        let added = text.strip_prefix(SCENARIO).expect("the rest stays");
        let expected = "\n[[divergence]]\nid = \"process-c4\"\nrule = \"C4\"\nbus = \"process\"\n\
                        reason = 'a \"known\" race'\nowner = \"bus\"\nuntil = \"2027-01-31\"\n\
                        observe = \"may\"\n";
        assert_eq!(added, expected);
    }

    #[test]
    fn the_first_declaration_of_a_file_and_one_in_a_list_are_written_as_the_file_is() {
        let what = What::Broken("C4".to_owned());
        let first = accept("format = 1\n", (Bus::Process, &what), &accepted()).expect("edited");
        assert!(first.starts_with("format = 1\n\n[[divergence]]\n"), "{first}");
        let listed = "divergence = [{ id = \"V2\", bus = \"agent\" }]\n";
        let text = accept(listed, (Bus::Process, &what), &accepted()).expect("edited");
        assert!(text.contains("{ id = \"process-c4\", rule = \"C4\""), "{text}");
    }

    #[test]
    fn a_declaration_is_renewed_where_it_stands() {
        for what in [What::Expired("V2".to_owned()), What::NotObserved("V2".to_owned())] {
            let text = accept(SCENARIO, (Bus::Process, &what), &accepted()).expect("edited");
            let renewed = SCENARIO
                .replace("\"old\"", "'a \"known\" race'")
                .replace("\"nobody\"", "\"bus\"")
                .replace("2026-01-01", "2027-01-31");
            assert_eq!(text, format!("{renewed}observe = \"may\"\n"));
            let gone = accept(SCENARIO, (Bus::Agent, &what), &accepted());
            assert!(matches!(gone, Err(EditError::Gone(_))), "{gone:?}");
        }
    }

    #[test]
    fn a_promise_whose_departure_is_declared_there_is_declared_once() {
        let what = What::Broken("C10".to_owned());
        let text = accept(SCENARIO, (Bus::Process, &what), &accepted()).expect("edited");
        assert_eq!(text.matches("[[divergence]]").count(), 1, "{text}");
        assert!(text.contains("id = \"V2\"") && text.contains("2027-01-31"), "{text}");
        let other = accept(SCENARIO, (Bus::Agent, &what), &accepted()).expect("edited");
        assert_eq!(other.matches("[[divergence]]").count(), 2, "{other}");
    }

    #[test]
    fn a_declaration_in_a_list_is_renewed_as_it_is_written() {
        let listed = "divergence = [ { id = \"V2\", bus = \"process\", reason =  \"old\" } ]\n";
        let what = What::Expired("V2".to_owned());
        let text = accept(listed, (Bus::Process, &what), &accepted()).expect("edited");
        assert!(text.contains("bus = \"process\", reason =  'a \"known\" race'"), "{text}");
        let gone = accept("format = 1\n", (Bus::Process, &what), &accepted());
        assert!(matches!(gone, Err(EditError::Gone(_))), "{gone:?}");
        let wrong = accept("divergence = 1\n", (Bus::Process, &what), &accepted());
        assert!(matches!(wrong, Err(EditError::NoList(DIVERGENCES))), "{wrong:?}");
    }

    #[test]
    fn refusals_gather_in_one_file_and_none_is_there_twice() {
        let of = |scenario: &str, reason: &str| Refusal {
            scenario: scenario.to_owned(),
            bus: Bus::Process,
            rule: "C4".to_owned(),
            reason: reason.to_owned(),
            owner: "bus".to_owned(),
            day: Day::of("2026-11-30").expect("a day"),
        };
        let first = refuse("", &of("a/b", "a race")).expect("written");
        assert!(first.starts_with("# Differences"), "{first}");
        let both = refuse(&first, &of("c/d", "a race")).expect("written");
        assert!(both.starts_with(&first) && both.matches("[[refused]]").count() == 2, "{both}");
        let again = refuse(&both, &of("a/b", "still a race")).expect("written");
        assert_eq!(again, both.replacen("a race", "still a race", 1));
        assert!(refuse("refused = 1", &of("a/b", "a race")).is_err());
    }
}
