//! Tables for people: columns as wide as their widest cell, numbers to the right.
//!
//! Names come from other processes. What a terminal would take for a command is written out.

/// Stands where a row has nothing to say.
pub(crate) const NOTHING: &str = "-";

/// Lays out rows under a heading; every row has as many cells as the heading.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let columns: Vec<Column> = (0..heading.len())
        .map(|at| {
            let cells: Vec<&str> = rows.iter().map(|row| row[at].as_str()).collect();
            Column::of(heading[at], &cells)
        })
        .collect();
    let mut text = String::new();
    add_line(&mut text, &columns, heading.iter().copied());
    for row in rows {
        add_line(&mut text, &columns, row.iter().map(String::as_str));
    }
    text
}

/// A line for rows that are missing; empty when none are.
pub(crate) fn and_more(rows: u64, why: &str) -> String {
    if rows == 0 { String::new() } else { format!("and {rows} more{why}\n") }
}

/// A text of somebody else, fit for a terminal.
pub(crate) fn safe(text: &str) -> String {
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

struct Column {
    /// Characters.
    width: usize,
    numbers: bool,
}

impl Column {
    fn of(heading: &str, cells: &[&str]) -> Self {
        let is_number = |cell: &&str| cell.starts_with(|c: char| c.is_ascii_digit());
        let says_nothing = |cell: &&str| *cell == NOTHING;
        let width = |cell: &&str| cell.chars().count();
        Self {
            width: cells.iter().map(width).fold(width(&heading), usize::max),
            numbers: !cells.iter().all(says_nothing)
                && cells.iter().all(|cell| says_nothing(cell) || is_number(cell)),
        }
    }
}

fn add_line<'a>(text: &mut String, columns: &[Column], cells: impl Iterator<Item = &'a str>) {
    let padded = cells.zip(columns).map(|(cell, Column { width, numbers })| {
        if *numbers { format!("{cell:>width$}") } else { format!("{cell:width$}") }
    });
    text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::{safe, table};

    #[test]
    fn columns_line_up_and_numbers_stand_to_the_right() {
        let rows =
            [vec!["a".to_owned(), "7".to_owned()], vec!["long".to_owned(), "1200".to_owned()]];
        assert_eq!(table(&["NAME", "COUNT"], &rows), "NAME  COUNT\na         7\nlong   1200\n");
    }

    #[test]
    fn a_name_commands_no_terminal() {
        assert_eq!(safe("a\u{1b}[2Jb\nc\u{9b}"), "a\\u{1b}[2Jb\\nc\\u{9b}");
        assert_eq!(safe("dämon"), "dämon");
    }
}
