//! What is no condition: what is said, where, and that nothing takes for ever to be refused.

use crate::condition::{
    Condition, ConditionError, ConditionFault, MAX_DEPTH, MAX_TEXT_BYTES, MAX_TOKENS,
};

fn refused(text: &str) -> ConditionError {
    match Condition::parse(text) {
        Ok(condition) => panic!("{condition:?} is a condition"),
        Err(error) => error,
    }
}

fn check(rows: &[(&str, (usize, usize), &str)]) {
    for (text, place, message) in rows {
        let error = refused(text);
        assert_eq!(error.fault.to_string(), *message, "{text}");
        assert_eq!(error.line_column(), Some(*place), "{text}");
    }
}

#[test]
fn an_error_reads_like_a_compilers() {
    assert_eq!(
        refused("SELECT * FROM process WHERE nmae = 'x'").to_string(),
        "\
error: process events have no field `nmae`
 --> condition:1:29
  |
1 | SELECT * FROM process WHERE nmae = 'x'
  |                             ^^^^
  |
  = help: did you mean `name`?"
    );
}

#[test]
fn the_line_is_shown_that_is_wrong() {
    assert_eq!(
        refused("name = 'nginx' -- the server\n  AND cpu_usage > 'x'\n  AND pid > 1").to_string(),
        "\
error: a number cannot be compared with a text
 --> condition:2:19
  |
2 |   AND cpu_usage > 'x'
  |                   ^^^"
    );
}

#[test]
fn what_sql_has_and_conditions_have_not_is_refused_by_name() {
    assert_eq!(
        refused("SELECT * FROM process JOIN network ON TRUE WHERE TRUE").to_string(),
        "\
error: `JOIN` is not part of conditions: they look at one event at a time
 --> condition:1:23
  |
1 | SELECT * FROM process JOIN network ON TRUE WHERE TRUE
  |                       ^^^^
  |
  = help: `collector/TRIGGERS.md` shows what is"
    );
    let rows = [
        ("SELECT * WHERE pid > 1 GROUP BY pid", "GROUP"),
        ("SELECT * WHERE pid > 1 order by pid", "order"),
        ("SELECT * WHERE pid > 1 LIMIT 5", "LIMIT"),
        ("SELECT DISTINCT pid WHERE pid > 1", "DISTINCT"),
        ("SELECT pid AS p WHERE pid > 1", "AS"),
        ("pid > 1 UNION SELECT 1", "UNION"),
        ("WITH x AS (SELECT 1) SELECT * WHERE pid > 1", "WITH"),
        ("pid IN (SELECT 1)", "SELECT"),
        ("pid = ANY (SELECT 1)", "ANY"),
        ("EXISTS (SELECT 1)", "EXISTS"),
        ("CASE WHEN pid = 1 THEN TRUE END", "CASE"),
        ("CAST(pid AS text) = '1'", "CAST"),
        ("count(*) > 1", "count"),
        ("lower(name) = 'x'", "lower"),
        ("\"lower\"(name) = 'x'", "\"lower\""),
        ("name ILIKE 'x'", "ILIKE"),
        ("name REGEXP 'x'", "REGEXP"),
        ("name ~ 'x'", "~"),
        ("pid == 1", "=="),
        ("pid % 2 = 0", "%"),
        ("pid & 1 = 0", "&"),
        ("name || 'x' = 'y'", "||"),
        ("pid::text = '1'", "::"),
        ("arguments[0] = 'x'", "["),
        ("pid = $1", "$1"),
        ("pid = 0x1f", "0x1f"),
        ("pid = 1L", "1L"),
        ("name = N'x'", "N'x'"),
        ("pid = {1}", "{"),
        ("é = 1", "é"),
        ("process.name = 'x'", "process.name"),
        ("SELECT pid + 1 WHERE pid > 1", "pid + 1"),
    ];
    for (text, expected) in rows {
        let error = refused(text);
        let ConditionFault::NotPart { what, .. } = &error.fault else { panic!("{error}") };
        assert_eq!(what, expected, "{text}");
        let place = error.place.clone().unwrap();
        assert_eq!(&text[place], expected, "{text}");
    }
}

