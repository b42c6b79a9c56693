//! Every operator, on every type it has.

use daemoneye_eventbus::{CollectionEvent, ProcessEvent};

use super::{parsed, truth};
use crate::condition::Truth::{self, False, True, Unknown};

fn check(rows: &[(&str, Truth)]) {
    for (text, expected) in rows {
        assert_eq!(truth(text), *expected, "{text}");
    }
}

#[test]
fn numbers_are_compared() {
    check(&[
        ("pid = 42", True),
        ("pid = 42.0", True),
        ("pid <> 42", False),
        ("pid != 42", False),
        ("pid < 42", False),
        ("pid <= 42", True),
        ("pid > 41", True),
        ("pid >= 43", False),
        ("42 = pid", True),
        ("cpu_percent > 75", True),
        ("cpu_usage >= 75.5", True),
        ("cpu_percent < 1e2", True),
        ("memory_usage = 3145728", True),
    ]);
}

#[test]
fn whole_numbers_are_exact_to_the_last_digit() {
    check(&[
        ("start_time_unix_ns = 18446744073709551615", True),
        ("start_time_unix_ns > 18446744073709551614", True),
        ("start_time_unix_ns < 18446744073709551615", False),
    ]);
}

#[test]
fn texts_are_compared_byte_by_byte() {
    check(&[
        ("name = 'nginx'", True),
        ("name = 'Nginx'", False),
        ("name <> 'nginx'", False),
        ("name < 'o'", True),
        ("name <= 'nginx'", True),
        ("name > 'nginx'", False),
        ("name >= 'n'", True),
        ("'nginx' = name", True),
        ("name = executable_path", False),
        ("name = 'it''s'", False),
    ]);
}

#[test]
fn what_is_not_there_is_unknown_whatever_it_is_compared_with() {
    check(&[
        ("ppid = 1", Unknown),
        ("ppid <> 1", Unknown),
        ("ppid = ppid", Unknown),
        ("NOT ppid = 1", Unknown),
        ("user_name = 'root'", Unknown),
        ("user_name LIKE '%'", Unknown),
        ("user_name NOT LIKE '%'", Unknown),
        ("ppid IN (1, 2)", Unknown),
        ("ppid NOT IN (1, 2)", Unknown),
        ("ppid BETWEEN 1 AND 2", Unknown),
        ("ppid + 1 > 0", Unknown),
        ("-ppid < 0", Unknown),
        ("metadata.absent = 'x'", Unknown),
        ("metadata.absent > 1", Unknown),
    ]);
}

#[test]
fn null_is_asked_for_with_is() {
    check(&[
        ("ppid IS NULL", True),
        ("ppid IS NOT NULL", False),
        ("pid IS NULL", False),
        ("pid IS NOT NULL", True),
        ("user_name IS NULL", True),
        ("name IS NULL", False),
        ("change IS NULL", False),
        ("priority IS NULL", False),
        ("accessible IS NULL", False),
        ("(ppid = 1) IS NULL", True),
        ("metadata.absent IS NULL", True),
        ("metadata.note IS NULL", False),
        ("pid / 0 IS NULL", True),
    ]);
}

#[test]
fn between_has_both_its_ends() {
    check(&[
        ("pid BETWEEN 42 AND 42", True),
        ("pid BETWEEN 1 AND 41", False),
        ("pid BETWEEN 43 AND 1", False),
        ("pid NOT BETWEEN 1 AND 41", True),
        ("name BETWEEN 'a' AND 'z'", True),
        ("pid BETWEEN ppid AND 41", False),
        ("pid BETWEEN ppid AND 43", Unknown),
        ("pid BETWEEN 1 AND 50 AND name = 'nginx'", True),
    ]);
}

#[test]
fn in_is_a_choice() {
    check(&[
        ("name IN ('apache', 'nginx')", True),
        ("name IN ('apache')", False),
        ("name NOT IN ('apache')", True),
        ("pid IN (1, 42)", True),
        ("pid IN (ppid, 42)", True),
        ("pid IN (ppid, 1)", Unknown),
        ("pid NOT IN (ppid, 1)", Unknown),
        ("pid NOT IN (ppid, 42)", False),
    ]);
}

