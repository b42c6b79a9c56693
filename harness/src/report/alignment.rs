//! Rows of text as columns of a terminal: every width that of its widest cell.

/// Columns two spaces apart, those with figures flush right.
pub(super) fn aligned<const N: usize>(
    header: &[String; N],
    rows: &[[String; N]],
    flush_right: &[usize],
) -> Vec<String> {
    let all = || std::iter::once(header).chain(rows);
    let width = |at: usize| all().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let padded = row.iter().zip(widths).enumerate().map(|(at, (cell, width))| {
            if flush_right.contains(&at) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all().map(line).collect()
}
