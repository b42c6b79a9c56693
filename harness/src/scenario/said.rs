//! A scenario as said: its document, and the names its values are written with.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::header::{self, Header};
use super::{
    At, Node, Problems, Profile, Reader, Recordings, Source, Table, Value, document, listed,
    suggestion,
};

/// Cases of one scenario in one profile, at most: more is a matrix out of hand.
const MAX_POINTS: usize = 256;

/// Longest text of an axis or a named value, bytes: it may stand in many places of a file.
const MAX_VALUE_BYTES: usize = 255;

/// A scenario file whose syntax and names are known; its meaning is checked by the plan.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file.
    pub source: Arc<Source>,
    /// `delivery/steady-small`; equals the path below the scenarios folder.
    pub name: String,
    /// Contract numbers it shows.
    pub claims: Vec<String>,
    /// The matrix, in file order.
    pub axes: Vec<Axis>,
    /// Short words to find it by; most have none.
    pub tags: Vec<String>,
    /// Profiles it is part of.
    pub profiles: Vec<Profile>,
    /// What lies beside it to be replayed, by the names it says; none where it is no file.
    pub recordings: Arc<Recordings>,
    pub(crate) root: Node,
    /// Named values that are no axis.
    values: Vec<(String, Value)>,
    /// What a profile changes: values of an axis, or a named value.
    changes: BTreeMap<Profile, Vec<(String, Node)>>,
}

/// One axis of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Its name, as in `${name}`.
    pub name: String,
    pub(crate) values: Vec<Value>,
}

/// One point of a matrix in a profile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    /// Axis and value, in file order: the part of a case id in brackets.
    pub(crate) axes: Vec<(String, String)>,
    /// Everything `${…}` may name.
    pub(crate) names: BTreeMap<String, Value>,
}

impl Scenario {
    /// Reads a file: only broken syntax is an error here. All other mistakes, those of header and
    /// matrix included, are the plan's to tell, so that they are told at once.
    pub fn parse(source: Source) -> Result<Self, Problems> {
        let source = Arc::new(source);
        let (root, problems) = document::parse(&source.text);
        if let Some(problems) = Problems::of(&source, problems) {
            // Keys of a torn document are not worth judging.
            return Err(problems);
        }
        let reader = Reader::new(&source, BTreeMap::new());
        let table = reader.root(&root);
        let Header { name, claims, tags, profiles } = header::read(&table, &|_| None);
        let Matrix { axes, values, changes } = read_matrix(&table);
        drop(table);
        drop(reader);
        let recordings = Arc::default();
        Ok(Self { source, name, claims, axes, tags, profiles, recordings, root, values, changes })
    }

    /// The same with what its publishers replay.
    #[must_use]
    pub fn with_recordings(self, recordings: Recordings) -> Self {
        Self { recordings: Arc::new(recordings), ..self }
    }

    /// Names of the recordings its publishers replay, at any point of any profile.
    pub(super) fn names_of_recordings(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for point in Profile::ALL.into_iter().flat_map(|profile| self.points(profile)) {
            let reader = Reader::new(&self.source, point.names);
            let Some(topology) = reader.root(&self.root).table("topology", "topology") else {
                continue;
            };
            let publishers = topology.tables("publisher", "topology.publisher");
            names.extend(publishers.iter().filter_map(|one| one.optional("recording", At::text)));
        }
        names
    }

    /// Every point of the matrix in a profile, the last axis changing fastest; none if the
    /// scenario is not part of it.
    pub(crate) fn points(&self, profile: Profile) -> Vec<Point> {
        if !self.profiles.contains(&profile) {
            return Vec::new();
        }
        let changes = self.changes.get(&profile).map(Vec::as_slice).unwrap_or_default();
        let changed = |name: &str| changes.iter().find(|(n, _)| n == name).map(|(_, node)| node);
        let values = self.values.iter().map(|(name, value)| {
            let value = changed(name).map_or_else(|| value.clone(), |node| node.value.clone());
            (name.clone(), value)
        });
        let mut points = vec![Point { axes: Vec::new(), names: values.collect() }];
        for axis in &self.axes {
            let kept = match changed(&axis.name).map(|node| &node.value) {
                Some(Value::Array(items)) => items.iter().map(|item| item.value.clone()).collect(),
                _ => axis.values.clone(),
            };
            points = points
                .iter()
                .flat_map(|point| kept.iter().map(|value| point.with(&axis.name, value)))
                .collect();
        }
        points
    }

    /// Line of a key, found by the tables around it and its own name, counted from 1; `None` where the
    /// file does not say it.
    pub fn line_of(&self, keys: &[&str]) -> Option<usize> {
        let (mut node, mut place) = (&self.root, None);
        for key in keys {
            let Value::Table(entries) = &node.value else { return None };
            let entry = entries.iter().find(|entry| entry.key == *key)?;
            place = Some(entry.key_span.start);
            node = &entry.node;
        }
        place.map(|place| self.source.line(place))
    }

    /// Whether the scenario shows a contract number.
    pub fn shows(&self, claim: &str) -> bool {
        self.claims.iter().any(|own| own == claim)
    }

    /// Whether it has a tag.
    pub fn is_tagged(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// Where the value of a key stands, bytes into the text; `None` where the file does not say it.
    pub(crate) fn span_of(&self, keys: &[&str]) -> Option<Range<usize>> {
        self.root.inside(keys).map(|node| node.span.clone())
    }
}

impl Point {
    fn with(&self, axis: &str, value: &Value) -> Self {
        let mut point = self.clone();
        point.axes.push((axis.to_owned(), value.scalar_text().unwrap_or_default()));
        point.names.insert(axis.to_owned(), value.clone());
        point
    }

