//! What a line of JSON says: an event of the model, bare or as it was delivered.
//!
//! The model reads what it knows and passes over the rest, which is right for machines of another
//! version and wrong for people: here an unknown field is a mistake, told with its column.

use daemoneye_eventbus::{CollectionEvent, CorrelationMetadata, Topic};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Names that differ in more than a third of their letters are no slip of a finger.
const LETTERS_PER_SLIP: usize = 3;
/// The field that tells kinds apart, and the one that holds the event of a delivery.
const KIND: &str = "kind";
const EVENT: &str = "event";

/// An event somebody wrote.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// As it was delivered; `None` for a bare event.
    pub(super) topic: Option<Topic>,
    /// As it was delivered.
    pub(super) correlation: Option<CorrelationMetadata>,
    pub(super) event: CollectionEvent,
}

/// Why a text is no event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Counted from 1, in characters; `None` where it is the whole.
    column: Option<usize>,
    message: String,
}

impl Mistake {
    fn whole(message: impl Into<String>) -> Self {
        Self { column: None, message: message.into() }
    }

    /// The mistake with its place, as compilers write it.
    pub(super) fn at(&self, name: &str, line: Option<usize>) -> String {
        let numbers = [line, self.column].into_iter().flatten().map(|number| number.to_string());
        let place: Vec<String> = std::iter::once(name.to_owned()).chain(numbers).collect();
        format!("{}: {}", place.join(":"), self.message)
    }
}

/// A delivery as `eventbus sub`, `eventbus tap` and the agent's record write it, less what the bus
/// added.
#[derive(Deserialize)]
struct Delivered {
    topic: Topic,
    correlation: CorrelationMetadata,
}

/// Reads one event.
pub(super) fn parse(text: &str) -> Result<Written, Mistake> {
    let value: Value = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    let Value::Object(mut object) = value else {
        return Err(Mistake::whole(
            r#"an event is an object, such as {"kind":"process","pid":42}"#,
        ));
    };
    let Some(Value::Object(event)) = object.remove(EVENT) else {
        if !object.contains_key(KIND) {
            return Err(Mistake::whole("`kind` is missing; it says what the event is about"));
        }
        return Ok(Written { topic: None, correlation: None, event: bare(&object, text)? });
    };
    let delivered = Delivered::deserialize(Value::Object(object))
        .map_err(|error| Mistake::whole(error.to_string()))?;
    Ok(Written {
        topic: Some(delivered.topic),
        correlation: Some(delivered.correlation),
        event: bare(&event, text)?,
    })
}

/// The parser's own words; the line is the caller's to tell.
fn syntax(error: &serde_json::Error) -> Mistake {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default().to_owned();
    Mistake { column: Some(error.column()), message }
}

fn bare(object: &Map<String, Value>, text: &str) -> Result<CollectionEvent, Mistake> {
    let event = read(object.clone()).map_err(|message| {
        let kind = object.get(KIND).cloned().unwrap_or_default();
        let with_kind = |mut alone: Map<String, Value>| {
            alone.insert(KIND.to_owned(), kind.clone());
            read(alone).err()
        };
        // Beside an unknown kind every field is refused in the same words.
        let path = match with_kind(Map::new()) {
            Some(refusal) if refusal == message => vec![KIND.to_owned()],
            _ => blame(object, &message, &with_kind),
        };
        let field = path.last().map(|field| format!("field `{field}`: ")).unwrap_or_default();
        Mistake { column: column(text, &path), message: field + &message }
    })?;
    if let Ok(Value::Object(known)) = serde_json::to_value(&event)
        && let Some((path, known)) = unknown(object, &known)
    {
        return Err(Mistake { column: column(text, &path), message: no_such_field(&path, known) });
    }
    Ok(event)
}

fn read(object: Map<String, Value>) -> Result<CollectionEvent, String> {
    CollectionEvent::deserialize(Value::Object(object)).map_err(|error| error.to_string())
}

/// The field that is to blame for a refusal: the one that alone is refused in the same words.
fn blame(
    object: &Map<String, Value>,
    message: &str,
    refusal: &dyn Fn(Map<String, Value>) -> Option<String>,
) -> Vec<String> {
    for (key, value) in object {
        let only = |value: Value| Map::from_iter([(key.clone(), value)]);
        if refusal(only(value.clone())).as_deref() == Some(message) {
            let mut path = vec![key.clone()];
            if let Value::Object(inner) = value {
                path.extend(blame(inner, message, &|map: Map<String, Value>| {
                    refusal(only(Value::Object(map)))
                }));
            }
            return path;
        }
    }
    Vec::new()
}