#[test]
fn what_is_no_sql_is_refused_where_it_ends_to_be() {
    check(&[
        ("name =", (1, 7), "expected an expression, found the end"),
        ("name = 'x' OR", (1, 14), "expected an expression, found the end"),
        ("(name = 'x'", (1, 12), "expected ), found the end"),
        ("name = 'x')", (1, 11), "expected AND, OR or the end, found `)`"),
        ("name = 'x' 'y'", (1, 12), "expected AND, OR or the end, found `'y'`"),
        ("name = 'x", (1, 8), "unterminated string literal"),
        ("name = AND", (1, 8), "expected a value, found `AND`"),
        ("name NOT 'x'", (1, 6), "expected AND, OR or the end, found `NOT`"),
        ("pid IN 1", (1, 8), "expected (, found `1`"),
        ("pid IN ()", (1, 9), "expected an expression, found `)`"),
        ("pid BETWEEN 1 OR 2", (1, 15), "expected AND, found `OR`"),
        ("name IS 5", (1, 9), "expected [NOT] NULL, TRUE, FALSE or UNKNOWN after IS, found `5`"),
        ("pid = 1;;", (1, 9), "expected AND, OR or the end, found `;`"),
        ("SELECT * FROM process", (1, 22), "expected WHERE, found the end"),
        ("SELECT * FROM process p WHERE TRUE", (1, 23), "expected WHERE, found `p`"),
        ("SELECT * FROM process, network WHERE TRUE", (1, 22), "expected WHERE, found `,`"),
        ("SELECT * FROM 'x' WHERE TRUE", (1, 15), "expected a kind of event, found `'x'`"),
        ("SELECT WHERE TRUE", (1, 8), "expected `*` or a field, found `WHERE`"),
        ("FROM process WHERE TRUE", (1, 1), "expected SELECT before FROM"),
        ("SELECT * FROM proces WHERE TRUE", (1, 15), "there are no events `proces`"),
    ]);
}

#[test]
fn types_are_checked_before_any_event_comes() {
    check(&[
        ("pid = 'x'", (1, 7), "a number cannot be compared with a text"),
        ("name > 5", (1, 8), "a text cannot be compared with a number"),
        ("name = TRUE", (1, 8), "a text cannot be compared with a truth value"),
        ("accessible = 'x'", (1, 14), "a truth value cannot be compared with a text"),
        ("arguments = 5", (1, 13), "a list of texts cannot be compared with a number"),
        ("change = 5", (1, 10), "a word cannot be compared with a number"),
        ("pid BETWEEN 1 AND 'x'", (1, 19), "a number cannot be compared with a text"),
        ("pid IN (1, 'x')", (1, 12), "a number cannot be compared with a text"),
        ("priority = name", (1, 12), "a word cannot be compared with a text"),
        ("arguments > 'x'", (1, 13), "a list of texts has no order"),
        ("change > 'started'", (1, 10), "a word has no order"),
        ("accessible < TRUE", (1, 14), "a truth value has no order"),
        ("pid", (1, 1), "expected what is true or false, found a number"),
        ("name AND TRUE", (1, 1), "expected what is true or false, found a text"),
        ("NOT pid", (1, 5), "expected what is true or false, found a number"),
        ("pid IS TRUE", (1, 1), "expected what is true or false, found a number"),
        ("name + 1 = 2", (1, 1), "expected a number, found a text"),
        ("-name = 1", (1, 2), "expected a number, found a text"),
        ("pid LIKE '4%'", (1, 1), "expected a text before LIKE, found a number"),
        ("priority LIKE 'h%'", (1, 1), "expected a text before LIKE, found a word"),
        (
            "accessible IN (TRUE)",
            (1, 1),
            "expected a number or a text before IN, found a truth value",
        ),
        ("name LIKE name", (1, 11), "expected a text in quotes behind LIKE, found a text"),
        ("name = NULL", (1, 8), "nothing is equal to NULL, and nothing differs from it"),
        ("pid = 1e999", (1, 7), "`1e999` is no number"),
    ]);
}

#[test]
fn a_value_a_field_never_has_is_refused() {
    check(&[
        ("change = 'strated'", (1, 10), "`strated` is no `change` of process events"),
        ("'x' <> change", (1, 8), "`x` is no `change` of process events"),
        ("priority >= 'urgent'", (1, 13), "`urgent` is no `priority` of process events"),
    ]);
    let help = |text: &str| refused(text).help.unwrap();
    assert_eq!(help("change = 'strated'"), "did you mean 'started'?");
    assert_eq!(help("priority = 'urgent'"), "it is one of low, normal, high, critical");
}

