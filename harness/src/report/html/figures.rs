//! Tables that become cards where there is no room for columns, and pictures that scroll.

use maud::{Markup, PreEscaped, html};

/// A table of text: a class and the cells of each row.
pub(super) fn table<'a>(
    columns: &[&str],
    rows: impl Iterator<Item = (&'a str, Vec<String>)>,
) -> Markup {
    let cells = |cells: Vec<String>| {
        cells.into_iter().map(|cell| html! { (cell) }).collect::<Vec<Markup>>()
    };
    table_of(columns, rows.map(|(class, row)| (class, cells(row))))
}

/// A table of anything. Each cell knows its column's name, which a narrow page shows beside it.
pub(super) fn table_of<'a>(
    columns: &[&str],
    rows: impl Iterator<Item = (&'a str, Vec<Markup>)>,
) -> Markup {
    html! {
        table {
            thead { tr { @for column in columns { th scope="col" { (column) } } } }
            tbody {
                @for (class, cells) in rows {
                    tr class=(class) {
                        @for (column, cell) in columns.iter().zip(cells) {
                            td data-column=(column) { (cell) }
                        }
                    }
                }
            }
        }
    }
}

/// A picture that is never wider than the page.
pub(super) fn ladder(svg: &str) -> Markup {
    html! { div.picture.ladder { (PreEscaped(svg)) } }
}

/// A picture with a width of its own.
pub(super) fn picture(svg: &str) -> Markup {
    html! { div.picture { (PreEscaped(svg)) } }
}
