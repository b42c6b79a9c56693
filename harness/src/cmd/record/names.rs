//! What those who were recorded are called in a scenario: as they are, or nearly so.

use std::collections::BTreeMap;

/// Names as a scenario can have them, each of its own.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By the name somebody has.
    called: BTreeMap<String, String>,
}

impl Names {
    /// What somebody is called; the same every time.
    pub(super) fn of(&mut self, name: &str) -> &str {
        if !self.called.contains_key(name) {
            let called = self.free(&nearest(name));
            self.called.insert(name.to_owned(), called);
        }
        &self.called[name]
    }

    /// Whoever is called otherwise than he is.
    pub(super) fn renamed(&self) -> impl Iterator<Item = (String, String)> {
        let all = self.called.iter().filter(|(name, called)| name != called);
        all.map(|(name, called)| (name.clone(), called.clone()))
    }

    fn free(&self, near: &str) -> String {
        let is_taken = |name: &str| self.called.values().any(|called| called == name);
        let others = (2..).map(|number| format!("{near}-{number}"));
        let mut names = std::iter::once(near.to_owned()).chain(others);
        names.find(|name| !is_taken(name)).expect("numbers do not end")
    }
}

/// The name with what no scenario's name has replaced.
fn nearest(name: &str) -> String {
    let letter = |letter: char| match letter.to_ascii_lowercase() {
        known @ ('a'..='z' | '0'..='9' | '-' | '_') => known,
        _ => '-',
    };
    let name: String = name.chars().map(letter).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_where_a_scenario_can_have_them() {
        let mut names = Names::default();
        for name in ["procmond", "daemoneye-agent", "p_1"] {
            assert_eq!(names.of(name), name);
        }
        assert_eq!(names.renamed().count(), 0);
    }

    #[test]
    fn other_names_are_changed_and_stay_different() {
        let mut names = Names::default();
        assert_eq!(names.of("operator.control"), "operator-control");
        assert_eq!(names.of("Operator Control"), "operator-control-2");
        assert_eq!(names.of("operator.control"), "operator-control");
        assert_eq!(names.of(""), "unnamed");
        let renamed: Vec<_> = names.renamed().map(|(name, _)| name).collect();
        assert_eq!(renamed, ["", "Operator Control", "operator.control"]);
    }
}
