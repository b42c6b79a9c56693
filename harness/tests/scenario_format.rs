//! FORMAT.md says of every key what the reader does with it: its type, its names and limits, and what
//! is meant without it. That every key is on the page, `scenario_schema` holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use equivalence::plan::expand::survey_of_every_table;
use equivalence::plan::limits;
use equivalence::scenario::{MAX_TAG_BYTES, MAX_TAGS, Wanted};

/// What a table of keys begins with.
const HEADER: &str = "| Key | Type | Default | Meaning |";
/// What a table of things to do begins with.
const DOINGS: &str = "| `do` |";
/// Where the sorts of event are listed, and levels of priority.
const MIX: &str = "topology.publisher.mix";

/// One key as the page has it.
#[derive(Debug, Clone)]
struct Row {
    form: String,
    default: String,
}

/// The page, read.
struct Page {
    text: String,
    /// By table (`""` is the top) and key.
    rows: BTreeMap<(String, String), Row>,
}

impl Page {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/FORMAT.md");
        let text = fs::read_to_string(path).expect("the page").replace("\r\n", "\n");
        let mut rows = BTreeMap::new();
        for (heading, section) in sections(&text) {
            let lines = section.lines().skip_while(|line| *line != HEADER).skip(2);
            for line in lines.take_while(|line| line.starts_with('|')) {
                let cells = cells(line);
                let [key, form, default, ..] = cells.as_slice() else { panic!("{line}") };
                let table = if heading == "Top" { "" } else { heading.trim_matches('`') };
                let slot = (table.to_owned(), key.trim_matches('`').to_owned());
                let row = Row { form: (*form).to_owned(), default: (*default).to_owned() };
                assert!(rows.insert(slot, row).is_none(), "twice: {line}");
            }
        }
        Self { text, rows }
    }

    fn row(&self, table: &str, key: &str) -> &Row {
        let slot = (table.to_owned(), key.to_owned());
        self.rows.get(&slot).unwrap_or_else(|| panic!("no `{key}` of `{table}`"))
    }

    /// The form of a key, or that of the row it refers to.
    fn form(&self, table: &str, key: &str) -> &str {
        match self.row(table, key).form.as_str() {
            "see the mix" => &self.row(MIX, key).form,
            "as of a publisher" => &self.row("topology.publisher", key).form,
            "as above" => &self.row("expect", key).form,
            form => form,
        }
    }

    /// The names a value can have, by the words of a form and what they refer to.
    fn names(&self, table: &str, key: &str) -> BTreeSet<&str> {
        let form = self.form(table, key);
        let mut names: BTreeSet<&str> = spans(form).collect();
        let of = form.strip_prefix("list of ").unwrap_or(form);
        match of.split([' ', ',']).next() {
            Some("kinds") => names.extend(spans(&self.row(MIX, "kind").form)),
            Some("priority") => names.extend(spans(&self.row(MIX, "priority").form)),
            Some(word @ ("bus" | "outcome")) => names.extend(self.listed(word)),
            _ => {}
        }
        if key == "do" {
            names.extend(self.doings(table));
        }
        names
    }

    /// Names of a sort that the table of units lists.
    fn listed(&self, what: &str) -> impl Iterator<Item = &str> {
        let row = self.text.lines().find(|line| line.starts_with(&format!("| {what} |")));
        spans(cells(row.expect("it is listed"))[2])
    }

    /// First cells of the tables of a section that say what is done.
    fn doings(&self, table: &str) -> Vec<&str> {
        let heading = format!("`{table}`");
        let section = sections(&self.text).into_iter().find(|(own, _)| *own == heading);
        let (_, section) = section.expect("a section");
        let mut names = Vec::new();
        let (mut inside, mut before) = (false, "");
        for line in section.lines() {
            // A key of this name has a row in the middle of its table.
            let begins = line.starts_with(DOINGS) && !before.starts_with('|');
            inside = line.starts_with('|') && (inside || begins);
            before = line;
            if inside && !begins {
                // `delay` with `by`, until `heal`: what else is in a part is a key.
                names.extend(cells(line)[0].split(',').filter_map(|part| spans(part).next()));
            }
        }
        names
    }
}

/// Headings and what is below each.
fn sections(text: &str) -> Vec<(&str, &str)> {
    text.split("\n## ").skip(1).filter_map(|section| section.split_once('\n')).collect()
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// What stands between backticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// `5 000 000`, `16 MiB` or `10 min` at the beginning of a text, in single ones, bytes or milliseconds.
fn amount(text: &str) -> Option<u64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != ' ');
    let (number, rest) = text.split_at(digits.unwrap_or(text.len()));
    let number: u64 = number.replace(' ', "").parse().ok()?;
    let unit = rest.split(|letter: char| !letter.is_ascii_alphabetic()).next()?;
    let factor = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => 1,
    };
    Some(number * factor)
}

