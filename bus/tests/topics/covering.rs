//! What a pattern covers and overlaps is what its matches say, over every topic of a small alphabet
//! (A3).

use daemoneye_eventbus::{Topic, TopicPattern};

/// Levels a topic of the alphabet has at most: one more than the patterns, so that `#` has somewhere
/// to go.
const DEPTH: usize = 4;
const WORDS: [&str; 2] = ["a", "b"];

fn topics() -> Vec<Topic> {
    let mut found: Vec<String> = vec!["events".to_owned(), "control".to_owned()];
    let mut last = found.clone();
    for _ in 1..DEPTH {
        last =
            last.iter().flat_map(|prefix| WORDS.map(|word| format!("{prefix}.{word}"))).collect();
        found.extend(last.iter().cloned());
    }
    found.into_iter().map(|text| Topic::new(text).expect("valid")).collect()
}

fn patterns() -> Vec<TopicPattern> {
    let mut found = Vec::new();
    let mut open: Vec<String> = ["events", "control", "+"].into_iter().map(str::to_owned).collect();
    found.push("#".to_owned());
    for _ in 1..DEPTH {
        found.extend(open.iter().cloned());
        found.extend(open.iter().map(|prefix| format!("{prefix}.#")));
        open = open
            .iter()
            .flat_map(|prefix| ["a", "b", "+"].map(|level| format!("{prefix}.{level}")))
            .collect();
    }
    found.iter().map(|text| text.parse().expect("valid")).collect()
}

#[test]
fn a_pattern_covers_another_exactly_when_it_matches_all_its_topics() {
    let (topics, patterns) = (topics(), patterns());
    // A word no pattern names stands for all other texts of a level.
    let foreign: Vec<Topic> = topics
        .iter()
        .map(|topic| topic.as_str().replace(".a", ".other").parse().expect("valid"))
        .collect();
    for wide in &patterns {
        for narrow in &patterns {
            let all = || topics.iter().chain(&foreign).filter(|topic| narrow.matches(topic));
            // `+` and `#` as a first level stand for `admin`, too, which the alphabet leaves out.
            let admin: Topic = "admin.a".parse().expect("valid");
            let by_matches = all()
                .chain(narrow.matches(&admin).then_some(&admin))
                .all(|topic| wide.matches(topic));
            if wide.covers(narrow) {
                assert!(by_matches, "{wide} covers {narrow}");
            } else if is_finite_alphabet(narrow) {
                assert!(!by_matches, "{wide} does not cover {narrow}");
            }
            let both = all().any(|topic| wide.matches(topic));
            assert_eq!(wide.overlaps(narrow), both, "{wide} and {narrow}");
        }
    }
}

/// Whether every topic that could tell is in the alphabet.
fn is_finite_alphabet(pattern: &TopicPattern) -> bool {
    pattern.segments().len() < DEPTH
}

#[test]
fn covering_is_reflexive_and_transitive() {
    let patterns = patterns();
    for one in &patterns {
        assert!(one.covers(one) && one.overlaps(one), "{one}");
        for other in patterns.iter().filter(|other| one.covers(other)) {
            for third in patterns.iter().filter(|third| other.covers(third)) {
                assert!(one.covers(third), "{one} covers {other} covers {third}");
            }
        }
    }
}