/// The first field of `given` that `known` does not have, and what is there instead.
fn unknown<'a>(
    given: &Map<String, Value>,
    known: &'a Map<String, Value>,
) -> Option<(Vec<String>, &'a Map<String, Value>)> {
    given.iter().find_map(|(key, value)| match (value, known.get(key)) {
        (_, None) => Some((vec![key.clone()], known)),
        (Value::Object(given), Some(Value::Object(known))) => {
            let (mut path, known) = unknown(given, known)?;
            path.insert(0, key.clone());
            Some((path, known))
        }
        _ => None,
    })
}

fn no_such_field(path: &[String], known: &Map<String, Value>) -> String {
    let field = path.last().map(String::as_str).unwrap_or_default();
    let slips = |name: &&String| strsim::osa_distance(name, field);
    let nearest = known.keys().min_by_key(slips);
    let meant = nearest.filter(|name| slips(name) <= field.len().div_ceil(LETTERS_PER_SLIP));
    if let Some(name) = meant {
        return format!("there is no field `{field}`; did you mean `{name}`?");
    }
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    format!("there is no field `{field}`; there are {}", names.join(", "))
}

/// Where the last field of a path stands, looked for from the first one on.
fn column(text: &str, path: &[String]) -> Option<usize> {
    let mut at = 0;
    for field in path {
        let quoted = format!("\"{field}\"");
        at += text[at..].find(&quoted)?;
    }
    (!path.is_empty()).then(|| text[..at].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn told(text: &str) -> String {
        parse(text).expect_err("a mistake").at("x", Some(3))
    }

    #[test]
    fn a_mistake_is_told_with_its_column_and_what_to_write() {
        let unknown = told(r#"{"kind":"process","pidd":42}"#);
        assert_eq!(unknown, "x:3:19: there is no field `pidd`; did you mean `pid`?");
        let inner = told(r#"{"kind":"process","pid":1,"header":{"sauce":"x"}}"#);
        assert_eq!(inner, "x:3:37: there is no field `sauce`; did you mean `source`?");
        let far = told(r#"{"kind":"audit","zzzzzz":1}"#);
        assert!(far.starts_with("x:3:17: there is no field `zzzzzz`; there are "), "{far}");
    }

    #[test]
    fn a_wrong_value_is_told_by_its_field() {
        let wrong = told(r#"{"kind":"process","name":"sh","pid":"42"}"#);
        assert_eq!(wrong, "x:3:31: field `pid`: invalid type: string \"42\", expected u32");
        let inner = told(r#"{"kind":"process","header":{"priority":"urgent"}}"#);
        assert!(inner.starts_with("x:3:29: field `priority`: unknown variant `urgent`"), "{inner}");
        let kind = told(r#"{"pid":1,"kind":"proces"}"#);
        assert!(kind.starts_with("x:3:10: field `kind`: unknown variant `proces`"), "{kind}");
    }

    #[test]
    fn what_is_no_event_at_all_is_told() {
        assert_eq!(told("{\"kind\":"), "x:3:8: EOF while parsing a value");
        assert!(told("42").contains("an event is an object"));
        assert!(told("{}").contains("`kind` is missing"));
        assert!(told(r#"{"event":{"kind":"audit"},"topic":"x"}"#).contains("no namespace"));
    }

    #[test]
    fn a_delivery_keeps_its_topic_and_correlation() {
        let line = r#"{"id":{"publisher":"p","incarnation":1,"sequence":2},"topic":"events.x",
            "published_monotonic_ns":5,"correlation":{"id":"scan","parent":null,"root":"scan",
            "trace":null,"stage":null,"sequence":4,"tags":[]},"event":{"kind":"audit"}}"#;
        let written = parse(line).expect("a delivery");
        assert_eq!(written.topic.map(|topic| topic.to_string()), Some("events.x".to_owned()));
        assert_eq!(written.correlation.map(|correlation| correlation.sequence), Some(4));
    }
}
