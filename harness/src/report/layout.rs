//! Where the files of a case lie below the folder of a report.

use std::fmt::Write as _;
use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_64;

/// Longest name of one folder, bytes: below every file system's 255, with room for a suffix.
const FOLDER_LIMIT_BYTES: usize = 120;

/// What all folders of cases lie in.
pub const CASES: &str = "cases";

/// The folder of a case, relative to the report: `cases/ordering/two-publishers@payload=1KiB+subs=8`.
///
/// Slashes of the scenario's name stay folders, and a point of the matrix makes none of its own: a value
/// such as `10000/s` has a slash, too, which becomes `%2F`. `[` becomes `@`, `,` becomes `+`, `]` is
/// dropped; letters, digits and `. _ - =` stay. Anything else, and a leading dot, becomes `%` and two
/// hexadecimal digits a byte, so no id leaves the folder and two ids of the plan never share one. An
/// over-long name is cut and ends in a hash of the whole.
pub fn case_dir(id: &str) -> PathBuf {
    let name = id.find('[').map_or(id, |point| &id[..point]);
    let (above, own) = id.split_at(name.rfind('/').map_or(0, |slash| slash + 1));
    let mut path = PathBuf::from(CASES);
    path.extend(above.split_terminator('/').map(folder));
    path.push(folder(own));
    path
}

fn folder(part: &str) -> String {
    let mut name = String::with_capacity(part.len());
    for (at, byte) in part.bytes().enumerate() {
        match byte {
            b'[' => name.push('@'),
            b',' => name.push('+'),
            b']' if at + 1 == part.len() => {}
            b'.' if at > 0 => name.push('.'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'=' => {
                name.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => write!(name, "%{byte:02X}").unwrap_or_default(),
        }
    }
    if name.is_empty() {
        name.push('%');
    }
    if name.len() > FOLDER_LIMIT_BYTES {
        // All ASCII, so any cut is at a character.
        name.truncate(FOLDER_LIMIT_BYTES - 17);
        let _ = write!(name, "-{:016x}", xxh3_64(part.as_bytes()));
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_matrix_point_becomes_a_readable_folder() {
        assert_eq!(
            case_dir("ordering/two-publishers[payload=1KiB,subs=8]"),
            Path::new("cases/ordering/two-publishers@payload=1KiB+subs=8")
        );
    }

    #[test]
    fn a_point_of_the_matrix_is_one_folder_whatever_its_values_have() {
        assert_eq!(
            case_dir("perf/paced[rate=10000/s,subs=4]"),
            Path::new("cases/perf/paced@rate=10000%2Fs+subs=4")
        );
        let points = [
            "",
            "[a=1]",
            "[a=1/s]",
            "[a=1/s,b=2]",
            "[a=1,b=2/s]",
            "[a=1/s,b=2/s]",
            "[a=1/s/b=2]",
            "[a=1%2Fs]",
        ];
        let mut folders = BTreeSet::new();
        for name in ["a", "b", "a/b", "a/b/c"] {
            for point in points {
                let path = case_dir(&format!("{name}{point}"));
                assert_eq!(path.components().count(), 1 + name.split('/').count(), "{path:?}");
                assert!(folders.insert(path), "{name}{point} shares a folder");
            }
        }
    }

    #[test]
    fn what_a_shell_or_windows_minds_is_escaped() {
        assert_eq!(case_dir("a b:c*[x=1/s]"), Path::new("cases/a%20b%3Ac%2A@x=1%2Fs"));
        assert_eq!(case_dir("../up"), Path::new("cases/%2E./up"));
        assert_eq!(case_dir(""), Path::new("cases/%"));
    }

    #[test]
    fn long_ids_that_differ_at_the_end_stay_apart() {
        let long = "x".repeat(300);
        let (one, two) = (case_dir(&format!("{long}1")), case_dir(&format!("{long}2")));
        assert_ne!(one, two);
        assert_eq!(one.file_name().map(std::ffi::OsStr::len), Some(FOLDER_LIMIT_BYTES));
    }

    proptest! {
        #[test]
        fn no_id_leaves_the_folder_of_cases(id in ".{0,200}") {
            let path = case_dir(&id);
            prop_assert!(path.starts_with("cases"));
            prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
        }

        #[test]
        fn ids_of_the_plan_have_folders_of_their_own(
            one in "[a-c]{1,2}(/[a-c]{1,2})?(\\[[a-c]=[0-9](/s)?,[a-c]=[0-9](/s)?\\])?",
            two in "[a-c]{1,2}(/[a-c]{1,2})?(\\[[a-c]=[0-9](/s)?,[a-c]=[0-9](/s)?\\])?",
        ) {
            prop_assert_eq!(case_dir(&one) == case_dir(&two), one == two);
        }
    }
}