/// What is wrong with the form of a key, if anything.
fn wrong_form(page: &Page, table: &str, key: &str, read: &BTreeSet<Wanted>) -> Option<String> {
    let form = page.form(table, key);
    let is = |wanted: &Wanted| read.contains(wanted);
    let any = |wanted: &[Wanted]| wanted.iter().any(is);
    let most = read.iter().find_map(|wanted| match wanted {
        Wanted::AtMost(most) => Some(*most),
        _ => None,
    });
    let said_most = form.split_once("up to ").and_then(|(_, rest)| amount(rest));
    if said_most != most {
        return Some(format!("at most {most:?}"));
    }
    let (is_list, of) = match form.strip_prefix("list of ") {
        Some(of) => (true, of),
        None => (form == "`[first, last]`", form),
    };
    if is_list != is(&Wanted::List) {
        return Some("a list, or not".to_owned());
    }
    let names = read.iter().find_map(|wanted| match wanted {
        Wanted::OneOf(names) => Some(names.iter().map(String::as_str).collect::<BTreeSet<_>>()),
        _ => None,
    });
    let range = of.split_once(" to ").and_then(|(first, last)| {
        let last = last.split(|letter: char| !letter.is_ascii_digit()).next()?;
        Some(Wanted::Integer(first.parse().ok()?, last.parse().ok()?))
    });
    let word = of.split([' ', ',', ':']).next().unwrap_or_default();
    let is_known = match (names, range) {
        // Of those who take part in one scenario the page knows no names.
        (Some(_), _) if word == "name" => true,
        (Some(names), _) => names == page.names(table, key),
        (None, Some(range)) => is(&range),
        (None, None) => match word {
            "text" | "topic" | "topics" | "pattern" | "patterns" | "name" | "contract" | "day" => {
                any(&[Wanted::Text, Wanted::Scalar])
            }
            "table" => any(&[Wanted::Table, Wanted::Pairs]),
            "array" => is(&Wanted::Tables),
            "true" => is(&Wanted::Boolean),
            "size" => is(&Wanted::Size),
            "duration" => is(&Wanted::Duration),
            "rate" => is(&Wanted::Rate),
            "process" => is(&Wanted::Integer(0, u32::MAX.into())),
            "count" => {
                is(&Wanted::Count) || read.iter().any(|one| matches!(one, Wanted::Integer(..)))
            }
            "1" => is(&Wanted::Integer(1, 1)),
            // A ratio is read as whatever number it is.
            "number" => table == "gate.METRIC",
            "`[first" => is(&Wanted::Count),
            // Numbers of the contract, by their ends.
            _ => form.contains("` to `") && is(&Wanted::Text),
        },
    };
    (!is_known).then(|| "another type, or other names".to_owned())
}

