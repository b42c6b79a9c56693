//! `tags`: short words to find a scenario by, whatever folder it lies in.

use super::name::{is_word, nearest_word};
use super::{At, Table};

/// Tags of a scenario, at most: who has more is found by none of them.
pub const MAX_TAGS: usize = 8;
/// Length of a tag, bytes: it stands in lists beside the ids of cases.
pub const MAX_TAG_BYTES: usize = 24;

/// The tags of a scenario, in file order; none where it has none.
pub(super) fn read(table: &Table<'_>) -> Vec<String> {
    let tags = table.or("tags", "[]", |at| at.list(tag));
    let Some(span) = table.key_span("tags") else { return tags };
    if tags.len() > MAX_TAGS {
        let title = format!("{} tags", tags.len());
        table.reader().problem(&span, title, format!("a scenario has at most {MAX_TAGS}"));
    }
    let twice = tags.iter().enumerate().find(|(index, tag)| tags[..*index].contains(tag));
    if let Some((_, twice)) = twice {
        table.reader().problem(&span, format!("tag `{twice}` twice"), "leave one of them out");
    }
    tags
}

fn tag(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let title = format!("tag {text:?}");
    if text.len() > MAX_TAG_BYTES {
        at.refuse(
            title,
            format!("a tag has at most {MAX_TAG_BYTES} bytes, this one {}", text.len()),
        );
        return None;
    }
    if !is_word(&text) {
        let meant = nearest_word(&text).map(|meant| format!("; did you mean {meant:?}?"));
        let label = format!("expected a word of a-z, 0-9 and `-`{}", meant.unwrap_or_default());
        at.refuse(title, label);
        return None;
    }
    Some(text)
}
