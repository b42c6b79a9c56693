//! What a misspelt name most likely meant.

/// The known name nearest to one that was typed, in whatever case; `None` when all are far.
pub(crate) fn nearest<'n>(
    typed: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let typed = typed.to_ascii_lowercase();
    let limit = (typed.chars().count() / 3).max(2);
    let distances = known.into_iter().map(|name| (strsim::damerau_levenshtein(&typed, name), name));
    let near = distances.filter(|(distance, _)| *distance <= limit).min();
    near.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["scan_interval", "sample_interval", "paths", "pid"];

    #[test]
    fn the_nearest_name_is_found_and_of_two_the_first_of_the_alphabet() {
        for (typed, meant) in [
            ("scan_intervall", Some("scan_interval")),
            ("sacn_interval", Some("scan_interval")),
            ("PATHS", Some("paths")),
            ("pids", Some("pid")),
            ("pat", Some("paths")),
            ("pi", Some("pid")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, KNOWN), meant, "{typed}");
        }
        assert_eq!(nearest("c", ["ab", "aa", "b"]), Some("b"));
        assert_eq!(nearest("xy", ["zy", "xz"]), Some("xz"));
    }

    #[test]
    fn a_longer_name_may_have_more_mistakes() {
        assert_eq!(nearest("scn_intrvl", KNOWN), Some("scan_interval"));
        assert_eq!(nearest("pahtss", KNOWN), Some("paths"));
        assert_eq!(nearest("path_list", KNOWN), None);
    }

    #[test]
    fn where_nothing_is_known_nothing_is_near() {
        assert_eq!(nearest("paths", []), None);
    }
}
