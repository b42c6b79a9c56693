//! A page of headings and items, wrapped for a terminal.

use crate::cmd::wrap::wrapped;

/// Columns of a page: those of a terminal nobody has made small.
const COLUMNS: usize = 100;
/// Items of one sort: more are a table, and nobody reads that here.
const MOST_ITEMS: usize = 16;
/// What stands before every line that is no heading.
const MARGIN: &str = "  ";

/// Text that grows from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// Everything written so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// A heading, with an empty line above it where it is not the first.
    pub(super) fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(heading);
    }

    /// Prose behind a mark, such as `1. `; further lines begin below its first word.
    pub(super) fn item(&mut self, mark: &str, prose: &str) {
        let width = (MARGIN.len() + mark.chars().count()).min(COLUMNS / 2);
        let indent = " ".repeat(width);
        for (index, line) in wrapped(prose, COLUMNS, width, width).iter().enumerate() {
            let line = if index == 0 {
                format!("{MARGIN}{mark}{line}")
            } else {
                format!("{indent}{line}")
            };
            self.line(&line);
        }
    }

    /// An item for each of these, up to so many that they are still read.
    pub(super) fn items(&mut self, all: &[String]) {
        for told in all.iter().take(MOST_ITEMS) {
            self.item("- ", told);
        }
        let hidden = all.len().saturating_sub(MOST_ITEMS);
        if hidden > 0 {
            self.item("- ", &format!("and {hidden} more of that sort; `show` has them all"));
        }
    }

    /// A line that is never wrapped, for a command to copy.
    pub(super) fn verbatim(&mut self, line: &str) {
        self.line(&format!("{MARGIN}{line}"));
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_stands_below_its_mark() {
        let mut page = Page::default();
        page.heading("What");
        page.item("1. ", &"word ".repeat(25));
        page.heading("Then");
        page.verbatim("a  b");
        let text = page.text();
        assert!(text.starts_with("What\n  1. word word"), "{text}");
        assert!(text.contains("word\n     word"), "{text}");
        assert!(text.ends_with("\n\nThen\n  a  b\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= COLUMNS));
    }
}