    /// `name[axis=value,…]`.
    pub(crate) fn id(&self, scenario: &str) -> String {
        if self.axes.is_empty() {
            return scenario.to_owned();
        }
        let axes: Vec<String> =
            self.axes.iter().map(|(axis, value)| format!("{axis}={value}")).collect();
        format!("{scenario}[{}]", axes.join(","))
    }
}

#[derive(Default)]
struct Matrix {
    axes: Vec<Axis>,
    values: Vec<(String, Value)>,
    changes: BTreeMap<Profile, Vec<(String, Node)>>,
}

/// Axes, named values and what profiles change. What was refused is there as [`Value::Broken`], so
/// that `${…}` still knows its name.
fn read_matrix(table: &Table<'_>) -> Matrix {
    let reader = table.reader();
    let mut matrix = Matrix::default();
    for (name, _, at) in table.table("matrix", "matrix").iter().flat_map(Table::named_values) {
        let values = axis_values(&at).unwrap_or_else(|| vec![Value::Broken]);
        matrix.axes.push(Axis { name: name.to_owned(), values });
    }
    for (name, span, at) in table.table("values", "values").iter().flat_map(Table::named_values) {
        if matrix.axes.iter().any(|axis| axis.name == name) {
            reader.problem(&span, format!("`{name}` is an axis already"), "choose another name");
            continue;
        }
        let value = short_scalar(&at).map_or(Value::Broken, |_| at.value().clone());
        matrix.values.push((name.to_owned(), value));
    }
    for (name, span, table) in
        table.table("profile", "profile").iter().flat_map(|t| t.named_tables("profile.NAME"))
    {
        let Some(profile) = Profile::ALL.into_iter().find(|profile| profile.as_str() == name)
        else {
            unknown(reader, &span, "profile", name, Profile::ALL.map(Profile::as_str));
            continue;
        };
        matrix.changes.insert(profile, changes(&matrix, &table));
    }
    keep_small(&mut matrix, table);
    matrix
}

/// A scalar that does not make a file explode where it is put in.
fn short_scalar(at: &At<'_>) -> Option<String> {
    let text = at.scalar()?;
    if text.len() > MAX_VALUE_BYTES {
        let title = format!("a value of {} bytes", text.len());
        at.refuse(title, format!("named values have at most {MAX_VALUE_BYTES}"));
        return None;
    }
    Some(text)
}

fn axis_values(at: &At<'_>) -> Option<Vec<Value>> {
    let texts = at.list(short_scalar)?;
    if texts.is_empty() {
        at.refuse("an axis without a value", "give it at least one");
        return None;
    }
    let Value::Array(items) = at.value() else { return None };
    for (index, text) in texts.iter().enumerate() {
        if text.contains([',', '=', '[', ']']) {
            at.refuse(format!("axis value {text:?}"), "case ids use `,`, `=`, `[` and `]`");
            return None;
        }
        if texts[..index].contains(text) {
            at.refuse(format!("axis value {text:?} twice"), "case ids would not be unique");
            return None;
        }
    }
    Some(items.iter().map(|item| item.value.clone()).collect())
}

/// What `[profile.NAME]` says: fewer values of an axis, or another named value.
fn changes(matrix: &Matrix, table: &Table<'_>) -> Vec<(String, Node)> {
    let mut all = Vec::new();
    for (name, span, at) in table.named_values() {
        let fits = match matrix.axes.iter().find(|axis| axis.name == name) {
            Some(axis) => leaves_out(axis, &at),
            None if matrix.values.iter().any(|(value, _)| value == name) => {
                short_scalar(&at).is_some()
            }
            None => {
                let axes = matrix.axes.iter().map(|axis| axis.name.as_str());
                let known = axes.chain(matrix.values.iter().map(|(value, _)| value.as_str()));
                unknown(table.reader(), &span, "axis or value", name, known);
                false
            }
        };
        if fits {
            all.push((name.to_owned(), Node { span, value: at.value().clone() }));
        }
    }
    all
}

/// Whether a profile's list holds values of the axis and nothing else.
fn leaves_out(axis: &Axis, kept: &At<'_>) -> bool {
    let Some(values) = axis_values(kept) else { return false };
    let foreign = values.iter().find(|value| !axis.values.contains(value));
    if let Some(text) = foreign.and_then(Value::scalar_text) {
        let own: Vec<String> = axis.values.iter().filter_map(Value::shown).collect();
        let title = format!("{text:?} is no value of axis `{}`", axis.name);
        kept.refuse(title, format!("a profile only leaves out some of {}", own.join(", ")));
    }
    foreign.is_none()
}

fn keep_small(matrix: &mut Matrix, table: &Table<'_>) {
    let points = matrix.axes.iter().map(|axis| axis.values.len()).fold(1, usize::saturating_mul);
    if points > MAX_POINTS {
        let span = table.key_span("matrix").unwrap_or_default();
        let title = format!("the matrix has {points} points");
        table.reader().problem(&span, title, format!("at most {MAX_POINTS} are run"));
        matrix.axes.iter_mut().for_each(|axis| axis.values.truncate(1));
    }
}

fn unknown<'n>(
    reader: &Reader<'_>,
    span: &Range<usize>,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
) {
    let known: Vec<&str> = known.into_iter().collect();
    let label = match suggestion(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => "there is no `[matrix]` and no `[values]`".to_owned(),
        None => format!("there is {}", listed(known)),
    };
    reader.problem(span, format!("unknown {what} `{name}`"), label);
}

/// Reads header and matrix once more for a plan: keys are known, problems noted.
/// `refusal` says why a number cannot be claimed.
pub(crate) fn read_known(table: &Table<'_>, refusal: &dyn Fn(&str) -> Option<String>) {
    header::read(table, refusal);
    read_matrix(table);
}