#[test]
fn a_pattern_that_cannot_be_read_is_refused() {
    let long = format!("name LIKE '{}'", "x".repeat(257));
    check(&[
        (
            "name LIKE 'a!b' ESCAPE '!'",
            (1, 11),
            "behind the escape character stands `%`, `_` or itself",
        ),
        ("name LIKE 'a' ESCAPE 'xx'", (1, 11), "ESCAPE takes one character in quotes"),
        (long.as_str(), (1, 11), "the pattern has 257 characters, the limit is 256"),
    ]);
}

#[test]
fn an_unknown_field_is_told_with_what_was_probably_meant() {
    let rows = [
        ("nmae = 'x'", "no kind of event has a field `nmae`", Some("did you mean `name`?")),
        ("zzzzzz = 'x'", "no kind of event has a field `zzzzzz`", None),
        (
            "SELECT * FROM process WHERE path = 'x'",
            "process events have no field `path`",
            Some("filesystem events have it; a condition is about one kind of event"),
        ),
        (
            "name = 'x' AND remote_address = 'y'",
            "process events have no field `remote_address`",
            Some("network events have it; a condition is about one kind of event"),
        ),
        (
            "name = 'x' AND remote_adress = 'y'",
            "process events have no field `remote_adress`",
            Some("did you mean `remote_address`, which network events have?"),
        ),
        (
            "SELECT * FROM process WHERE name = \"nginx\"",
            "process events have no field `nginx`",
            Some("a text stands in single quotes: 'nginx'"),
        ),
        (
            "SELECT * FROM process WHERE \"NAME\" = 'x'",
            "process events have no field `NAME`",
            Some("a text stands in single quotes: 'NAME'"),
        ),
        (
            "SELECT * FROM process WHERE metadata = 'x'",
            "process events have no field `metadata`",
            Some("the value of a key is written `metadata.KEY`, or `metadata.\"a key\"`"),
        ),
    ];
    for (text, message, help) in rows {
        let error = refused(text);
        assert_eq!(error.fault.to_string(), message, "{text}");
        assert_eq!(error.help.as_deref(), help, "{text}");
    }
}

#[test]
fn an_empty_text_is_no_condition() {
    for text in ["", "  \n", "-- nothing"] {
        assert_eq!(refused(text).fault, ConditionFault::Empty, "{text}");
    }
    assert_eq!(refused("").to_string(), "error: the condition is empty");
}

#[test]
fn a_condition_ends_at_its_limits() {
    let operands = MAX_TOKENS / 2;
    let most = vec!["TRUE"; operands].join(" OR ");
    assert!(Condition::parse(&most).is_ok(), "a chain is no deeper for being long");
    let tokens = MAX_TOKENS + 1;
    assert_eq!(refused(&format!("{most} OR TRUE")).fault, ConditionFault::TooManyTokens { tokens });
    let padded = format!("{}TRUE", " ".repeat(MAX_TEXT_BYTES - 4));
    assert!(Condition::parse(&padded).is_ok());
    let bytes = MAX_TEXT_BYTES + 1;
    assert_eq!(refused(&format!(" {padded}")).fault, ConditionFault::TooLong { bytes });
}

#[test]
fn what_is_nested_too_deep_is_refused_at_once() {
    assert!(Condition::parse(&format!("{}TRUE", "NOT ".repeat(MAX_DEPTH - 2))).is_ok());
    let levels = MAX_DEPTH + 1;
    let rows = [
        format!("{}TRUE{}", "(".repeat(levels), ")".repeat(levels)),
        format!("{}TRUE", "NOT ".repeat(levels)),
        format!("1{} > 0", " + 1".repeat(levels)),
        format!("{}1 > 0", "- ".repeat(levels)),
        format!("TRUE{}", " IS TRUE".repeat(levels)),
        // A parser that tries another reading at each level would not come back.
        format!("{}TRUE{}", "NOT (".repeat(60), ")".repeat(60)),
        format!("{}TRUE", "NOT (".repeat(60)),
    ];
    for text in rows {
        assert_eq!(refused(&text).fault, ConditionFault::TooDeep, "{text}");
    }
}
