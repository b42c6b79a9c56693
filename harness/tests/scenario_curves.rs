//! What scenarios say of curves, and of what only curves ask for: mistakes with their place, and what the
//! plan makes of the rest.

use equivalence::plan::expand::{check, expand};
use equivalence::plan::{Asks, Bus, Case, Rate, Scale};
use equivalence::scenario::{Profile, Scenario, Source};

/// A valid curve over `subs`, with one text in the place of another.
fn with(old: &str, new: &str) -> String {
    let text = r#"format = 1
name = "a/b"
claims = ["C1"]
summary = "Why."
kind = "saturation"
[matrix]
subs = [1, 10, 100]
[curve]
axis = "subs"
label = "subscribers"
flat = true
[topology]
subscribers-per-process = 25
[[topology.publisher]]
name = "source"
topics = 10
[[topology.subscriber]]
name = "reader"
count = "${subs}"
patterns = ["events.#"]
idle-subscriptions = 3
[[phase]]
name = "only"
measured = true
publish = [{ for = "100ms", window = 1000, window-bytes = "1000KiB" }]
"#;
    assert!(text.contains(old), "{old}");
    text.replacen(old, new, 1)
}

fn scenario(text: &str) -> Scenario {
    let source = Source { path: "scenarios/a/b.toml".into(), text: text.into() };
    Scenario::parse(source).unwrap_or_else(|problems| panic!("{problems}"))
}

/// All mistakes of a text, as told.
fn told(text: &str) -> String {
    check(&scenario(text)).err().map_or_else(String::new, |problems| problems.to_string())
}

fn cases(text: &str) -> Vec<Case> {
    expand(&scenario(text), Profile::Nightly, 1).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_point_knows_its_place_on_the_curve() {
    let cases = cases(&with("", ""));
    let curves: Vec<_> = cases.iter().filter_map(|case| case.curve.as_ref()).collect();
    let places: Vec<f64> = curves.iter().map(|curve| curve.at).collect();
    assert_eq!(places, [1.0, 10.0, 100.0]);
    let axis = &curves[0].axis;
    assert_eq!(
        (axis.label.as_str(), axis.scale, axis.asks),
        ("subscribers", Scale::Count, Asks::Flat)
    );
}

#[test]
fn an_unknown_axis_is_told_with_what_was_meant() {
    assert_eq!(
        told(&with("axis = \"subs\"", "axis = \"sub\"")),
        r#"error: unknown axis `sub`
 --> scenarios/a/b.toml:9:8
  |
9 | axis = "sub"
  |        ^^^^^ did you mean `subs`?"#
    );
}

#[test]
fn a_matrix_that_is_no_curve_is_refused_with_the_reason() {
    for (old, new, expected) in [
        ("subs = [1, 10, 100]", "subs = [1, 10, 100]\nother = [1]", "a curve over one of 2 axes"),
        ("subs = [1, 10, 100]", "subs = [1, 10]", "a curve of 2 points"),
        ("subs = [1, 10, 100]", "subs = [10, 1, 100]", "no curve over the values of `subs`"),
        ("kind = \"saturation\"", "kind = \"behaviour\"", "a curve of what is not measured"),
        ("flat = true", "p99-below = \"1ms\"", "a knee of what has no rate"),
        ("flat = true", "flat = true\np99-below = \"1ms\"", "`p99-below` beside `flat`"),
        ("flat = true", "flat = true\np99-below = \"2s\"", "the limit of a knee is at most 1s"),
        ("flat = true", "level = true", "unknown key `level` in `curve`"),
    ] {
        let told = told(&with(old, new));
        assert!(told.contains(expected) && told.contains('^'), "{new}: {told}");
    }
}

#[test]
fn a_curve_has_no_gate_of_its_own() {
    let told = told(&with("[[phase]]", "[gate.throughput]\nlimit = 0.9\n[[phase]]"));
    assert!(told.contains("error: `gate.throughput` of a curve"), "{told}");
    assert!(told.contains("^ the points of a curve are judged together"), "{told}");
}

#[test]
fn a_knee_is_over_rates() {
    let paced = |axis: &str| {
        with("kind = \"saturation\"", "kind = \"paced\"")
            .replace("subs = [1, 10, 100]", axis)
            .replace("count = \"${subs}\"", "")
            .replace("flat = true", "p99-below = \"1ms\"")
            .replace("window = 1000, window-bytes = \"1000KiB\"", "rate = \"${subs}\"")
    };
    assert!(told(&paced("subs = [1, 10, 100]")).contains("a knee over what is no rate"));
    let knee = cases(&paced("subs = [\"10/s\", \"20/s\", \"40/s\"]"));
    let curve = knee[2].curve.as_ref().expect("a curve");
    assert_eq!((curve.at, curve.axis.asks), (40.0, Asks::Knee(1_000_000)));
}

#[test]
fn bytes_in_flight_cut_the_window_for_all_who_share_them() {
    let windows = |text: &str| -> Vec<Rate> {
        cases(text).iter().map(|case| case.phases[0].publish[0].rate).collect()
    };
    // 1 024 000 bytes are 5120 deliveries of 200 bytes.
    let expected = [1000, 512, 51].map(Rate::Window);
    assert_eq!(windows(&with("", "")), expected);
    let two = with("name = \"source\"", "name = \"source\"\ncount = 2");
    assert_eq!(windows(&two), [1000, 256, 25].map(Rate::Window));
    let large = with("topics = 10", "payload = \"1MiB\"");
    assert_eq!(windows(&large), [1; 3].map(Rate::Window), "one event is always allowed");
    let open = with("window = 1000, ", "");
    assert!(told(&open).contains("`window-bytes` without a window"));
}

#[test]
fn subscribers_that_share_a_process_are_counted_so() {
    let cases = cases(&with("", ""));
    let processes: Vec<usize> = cases.iter().map(|case| case.processes_on(Bus::Process)).collect();
    assert_eq!(processes, [1 + 1 + 1, 1 + 1 + 1, 1 + 1 + 4]);
    let each = with("subscribers-per-process = 25", "").replace("100]", "1000]");
    assert!(told(&each).contains(" processes on `"));
}

#[test]
fn what_is_only_measured_is_refused_where_histories_are_judged() {
    let text = with("kind = \"saturation\"", "kind = \"behaviour\"");
    let told = told(&text);
    for key in ["topics", "idle-subscriptions", "subscribers-per-process"] {
        let title = format!("`{key}` in a scenario that measures nothing");
        assert!(told.contains(&title), "{key}: {told}");
    }
}

#[test]
fn topics_and_idle_subscriptions_have_their_bounds() {
    for (old, new, expected) in [
        ("topics = 10", "topics = 0", "expected 1 to 10000"),
        ("topics = 10", "topics = 10001", "expected 1 to 10000"),
        (
            "topics = 10",
            "topic = \"events.a.b.c.d.e.f.g\"\ntopics = 10",
            "topics with one level more",
        ),
        ("idle-subscriptions = 3", "idle-subscriptions = 16385", "expected 0 to 16384"),
        ("idle-subscriptions = 3", "idle-subscriptions = 9000", "subscriptions in all"),
        ("topics = 10", "topic = \"events.idle.n00000\"", "may match an idle subscription"),
    ] {
        let told = told(&with(old, new));
        assert!(told.contains(expected), "{new}: {told}");
    }
}
