//! `scenarios/gates.toml`: the table of gates as said, read as strictly as a scenario.

use std::path::Path;

use super::super::named::{bus, ratio};
use super::{Against, GateCell, GateTable, Metric};
use crate::scenario::{At, Problems, Source, StrictError, Table, load_strictly, parse_strictly};

impl GateTable {
    /// Reads a gates file.
    pub fn load(path: &Path) -> Result<Self, StrictError> {
        load_strictly(path, gates)
    }

    /// Reads the text of a gates file, or tells all its mistakes.
    pub fn parse(source: Source) -> Result<Self, Problems> {
        parse_strictly(source, gates)
    }
}

fn gates(table: &Table<'_>) -> GateTable {
    GateTable { cells: table.tables("gate", "gate").into_iter().flat_map(cells).collect() }
}

/// One `[[gate]]`: a cell for each bus it names.
fn cells(table: Table<'_>) -> Vec<GateCell> {
    let metrics = Metric::ALL.map(|metric| (metric.as_str(), metric));
    let metric = table.required("metric", |at| at.one_of(&metrics));
    let case = table.required("cases", At::text);
    let buses = table.required("buses", |at| at.list(bus));
    let limit = table.required("limit", ratio);
    let enforced = table.or("enforced", "false", At::boolean);
    let against = table.or("against", r#""bus""#, |at| {
        at.one_of(&[("bus", Against::Bus), ("revision", Against::Revision)])
    });
    table.finish();
    let (Some(metric), Some(case), Some(buses), Some(limit)) = (metric, case, buses, limit) else {
        return Vec::new();
    };
    let cell = |bus| GateCell { metric, case: case.clone(), bus, against, limit, enforced };
    buses.into_iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Bus;

    fn parse(text: &str) -> Result<GateTable, Problems> {
        GateTable::parse(Source { path: "gates.toml".into(), text: text.into() })
    }

    #[test]
    fn a_gate_makes_a_cell_for_each_bus() {
        let text = "format = 1\n[[gate]]\nmetric = \"cpu\"\ncases = \"perf/*\"\n\
                    buses = [\"process\", \"agent\"]\nlimit = 1.2\nenforced = true\n";
        let table = parse(text).expect("valid");
        let cell = table.cell(Metric::Cpu, "perf/paced[subs=1]", Bus::Agent).expect("covered");
        assert!((cell.limit - 1.2).abs() < f64::EPSILON && cell.enforced);
        assert_eq!(table.cells.len(), 2);
    }

    #[test]
    fn a_gate_between_revisions_says_so() {
        let text = "format = 1\n[[gate]]\nmetric = \"cpu\"\ncases = \"perf/*\"\n\
                    buses = [\"process\"]\nlimit = 1.2\nagainst = \"revision\"\n";
        let table = parse(text).expect("valid");
        assert_eq!(table.cell(Metric::Cpu, "perf/paced", Bus::Process), None);
        assert!(table.between_revisions(Metric::Cpu, "perf/paced", Bus::Process).is_some());
    }

    #[test]
    fn every_mistake_of_a_gates_file_is_told() {
        let text = "format = 1\n[[gate]]\nmetric = \"cpus\"\ncase = \"perf/*\"\n\
                    buses = [\"proces\"]\nlimit = -1\n";
        let problems = parse(text).expect_err("four mistakes and a missing key");
        let told: Vec<&str> =
            problems.list().iter().map(|problem| problem.title.as_str()).collect();
        assert_eq!(
            told,
            [
                "missing key `cases`",
                "`gate[0].metric` is \"cpus\"",
                "unknown key `case` in `gate`",
                "`gate[0].buses[0]` is \"proces\"",
                "limit is no ratio",
            ]
        );
    }
}