#[test]
fn like_has_its_wildcards() {
    check(&[
        ("name LIKE 'ng%'", True),
        ("name LIKE 'ngin_'", True),
        ("name LIKE 'ng'", False),
        ("name NOT LIKE 'ap%'", True),
        ("executable_path LIKE '/usr/%/nginx'", True),
        ("name LIKE 'ng!%' ESCAPE '!'", False),
        ("name LIKE 'ng\\%'", False),
        ("metadata.note LIKE 'o%'", True),
    ]);
}

#[test]
fn arithmetic_follows_its_signs() {
    check(&[
        ("pid + 1 = 43", True),
        ("pid - 2 = 40", True),
        ("pid + 1 * 2 = 44", True),
        ("(pid + 1) * 2 = 86", True),
        ("pid / 4 = 10.5", True),
        ("memory_bytes / 1024 / 1024 = 3", True),
        ("-pid = -42", True),
        ("+pid = 42", True),
        ("pid - -1 = 43", True),
        ("pid / 0 > 1", Unknown),
        ("pid / 0 = pid / 0", Unknown),
    ]);
}

#[test]
fn truth_values_are_conditions() {
    check(&[
        ("accessible", True),
        ("NOT accessible", False),
        ("accessible = TRUE", True),
        ("accessible <> TRUE", False),
        ("accessible IS FALSE", False),
        ("(pid = 42) = accessible", True),
    ]);
}

#[test]
fn a_list_is_asked_whether_it_has_a_text() {
    check(&[
        ("arguments = '-g'", True),
        ("'-g' = arguments", True),
        ("arguments = '-c'", False),
        ("arguments <> '-c'", True),
        ("arguments <> '-g'", False),
        ("arguments IN ('-c', '-g')", True),
        ("arguments NOT IN ('-c', '-d')", True),
        ("arguments LIKE '%off%'", True),
        ("arguments NOT LIKE '%off%'", False),
        ("arguments NOT LIKE '%on;'", True),
        ("arguments = user_name", Unknown),
        ("arguments IS NULL", False),
    ]);
}

#[test]
fn a_list_without_texts_is_null() {
    let silent = CollectionEvent::Process(ProcessEvent::default());
    let rows = [
        ("arguments = 'x'", Unknown),
        ("arguments <> 'x'", Unknown),
        ("arguments LIKE '%'", Unknown),
        ("arguments IS NULL", True),
        ("arguments IS NOT NULL", False),
    ];
    for (text, expected) in rows {
        assert_eq!(parsed(text).truth(&silent), Some(expected), "{text}");
    }
}

#[test]
fn words_are_equal_or_alike() {
    check(&[
        ("change = 'started'", True),
        ("'started' = change", True),
        ("change <> 'exited'", True),
        ("change IN ('exited', 'started')", True),
        ("change LIKE 'st%'", True),
    ]);
}

#[test]
fn priorities_have_an_order() {
    check(&[
        ("priority = 'high'", True),
        ("priority >= 'normal'", True),
        ("priority > 'high'", False),
        ("priority < 'critical'", True),
        ("'low' < priority", True),
        ("priority BETWEEN 'low' AND 'normal'", False),
        ("priority IN ('high', 'critical')", True),
    ]);
    let silent = CollectionEvent::Process(ProcessEvent::default());
    assert!(parsed("priority = 'normal'").holds(&silent), "as events without one count");
}

#[test]
fn metadata_is_a_text_or_a_number_as_it_is_compared() {
    check(&[
        ("metadata.note = 'odd'", True),
        ("metadata.\"note\" = 'odd'", True),
        ("METADATA.note = 'odd'", True),
        ("metadata.Note IS NULL", True),
        ("metadata.retries = '3'", True),
        ("metadata.retries = '3.0'", False),
        ("metadata.retries = 3.0", True),
        ("metadata.retries > 2", True),
        ("2 < metadata.retries", True),
        ("metadata.retries BETWEEN 1 AND 5", True),
        ("metadata.retries IN (1, 3)", True),
        ("metadata.retries * 2 = 6", True),
        ("metadata.note > 2", Unknown),
        ("metadata.note = metadata.retries", False),
    ]);
}

#[test]
fn the_case_of_names_and_keywords_does_not_matter() {
    check(&[("select * from PROCESS where NAME = 'nginx' and not Pid = 1", True)]);
}

#[test]
fn a_comment_is_no_part_of_it() {
    check(&[("pid = 42 -- the process\nAND /* its */ name = 'nginx'", True)]);
}
