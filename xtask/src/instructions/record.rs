//! `benches/instructions.toml`: what was counted last, and with which compiler.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::Count;

/// Counts of one compiler.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// As `rustc --version` says.
    pub(super) compiler: String,
    /// Instructions by stretch.
    pub(super) counts: BTreeMap<String, u64>,
}

impl Record {
    pub(super) fn of(compiler: &str, counts: &[Count]) -> Self {
        Self { compiler: compiler.to_owned(), counts: counts.iter().cloned().collect() }
    }

    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}; --record writes it", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is no record", file.display()))
    }

    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let text = toml::to_string(self).context("a record is a table")?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::Record;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("instructions.toml");
        let record = Record::of("rustc 1.0.0", &[("a-hop".to_owned(), 1234)]);
        record.write(&file).expect("written");
        assert_eq!(Record::read(&file).expect("read"), record);
    }

    #[test]
    fn a_record_that_is_not_there_says_how_it_is_made() {
        let told = Record::read("/nowhere/instructions.toml".as_ref()).expect_err("none");
        assert!(format!("{told:#}").contains("--record"), "{told:#}");
    }
}