/// What is wrong with the default of a key, if anything.
fn wrong_default(said: &str, read: &BTreeSet<Wanted>) -> Option<String> {
    let plain = said.replace('`', "");
    let default = read.iter().find_map(|wanted| match wanted {
        Wanted::Default(default) => Some(*default),
        _ => None,
    });
    let is_required = read.contains(&Wanted::Required);
    // Of a missing table the reader has a message of its own.
    let is_table = read.contains(&Wanted::Table) || read.contains(&Wanted::Tables);
    if is_required && !(plain.starts_with("required") || plain == "by step" || plain == "as above")
    {
        // A step has some keys by what it does, and a default where it has one.
        return default.is_none().then(|| "required".to_owned());
    }
    if plain == "required" && !is_required && !is_table {
        return Some("not required".to_owned());
    }
    let is_said = match default? {
        "[]" | "{}" => ["none", "all"].contains(&plain.as_str()),
        list if list.starts_with('[') => plain == "all",
        value => {
            let rest = plain.strip_prefix(value.trim_matches('"'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
        }
    };
    (!is_said).then(|| format!("{default:?}"))
}

#[test]
fn every_documented_key_exists() {
    let survey = survey_of_every_table();
    let known: BTreeSet<(&str, &str)> = survey.keys().copied().collect();
    let page = Page::read();
    let slots = page.rows.keys().map(|(table, key)| (table.as_str(), key.as_str()));
    let unknown: Vec<_> = slots.filter(|slot| !known.contains(slot)).collect();
    assert!(unknown.is_empty(), "in FORMAT.md, and no key: {unknown:?}");
    assert!(page.rows.len() > 100, "the page is read: {}", page.rows.len());
}

#[test]
fn types_names_and_limits_are_those_of_the_reader() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for ((table, key), read) in survey_of_every_table() {
        if let Some(why) = wrong_form(&page, table, key, &read) {
            let form = page.form(table, key);
            wrong.push(format!("`{key}` of `{table}` is {form:?}, but: {why}: {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn defaults_are_those_of_the_reader() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for ((table, key), read) in survey_of_every_table() {
        let said = &page.row(table, key).default;
        if let Some(why) = wrong_default(said, &read) {
            wrong.push(format!("`{key}` of `{table}` has the default {said:?}, but: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_limits_on_the_page_are_those_of_the_code() {
    let page = Page::read();
    let (_, section) =
        sections(&page.text).into_iter().find(|(own, _)| *own == "Limits").expect("a section");
    let of = |what: &str| -> Vec<u64> {
        let row = section.lines().find(|line| line.starts_with(&format!("| {what}")));
        let cells = cells(row.unwrap_or_else(|| panic!("no row {what}")));
        cells[1].split(';').filter_map(|number| amount(number.trim())).collect()
    };
    let whole = |number: usize| u64::try_from(number).expect("small");
    for (what, numbers) in [
        ("planned events of a trial", vec![limits::MAX_TRIAL_EVENTS]),
        ("planned deliveries of a trial", vec![limits::MAX_TRIAL_DELIVERIES]),
        ("publishing of a phase", vec![limits::MAX_PHASE_MS]),
        ("quiet time of a phase", vec![limits::MAX_IDLE_MS]),
        ("publish limit", vec![limits::MAX_WAIT_MS]),
        ("publishers; subscribers", vec![whole(limits::MAX_ROLES)]),
        ("topics of a part", vec![u64::from(limits::MAX_TOPICS), whole(limits::MAX_SUBSCRIPTIONS)]),
        ("operating system processes", vec![whole(limits::MAX_TRIAL_PROCESSES)]),
        ("shares and actions", vec![whole(limits::MAX_TRIAL_STEPS)]),
        ("publishers and subscribers over all", vec![whole(limits::MAX_SCENARIO_ROLES)]),
        ("payload", vec![whole(limits::MAX_PAYLOAD_BYTES)]),
        ("records in the tables", vec![whole(limits::MAX_TABLE_RECORDS)]),
        ("tags of a scenario", vec![whole(MAX_TAGS), whole(MAX_TAG_BYTES)]),
    ] {
        assert_eq!(of(what), numbers, "{what}");
    }
}

/// Every key of the examples on the page, with the table it stands in: the last name on the way there.
fn keys_of_examples(text: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for example in text.split("```toml\n").skip(1) {
        let example = example.split("```").next().expect("split yields one part");
        walk("", &example.parse::<toml::Table>().expect("TOML"), &mut found);
    }
    found
}

fn walk(table: &str, entries: &toml::Table, found: &mut BTreeSet<(String, String)>) {
    for (key, value) in entries {
        found.insert((table.to_owned(), key.clone()));
        let below: Vec<&toml::Table> = match value {
            toml::Value::Table(below) => vec![below],
            toml::Value::Array(list) => list.iter().filter_map(toml::Value::as_table).collect(),
            _ => continue,
        };
        for below in below {
            walk(key, below, found);
        }
    }
}

#[test]
fn every_key_stands_in_an_example() {
    let page = Page::read();
    let found = keys_of_examples(&page.text);
    let names = |table: &str| -> Vec<String> {
        found.iter().filter(|(own, _)| own == table).map(|(_, key)| key.clone()).collect()
    };
    let missing = page.rows.keys().filter(|(table, key)| {
        // Beside a table for each bus or metric: one of them shows how.
        let own = match table.rsplit('.').next().unwrap_or_default() {
            "not-applicable" => return names("not-applicable").is_empty(),
            "gate" => return names("gate").is_empty(),
            "BUS" => names("on"),
            "METRIC" => names("gate"),
            own => vec![own.to_owned()],
        };
        !own.iter().any(|own| found.contains(&(own.clone(), key.clone())))
    });
    let missing: Vec<String> = missing.map(|(table, key)| format!("{table}.{key}")).collect();
    assert!(missing.is_empty(), "in no example of FORMAT.md: {missing:?}");
}
