//! Pictures: well-formed, self-contained, and with all that is in the row.

use super::*;
use crate::report::sample::{flat_curve, knee_curve};

fn count(svg: &str, what: &str) -> usize {
    svg.matches(what).count()
}

#[test]
fn every_element_that_is_opened_is_closed() {
    for row in [flat_curve(), knee_curve()] {
        let svg = curve(&row);
        for name in ["svg", "style", "title", "text"] {
            let opened = count(&svg, &format!("<{name}>")) + count(&svg, &format!("<{name} "));
            assert_eq!(opened, count(&svg, &format!("</{name}>")), "{name}");
        }
        let empty = ["rect", "line", "path"];
        let opened: usize = empty.iter().map(|name| count(&svg, &format!("<{name} "))).sum();
        assert_eq!(opened, count(&svg, "/>"));
    }
}

#[test]
fn it_loads_nothing_and_knows_the_dark() {
    let svg = curve(&flat_curve());
    assert_eq!(count(&svg, "http"), 1, "the name space alone");
    assert!(svg.contains("prefers-color-scheme:dark"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn both_buses_have_a_line_and_a_range_at_every_point() {
    let svg = curve(&flat_curve());
    // Two panels of two lines, each of two points; a mark each, and two in the legend.
    assert_eq!(count(&svg, "<path class=\"line\""), 4);
    assert_eq!(count(&svg, "<path stroke"), 8);
    assert_eq!(count(&svg, "<path fill"), 8 + 2);
    for told in
        ["crossbeam", "process", "CPU time a delivery, µs", "deliveries a second", ">10000<"]
    {
        assert!(svg.contains(told), "{told}");
    }
    assert!(svg.contains("topics published on (how many)"));
}

#[test]
fn a_knee_has_the_line_of_its_limit_and_a_flat_curve_has_none() {
    assert_eq!(count(&curve(&knee_curve()), "class=\"limit\""), 1);
    assert_eq!(count(&curve(&flat_curve()), "class=\"limit\""), 0);
}

#[test]
fn a_point_that_is_missing_leaves_a_gap() {
    let steps = |row: &CurveRow| {
        let svg = curve(row);
        let line =
            svg.lines().find(|line| line.starts_with("<path class=\"line\"")).expect("a line");
        (count(line, "M"), count(line, "L"))
    };
    let mut row = knee_curve();
    assert_eq!(steps(&row), (1, 2));
    row.lines[0].points[1].p99_ns = None;
    assert_eq!(steps(&row), (2, 0));
}

#[test]
fn a_curve_without_figures_says_so() {
    let mut row = flat_curve();
    for line in &mut row.lines {
        line.points.clear();
    }
    assert_eq!(count(&curve(&row), "nothing was read"), 2);
}

#[test]
fn what_a_label_says_is_text() {
    let mut row = flat_curve();
    row.axis.label = "a < b & \"c\"".to_owned();
    assert!(curve(&row).contains("a &lt; b &amp; &quot;c&quot;"));
}
