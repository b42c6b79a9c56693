//! Tables for people: columns as wide as their widest cell.
//!
//! Names and reasons come from other processes. What a terminal would take for a command is written
//! out.

/// Stands where a row has nothing to say.
pub(super) const NOTHING: &str = "-";
/// Between two columns.
const GAP: &str = "  ";

/// Which side of its column a cell stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Lays out rows under their heading; every row has a cell for each column.
pub(super) fn table(heading: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let titles: Vec<String> = heading.iter().map(|(title, _)| (*title).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&titles).chain(rows).collect();
    let widths: Vec<usize> = (0..heading.len()).map(|column| width(column, &lines)).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(heading).zip(&widths);
        let cells = cells.map(|((cell, (_, side)), width)| match side {
            Side::Left => format!("{cell:<width$}"),
            Side::Right => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join(GAP).trim_end());
        text.push('\n');
    }
    text
}

/// Characters of the widest cell of a column.
fn width(column: usize, lines: &[&Vec<String>]) -> usize {
    let cells = lines.iter().filter_map(|line| line.get(column));
    cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
}

/// A text of somebody else, fit for a terminal.
pub(super) fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_at_their_sides() {
        let heading = [("NAME", Side::Left), ("COUNT", Side::Right), ("LAST", Side::Left)];
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["a", "7", "x"]), row(["longer", "120000", NOTHING])];
        let expected = "\
NAME     COUNT  LAST
a            7  x
longer  120000  -
";
        assert_eq!(table(&heading, &rows), expected);
    }

    #[test]
    fn without_rows_there_is_the_heading() {
        assert_eq!(table(&[("A", Side::Left), ("B", Side::Right)], &[]), "A  B\n");
    }

    #[test]
    fn a_reason_commands_no_terminal() {
        assert_eq!(safe("no\u{1b}[2J\nlün"), "no\\u{1b}[2J\\nlün");
    }
}
