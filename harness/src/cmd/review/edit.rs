//! Decisions written into the files they belong to; comments and order stay as they are.

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TomlError, Value, value};

use super::finding::What;
use crate::plan::{Bus, Day, Observe};

/// What the file of refusals begins with.
const REFUSED_HEAD: &str = "\
# Differences that were looked at and are defects. They go on failing; `review` does not ask about them again.
# It writes here; take out what was mended.
format = 1
";

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

/// A scenario with a departure accepted: declared, or its declaration renewed.
pub(super) fn accept(
    scenario: &str,
    (bus, what): (Bus, &What),
    accepted: &Accepted,
) -> Result<String, EditError> {
    let mut document: DocumentMut = scenario.parse()?;
    match what {
        What::Broken(rule) => {
            let entry = [
                ("id", accepted.id.as_str()),
                ("rule", rule),
                ("bus", bus.as_str()),
                ("reason", &accepted.reason),
                ("owner", &accepted.owner),
                ("until", &accepted.until.to_string()),
                ("observe", written(accepted.observe)),
            ];
            push(&mut document, "divergence", &entry)?;
        }
        What::Expired(id) | What::NotObserved(id) => {
            let entry = declared(&mut document, id, bus)?;
            entry.insert("reason", value(&accepted.reason));
            entry.insert("owner", value(&accepted.owner));
            entry.insert("until", value(accepted.until.to_string()));
            entry.insert("observe", value(written(accepted.observe)));
        }
        What::Difference => return Err(EditError::Gone(what.rule().to_owned())),
    }
    Ok(document.to_string())
}

/// The file of refusals with one more; empty text is no file yet.
pub(super) fn refuse(refused: &str, entry: &[(&str, &str)]) -> Result<String, EditError> {
    let text = if refused.is_empty() { REFUSED_HEAD } else { refused };
    let mut document: DocumentMut = text.parse()?;
    push(&mut document, "refused", entry)?;
    Ok(document.to_string())
}

fn written(observe: Observe) -> &'static str {
    match observe {
        Observe::Always => "always",
        Observe::May => "may",
    }
}

/// The declaration of that id for that bus.
fn declared<'d>(
    document: &'d mut DocumentMut,
    id: &str,
    bus: Bus,
) -> Result<&'d mut dyn toml_edit::TableLike, EditError> {
    let gone = || EditError::Gone(id.to_owned());
    let is_it = |entry: &dyn toml_edit::TableLike| {
        let says = |key: &str, wanted: &str| {
            entry.get(key).and_then(Item::as_str).is_some_and(|said| said == wanted)
        };
        says("id", id) && says("bus", bus.as_str())
    };
    match document.get_mut("divergence").ok_or_else(gone)? {
        Item::ArrayOfTables(entries) => {
            let found = entries.iter_mut().find(|entry| is_it(*entry)).ok_or_else(gone)?;
            Ok(found)
        }
        Item::Value(Value::Array(entries)) => {
            let mut tables = entries.iter_mut().filter_map(Value::as_inline_table_mut);
            let found = tables.find(|entry| is_it(*entry)).ok_or_else(gone)?;
            Ok(found)
        }
        _ => Err(EditError::NoList("divergence")),
    }
}

/// One more entry of a list, in the way the list is written.
fn push(
    document: &mut DocumentMut,
    list: &'static str,
    entry: &[(&str, &str)],
) -> Result<(), EditError> {
    let entries = document.entry(list).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    match entries {
        Item::ArrayOfTables(entries) => {
            let mut table = Table::new();
            for (key, said) in entry {
                table.insert(key, value(*said));
            }
            entries.push(table);
        }
        Item::Value(Value::Array(entries)) => {
            let table: InlineTable =
                entry.iter().map(|(key, said)| (*key, Value::from(*said))).collect();
            entries.push(table);
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
reason = \"old\"
owner = \"nobody\"
until = \"2026-01-01\"
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
            assert!(text.starts_with("# Why it is so.\nformat = 1\n"), "{text}");
            assert!(text.contains("until = \"2027-01-31\"\nobserve = \"may\"\n"), "{text}");
            assert_eq!(text.matches("[[divergence]]").count(), 1);
            let gone = accept(SCENARIO, (Bus::Agent, &what), &accepted());
            assert!(matches!(gone, Err(EditError::Gone(_))), "{gone:?}");
        }
    }

    #[test]
    fn refusals_gather_in_one_file() {
        let one = [("scenario", "a/b"), ("bus", "process")];
        let first = refuse("", &one).expect("written");
        assert!(first.starts_with("# Differences"), "{first}");
        let both = refuse(&first, &[("scenario", "c/d"), ("bus", "agent")]).expect("written");
        assert!(both.starts_with(&first) && both.matches("[[refused]]").count() == 2, "{both}");
        assert!(refuse("refused = 1", &one).is_err());
    }
}
