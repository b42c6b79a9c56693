//! What of its section a running collector takes, checked as a file is and refused in the same
//! words.
//!
//! What is not among its [live keys](CollectorName::live_keys) needs a restart with another file or
//! other flags.

use toml::Table;

use super::{CollectorName, ConfigError, Layers, Origin, Problem, Settings, keys};
use crate::spelling::nearest;

/// The section of a collector that runs, as it was started with it.
#[derive(Debug, Clone)]
pub struct LiveSection {
    collector: CollectorName,
    started_with: Settings,
}

impl LiveSection {
    /// The section of this collector.
    pub fn new(collector: CollectorName, started_with: &Settings) -> Self {
        Self { collector, started_with: started_with.clone() }
    }

    /// Why a key cannot have this value while the collector runs, whatever else is changed; `None`
    /// stands for the value it was started with.
    ///
    /// ```
    /// use collector_core::config::{CollectorName, LiveSection, Settings};
    ///
    /// let section = LiveSection::new(CollectorName::Procmond, &Settings::default());
    /// assert!(section.check("procmond.scan_interval", Some("5s")).is_ok());
    /// let refused = section.check("procmond.integrity", Some("false")).unwrap_err();
    /// assert!(refused.to_string().contains("restart needed"));
    /// ```
    pub fn check(&self, key: &str, value: Option<&str>) -> Result<(), ConfigError> {
        let own = format!("{}.{key}", self.collector);
        if keys::is_key(&own) {
            let message = format!("`{key}` is in no section");
            return Err(refused(key, value, message, Some(own)));
        }
        if let Some(value) = value {
            // First what no restart would help.
            Layers::new().update(key, value)?;
        }
        if self.collector.live_keys().contains(&key) {
            return Ok(());
        }
        Err(self.not_live(key, value))
    }

    fn not_live(&self, key: &str, value: Option<&str>) -> ConfigError {
        let collector = self.collector;
        let section = key.split('.').next().and_then(CollectorName::named);
        if let Some(other) = section.filter(|other| *other != collector) {
            let message = format!("`{key}` is a key of {other}, and this is {collector}");
            return refused(key, value, message, None);
        }
        // With a value it is known to be a key; without one nobody has looked.
        let suggestion = match value {
            Some(_) => None,
            None => nearest(key, collector.live_keys().iter().copied()).map(str::to_owned),
        };
        let message = format!("restart needed: {collector} does not change `{key}` while it runs");
        refused(key, value, message, suggestion)
    }

    /// The section with these values for live keys, the whole of it checked; all other sections
    /// have their defaults.
    pub fn with<'v>(
        &self,
        values: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) -> Result<Settings, ConfigError> {
        let mut layers = Layers::new();
        layers.started_with(self.collector.as_str(), self.table()?);
        for (key, value) in values {
            layers.update(key, value)?;
        }
        Ok(layers.resolve()?.settings)
    }

    fn table(&self) -> Result<Table, ConfigError> {
        let settings = &self.started_with;
        let table = match self.collector {
            CollectorName::Procmond => Table::try_from(&settings.procmond),
            CollectorName::Netmond => Table::try_from(&settings.netmond),
            CollectorName::Fsmond => Table::try_from(&settings.fsmond),
            CollectorName::Perfmond => Table::try_from(&settings.perfmond),
        };
        // Of what no file can say, such as a path that is no text.
        table.map_err(|error| {
            ConfigError::one(Problem {
                origin: Origin::Start,
                message: error.to_string(),
                suggestion: None,
                place: None,
            })
        })
    }
}

fn refused(
    key: &str,
    value: Option<&str>,
    message: String,
    suggestion: Option<String>,
) -> ConfigError {
    let change = value.map_or_else(|| key.to_owned(), |value| format!("{key}={value}"));
    let origin = Origin::Update { change };
    ConfigError::one(Problem { origin, message, suggestion, place: None })
}

#[cfg(test)]
mod tests;
