//! Where in its file a scenario says what something turned out about: a claim, an expectation, a gate.

use super::gates::Metric;
use super::scenario_of;
use crate::scenario::Scenario;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its path, with `/` on every system.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

/// The scenarios of a run, with what their files are called.
#[derive(Debug, Clone, Default)]
pub struct Places<'s> {
    files: Vec<(String, &'s Scenario)>,
}

impl<'s> Places<'s> {
    /// Of these scenarios; each file as the reader's tools call it.
    pub fn of(files: impl IntoIterator<Item = (String, &'s Scenario)>) -> Self {
        let slashed =
            |(file, scenario): (String, &'s Scenario)| (file.replace('\\', "/"), scenario);
        Self { files: files.into_iter().map(slashed).collect() }
    }

    /// Where a case says what the violation of a rule is about: its expectations, that it is a switch, its
    /// declared divergences (`V1` and the like), else what it claims.
    pub fn of_rule(&self, case: &str, rule: &str) -> Option<Place> {
        let key = match rule {
            "expect" => "expect",
            "switch" => "kind",
            rule if rule.starts_with('V') => "divergence",
            _ => "claims",
        };
        self.at(case, &[key])
    }

    /// Where a case tightens the gate of a metric, else where it says what kind it is.
    pub fn of_gate(&self, case: &str, metric: Metric) -> Option<Place> {
        let scenario = self.scenario(case)?.1;
        let own = ["gate", metric.as_str()];
        let keys: &[&str] = if scenario.line_of(&own).is_some() { &own } else { &["kind"] };
        self.at(case, keys)
    }

    /// Where a case says something; its name where it does not.
    fn at(&self, case: &str, keys: &[&str]) -> Option<Place> {
        let (file, scenario) = self.scenario(case)?;
        let line = scenario.line_of(keys).or_else(|| scenario.line_of(&["name"]))?;
        Some(Place { file: file.clone(), line })
    }

    /// By the id of a case, or by the scenario's own name.
    fn scenario(&self, case: &str) -> Option<&(String, &'s Scenario)> {
        self.files.iter().find(|(_, scenario)| scenario.name == scenario_of(case))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Source;

    const TEXT: &str = r#"format = 1
name = "a/b"
claims = ["C4"]
kind = "paced"

[expect]
received = { s = 1 }

[gate.cpu]
limit = 1.1

[[divergence]]
id = "V2"
"#;

    fn scenario() -> Scenario {
        Scenario::parse(Source { path: "b.toml".into(), text: TEXT.into() }).expect("TOML")
    }

    fn line(place: Option<Place>) -> usize {
        let place = place.expect("it is known");
        assert_eq!(place.file, "scenarios/a/b.toml");
        place.line
    }

    #[test]
    fn each_rule_and_gate_is_found_where_the_scenario_speaks_of_it() {
        let scenario = scenario();
        let places = Places::of([("scenarios\\a\\b.toml".to_owned(), &scenario)]);
        let rule = |rule| line(places.of_rule("a/b[n=1]", rule));
        assert_eq!(["C4", "expect", "V2"].map(rule), [3, 6, 12]);
        let gate = |metric| line(places.of_gate("a/b", metric));
        assert_eq!([Metric::Cpu, Metric::Memory].map(gate), [9, 4]);
    }

    #[test]
    fn a_case_of_no_known_scenario_is_nowhere() {
        let scenario = scenario();
        let places = Places::of([("b.toml".to_owned(), &scenario)]);
        assert_eq!(places.of_rule("a/c", "C4"), None);
        assert_eq!(places.of_gate("a", Metric::Cpu), None);
    }
}
