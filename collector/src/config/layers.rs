//! Layers of configuration: flags over environment over user file over system file over defaults.
//!
//! Every layer is checked alone and strictly, so that an error names its own place; then tables
//! are overlaid key by key, and every key remembers the layer that set it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::refusals::refusals;
use super::violation::Violation;
use super::{CollectorName, ConfigError, Origin, Problem, Settings, keys, shape};

/// What environment variables that set something begin with. Sections and key are separated by two
/// underscores: `DAEMONEYE_EVENT_BUS__BUS_TYPE`, `DAEMONEYE_EVENT_BUS__DAEMONEYE__PUBLISH_LIMIT`.
const VARIABLE_PREFIX: &str = "DAEMONEYE_";
const LEVEL_SEPARATOR: &str = "__";

/// A configuration in the making.
///
/// ```
/// use std::path::Path;
///
/// use collector_core::config::{Layers, Origin};
///
/// let mut layers = Layers::new();
/// let system = "[collector]\nevent_buffer_size = 2000\nmax_batch_size = 200\n";
/// layers.text(Path::new("system.toml"), system.to_owned())?;
/// let user = "[collector]\nmax_batch_size = 300\n";
/// layers.text(Path::new("user.toml"), user.to_owned())?;
/// let variable = "DAEMONEYE_COLLECTOR__MAX_BATCH_SIZE";
/// layers.environment([(variable.to_owned(), "400".to_owned())])?;
/// layers.assignment("--set", "collector.max_batch_size=500")?;
///
/// let resolved = layers.resolve()?;
/// let collector = &resolved.settings.collector;
/// assert_eq!(collector.max_batch_size, 500, "of the flag");
/// assert_eq!(collector.event_buffer_size, 2000, "of the system's file");
/// assert_eq!(collector.max_event_sources, 16, "the default");
/// assert!(matches!(resolved.origin("collector.max_batch_size"), Origin::Flag { .. }));
/// # Ok::<(), collector_core::config::ConfigError>(())
/// ```
#[derive(Debug, Default)]
pub struct Layers {
    layers: Vec<Layer>,
}

/// One layer, already checked by itself.
#[derive(Debug)]
struct Layer {
    origin: Origin,
    table: Table,
    text: Option<String>,
}

