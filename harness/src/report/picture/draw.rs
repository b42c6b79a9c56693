//! What pictures are made of: the sheet, its colours, marks, lines and words.
//!
//! Colours are told apart by shapes as well, and are seen on white and on black.

use std::fmt::Write as _;

/// Half the width of a mark.
pub(super) const MARK: f64 = 4.5;

/// Middling colours, seen on white and on black; more lines than these begin anew.
const COLOURS: [&str; 6] = ["#2f7ed8", "#d9730d", "#1f9d63", "#b455c9", "#c9a400", "#d64560"];

/// Fills and strokes, and what changes in the dark.
const STYLE: &str = "\
.ground{fill:#ffffff}.text{fill:#24292f;font:13px sans-serif}.title{font-size:15px;font-weight:600}\
.grid{stroke:#d0d7de;stroke-width:1}.axis{stroke:#57606a;stroke-width:1}\
.way{stroke:#6e7781;stroke-width:1}\
.line{fill:none;stroke-width:1.5}.limit{stroke:#cf222e;stroke-width:1.5;stroke-dasharray:6 4}\
@media (prefers-color-scheme:dark){.ground{fill:#16191e}.text{fill:#e6edf3}\
.grid{stroke:#30363d}.axis{stroke:#8b949e}.way{stroke:#8b949e}.limit{stroke:#ff7b72}}";

/// A picture of this size, in its own units: it scales to whatever room there is.
pub(super) fn drawn(
    (width, height): (f64, f64),
    title: &str,
    draw: impl FnOnce(&mut String),
) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <style>{STYLE}</style>\n<title>{}</title>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n",
        escaped(title)
    );
    draw(&mut svg);
    svg.push_str("</svg>\n");
    svg
}

/// The colour of a line by its number.
pub(super) fn colour(number: usize) -> &'static str {
    COLOURS[number % COLOURS.len()]
}

/// Mark and name of every line, side by side.
pub(super) fn legend<'a>(
    svg: &mut String,
    (left, y): (f64, f64),
    names: impl Iterator<Item = &'a str>,
) {
    let mut x = left;
    for (number, name) in names.enumerate() {
        mark(svg, number, (x + MARK, y));
        text(svg, (x + 16.0, y + 4.5), "text", "start", name);
        // Letters of 13 px are 8 wide at most, on average.
        x += 36.0 + 8.0 * name.len() as f64;
    }
}

/// A circle, a square, a diamond or a triangle.
pub(super) fn mark(svg: &mut String, number: usize, at: (f64, f64)) {
    let _ = writeln!(svg, "<path fill=\"{}\" d=\"{}\"/>", colour(number), outline(number, at));
}

/// The same with nothing in it.
pub(super) fn hollow(svg: &mut String, number: usize, at: (f64, f64)) {
    let (colour, path) = (colour(number), outline(number, at));
    let _ = writeln!(
        svg,
        "<path class=\"ground\" stroke=\"{colour}\" stroke-width=\"1.5\" d=\"{path}\"/>"
    );
}

fn outline(number: usize, (x, y): (f64, f64)) -> String {
    let (double, half) = (2.0 * MARK, MARK);
    match number % 4 {
        0 => format!(
            "M{:.1} {y:.1}a{half} {half} 0 1 0 {double} 0a{half} {half} 0 1 0 -{double} 0",
            x - half
        ),
        1 => format!("M{:.1} {:.1}h{double}v{double}h-{double}z", x - half, y - half),
        2 => format!("M{x:.1} {:.1}l{half} {half}l-{half} {half}l-{half} -{half}z", y - half),
        _ => format!("M{x:.1} {:.1}l{half} {double}h-{double}z", y - half),
    }
}

pub(super) fn rule(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

pub(super) fn text(svg: &mut String, (x, y): (f64, f64), class: &str, anchor: &str, told: &str) {
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
        escaped(told)
    );
}

/// A label along the side of a panel, read from below.
pub(super) fn sideways(svg: &mut String, (x, y): (f64, f64), told: &str) {
    let _ = writeln!(
        svg,
        "<text class=\"text\" text-anchor=\"middle\" transform=\"translate({x:.1} {y:.1}) \
         rotate(-90)\">{}</text>",
        escaped(told)
    );
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
