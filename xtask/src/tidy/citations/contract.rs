//! The page of promises as this check reads it.

use super::number::Number;

/// What precedes the names of tests and files in a bullet; in a table they are the last column.
const SHOWN_BY: &str = "Shown by";
/// How a promise that no test shows says so.
const OPEN: &str = "**Not yet.**";

/// Every promise of the page.
#[derive(Debug, Default)]
pub(super) struct Contract {
    pub(super) promises: Vec<Promise>,
    /// Lines that define a number once more.
    pub(super) doubles: Vec<(usize, Number)>,
}

/// One number as defined.
#[derive(Debug)]
pub(super) struct Promise {
    pub(super) number: Number,
    /// Counted from 1.
    pub(super) line: usize,
    /// Whether the page says that it is not kept yet.
    pub(super) is_open: bool,
    /// Tests, conformance cases and files it names as showing it.
    pub(super) witnesses: Vec<String>,
}

impl Contract {
    /// Reads the page; a promise ends where a line begins that is not indented.
    pub(super) fn read(page: &str) -> Self {
        let mut contract = Self::default();
        let mut lines = page.lines().enumerate().peekable();
        while let Some((index, first)) = lines.next() {
            let Some(number) = defined(first) else { continue };
            let mut text = first.to_owned();
            while let Some((_, more)) = lines.next_if(|(_, line)| line.starts_with("  ")) {
                text.push(' ');
                text.push_str(more.trim());
            }
            contract.add(number, index + 1, &text);
        }
        contract
    }

    fn add(&mut self, number: Number, line: usize, text: &str) {
        if self.defines(number) {
            self.doubles.push((line, number));
            return;
        }
        let is_open = text.contains(OPEN);
        self.promises.push(Promise { number, line, is_open, witnesses: witnesses(text) });
    }

    /// Whether the page defines a number.
    pub(super) fn defines(&self, number: Number) -> bool {
        self.promises.iter().any(|promise| promise.number == number)
    }
}

/// The number at the head of `- **C1** …` or `| **V1** | …`.
fn defined(line: &str) -> Option<Number> {
    let rest = line.strip_prefix("- **").or_else(|| line.strip_prefix("| **"))?;
    Number::parse(rest.split_once("**")?.0)
}

fn witnesses(text: &str) -> Vec<String> {
    let last_cell = || text.strip_suffix('|')?.rsplit_once('|');
    let named = text.split_once(SHOWN_BY).or_else(last_cell).map_or("", |(_, named)| named);
    named.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