/// A valid configuration, and where each of its values came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The values.
    pub settings: Settings,
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    /// The built-in defaults alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file that must exist. Add the system's file before the user's.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => self.text(path, text),
            Err(error) => Err(ConfigError::unreadable(path.to_owned(), &error)),
        }
    }

    /// Adds a file unless there is none.
    pub fn file_if_present(&mut self, path: &Path) -> Result<(), ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => self.text(path, text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(ConfigError::unreadable(path.to_owned(), &error)),
        }
    }

    /// Adds the text of a file.
    pub fn text(&mut self, path: &Path, text: String) -> Result<(), ConfigError> {
        let origin = Origin::File { path: path.to_owned() };
        let table: Table = toml::from_str(&text).map_err(|error| {
            ConfigError::one(Problem::refused(origin.clone(), &error, Some(&text)))
        })?;
        let problems = refusals(&origin, &text);
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        self.layers.push(Layer { origin, table, text: Some(text) });
        Ok(())
    }

    /// Adds the environment: every variable named `DAEMONEYE_SECTION__KEY` sets `section.key`, and
    /// with more sections before it a key of an inner one.
    ///
    /// Values are TOML; what is no TOML is a plain text. A variable that would set something if its
    /// underscores were doubled where they should be is an error; others are none of ours.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        for (variable, text) in variables {
            let Some(name) = variable.strip_prefix(VARIABLE_PREFIX) else { continue };
            if !name.contains(LEVEL_SEPARATOR) {
                problems.extend(without_levels(&variable, name));
                continue;
            }
            let key = name.to_lowercase().replace(LEVEL_SEPARATOR, ".");
            let origin = Origin::Environment { variable };
            match checked(origin, &key, value_of(&text)) {
                Ok(layer) => self.layers.push(layer),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
    }

    /// Adds a flag that sets a dotted key.
    pub fn flag(
        &mut self,
        flag: &str,
        key: &str,
        value: impl Into<Value>,
    ) -> Result<(), ConfigError> {
        let origin = Origin::Flag { flag: flag.to_owned() };
        self.layers.push(checked(origin, key, value.into()).map_err(ConfigError::one)?);
        Ok(())
    }

    /// Adds a flag whose value is `KEY=VALUE`; values are TOML, what is no TOML is a plain text.
    pub fn assignment(&mut self, flag: &str, assignment: &str) -> Result<(), ConfigError> {
        let origin = Origin::Flag { flag: format!("{flag} {assignment}") };
        let Some((key, text)) = assignment.split_once('=') else {
            return Err(ConfigError::one(Problem {
                origin,
                message: "it has no value; write KEY=VALUE, as in `procmond.scan_interval=5s`"
                    .to_owned(),
                suggestion: None,
                place: None,
            }));
        };
        let layer = checked(origin, key.trim(), value_of(text)).map_err(ConfigError::one)?;
        self.layers.push(layer);
        Ok(())
    }

    /// Adds a section as a collector was started with it.
    pub(super) fn started_with(&mut self, section: &str, values: Table) {
        let mut table = Table::new();
        table.insert(section.to_owned(), Value::Table(values));
        self.layers.push(Layer { origin: Origin::Start, table, text: None });
    }

    /// Adds a change of a running collector; values are TOML, what is no TOML is a plain text.
    pub(super) fn update(&mut self, key: &str, text: &str) -> Result<(), ConfigError> {
        let origin = Origin::Update { change: format!("{key}={text}") };
        self.layers.push(checked(origin, key, value_of(text)).map_err(ConfigError::one)?);
        Ok(())
    }

    /// Overlays the layers and checks the whole.
    pub fn resolve(self) -> Result<Resolved, ConfigError> {
        self.resolve_for(&[])
    }

    /// The same for these collectors, which are to run with it side by side.
    pub fn resolve_for(mut self, collectors: &[CollectorName]) -> Result<Resolved, ConfigError> {
        self.layers.sort_by_key(|layer| layer.origin.rank());
        let mut merged = Table::new();
        let mut origins = BTreeMap::new();
        for layer in &self.layers {
            overlay(&mut merged, &layer.table, "", &layer.origin, &mut origins);
        }
        let settings = Settings::deserialize(merged.into_deserializer())
            .map_err(|error| ConfigError::one(Problem::refused(Origin::Default, &error, None)))?;
        let mut violations = settings.violations();
        violations.extend(settings.ipc.violation_of_several(collectors.len()));
        let problems: Vec<_> =
            violations.iter().map(|violation| self.problem_at(violation, &origins)).collect();
        if problems.is_empty() {
            Ok(Resolved { settings, origins })
        } else {
            Err(ConfigError { problems })
        }
    }

    fn problem_at(&self, violation: &Violation, origins: &BTreeMap<String, Origin>) -> Problem {
        let Violation { key: _, others: _, message, part, suggestion } = violation;
        let key = self.set_last(violation, origins);
        let origin = origin_of(key, origins);
        let text = self
            .layers
            .iter()
            .rev()
            .find(|layer| layer.origin == origin)
            .and_then(|layer| layer.text.as_deref());
        let place = text.and_then(|text| {
            let value = locate(text, key)?;
            let place = part.as_ref().map_or(value.clone(), |part| part.within(text, value));
            Some((text.to_owned(), place))
        });
        let (message, suggestion) = (format!("`{key}`: {message}"), suggestion.clone());
        Problem { origin, message, suggestion, place }
    }

    /// Which key of a violation was set last, as the others were there when it was: the first of
    /// those that were set together.
    fn set_last<'v>(
        &self,
        violation: &'v Violation,
        origins: &BTreeMap<String, Origin>,
    ) -> &'v str {
        let layer = |key: &str| {
            let origin = origin_of(key, origins);
            self.layers.iter().rposition(|layer| layer.origin == origin)
        };
        let later = |last: &'v str, key: &'v str| if layer(key) > layer(last) { key } else { last };
        violation.others.iter().map(String::as_str).fold(violation.key.as_str(), later)
    }
}

