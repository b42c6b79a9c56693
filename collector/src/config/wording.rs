//! The parser's messages in the words of a file: whoever writes one knows sections, lists, texts
//! and numbers.

/// Parts what was found from what may stand there.
const EXPECTED: &str = ", expected ";
/// What the parser says where it wants one of several names begins with this.
const WANTED: &str = "wanted ";

/// A message of the parser for people.
pub(super) fn plain(message: &str) -> String {
    if message.starts_with(WANTED) {
        return "it must be a word in quotes".to_owned();
    }
    match message.rsplit_once(EXPECTED) {
        Some((found, expected)) => format!("{}{EXPECTED}{}", said(found), wanted(expected)),
        None => message.to_owned(),
    }
}

fn said(found: &str) -> &str {
    match found {
        "unknown variant ``" => "the name is empty",
        "invalid type: map" => "invalid type: a section",
        "invalid type: sequence" => "invalid type: a list",
        other => other,
    }
}

fn wanted(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 up",
        "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" => "a text in quotes",
        "path string" => "a path in quotes",
        "a sequence" => "a list, as in `[\"a\", \"b\"]`",
        "a map" => "a section",
        structure if structure.starts_with("struct ") => "a section",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    /// What is said of a file.
    fn told(text: &str) -> String {
        let refused = toml::from_str::<Settings>(text).expect_err("a value is wrong");
        plain(refused.message())
    }

    #[test]
    fn what_may_stand_there_is_told_without_a_name_of_the_programs_types() {
        for (text, expected) in [
            (
                "[agent]\nrestart_limit = \"often\"",
                "invalid type: string \"often\", expected a whole number from 0 to 4294967295",
            ),
            (
                "[agent]\nrestart_limit = -1",
                "invalid value: integer `-1`, expected a whole number from 0 to 4294967295",
            ),
            (
                "[collector]\nmax_batch_size = true",
                "invalid type: boolean `true`, expected a whole number from 0 up",
            ),
            (
                "[health]\nerror_rate_degraded = \"half\"",
                "invalid type: string \"half\", expected a number",
            ),
            ("[fsmond]\nrecursive = 1", "invalid type: integer `1`, expected `true` or `false`"),
            (
                "[fsmond]\npaths = \"/etc\"",
                "invalid type: string \"/etc\", expected a list, as in `[\"a\", \"b\"]`",
            ),
            ("[fsmond]\npaths = [1]", "invalid type: integer `1`, expected a path in quotes"),
            ("[fsmond]\nexclude = [1]", "invalid type: integer `1`, expected a text in quotes"),
            ("[agent]\ncollectors = [1]", "it must be a word in quotes"),
            (
                "[procmond]\nscan_interval = [2]",
                "invalid type: a list, expected a whole number and a unit in one text, such as \
                 \"30s\"",
            ),
            ("procmond = 5", "invalid type: integer `5`, expected a section"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_told_with_those_there_are() {
        let expected = "the name is empty, expected one of `procmond`, `netmond`, `fsmond`, \
                        `perfmond`";
        assert_eq!(told("[agent]\ncollectors = [\"\"]"), expected);
    }

    #[test]
    fn other_messages_stand() {
        for message in ["missing field `name`", "unknown field `nmae`, expected `name`"] {
            assert_eq!(plain(message), message);
        }
    }
}
