//! Prose in lines of at most so many columns.

/// The words of a text in lines, `first` columns of the first one being taken already and `below` of
/// all others. A word that is longer than a line has one of its own.
pub(super) fn wrapped(text: &str, columns: usize, first: usize, below: usize) -> Vec<String> {
    let (mut lines, mut line, mut taken) = (Vec::new(), String::new(), first);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if line.is_empty() {
            taken += length;
        } else if taken + 1 + length <= columns {
            line.push(' ');
            taken += 1 + length;
        } else {
            lines.push(std::mem::take(&mut line));
            taken = below + length;
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_long_as_it_may_be_and_no_longer() {
        assert_eq!(wrapped("one two\n three", 7, 0, 0), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 7, 1, 2), ["one", "two", "three"]);
        assert_eq!(wrapped("über allem", 4, 0, 0), ["über", "allem"]);
        assert_eq!(wrapped("", 4, 0, 0), [""]);
    }
}