impl Resolved {
    /// Where the value of a dotted key such as `event_bus.bus_type` came from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.origins.get(key).unwrap_or(&Origin::Default)
    }
}

/// One value as a layer, checked as if it stood in a file.
fn checked(origin: Origin, key: &str, value: Value) -> Result<Layer, Problem> {
    if let Some(message) = shape::misshapen(key, &value) {
        return Err(Problem { origin, message, suggestion: None, place: None });
    }
    let mut table = Table::new();
    let leaf = key.rsplit('.').fold(value, |inner, level| {
        let mut table = Table::new();
        table.insert(level.to_owned(), inner);
        Value::Table(table)
    });
    if let Value::Table(whole) = leaf {
        table = whole;
    }
    match Settings::deserialize(table.clone().into_deserializer()) {
        Ok(_) => Ok(Layer { origin, table, text: None }),
        Err(error) => {
            let mut problem = Problem::refused(origin, &error, None);
            if let Some(meant) = keys::of_sections(key) {
                problem.suggestion = Some(meant);
            }
            Err(problem)
        }
    }
}

/// Why a variable sets nothing that has a key's name but for its underscores.
fn without_levels(variable: &str, name: &str) -> Option<Problem> {
    let name = name.to_lowercase();
    let key = keys::all().into_iter().find(|key| key.replace('.', "_") == name)?;
    let meant = key.replace('.', LEVEL_SEPARATOR).to_uppercase();
    Some(Problem {
        origin: Origin::Environment { variable: variable.to_owned() },
        message: "it sets nothing: two underscores part a section from its key".to_owned(),
        suggestion: Some(format!("{VARIABLE_PREFIX}{meant}")),
        place: None,
    })
}

fn value_of(text: &str) -> Value {
    let document: Result<Table, _> = toml::from_str(&format!("value = {text}"));
    document
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

fn overlay(
    below: &mut Table,
    above: &Table,
    prefix: &str,
    origin: &Origin,
    origins: &mut BTreeMap<String, Origin>,
) {
    for (key, value) in above {
        let dotted = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match (below.get_mut(key), value) {
            (Some(Value::Table(inner)), Value::Table(table)) => {
                overlay(inner, table, &dotted, origin, origins);
            }
            (_, Value::Table(table)) => {
                let mut inner = Table::new();
                overlay(&mut inner, table, &dotted, origin, origins);
                below.insert(key.clone(), Value::Table(inner));
            }
            _ => {
                below.insert(key.clone(), value.clone());
                origins.insert(dotted, origin.clone());
            }
        }
    }
}

/// The layer that set a key, or the list it is in: a list is set as a whole.
fn origin_of(key: &str, origins: &BTreeMap<String, Origin>) -> Origin {
    let mut key = key;
    loop {
        if let Some(origin) = origins.get(key) {
            return origin.clone();
        }
        let Some((outer, _)) = key.rsplit_once('.') else { return Origin::Default };
        key = outer;
    }
}

/// The bytes of the value of a dotted key; an entry of a list is its number, from 0.
fn locate(text: &str, key: &str) -> Option<Range<usize>> {
    let document = DeTable::parse(text).ok()?;
    let mut levels = key.split('.');
    let mut value = document.get_ref().get(levels.next()?)?;
    for level in levels {
        value = match value.get_ref() {
            DeValue::Table(table) => table.get(level)?,
            DeValue::Array(list) => list.get(level.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value.span())
}

#[cfg(test)]
mod tests;
