//! Flags that every binary has, and the configuration they lead to.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::{CollectorName, ConfigError, Layers, Places, Resolved};

/// Where configuration comes from, and what flags override.
#[derive(Debug, Clone, Args)]
pub struct CommonFlags {
    /// Read this file instead of the user's and the system's configuration
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Which bus to use [default: daemoneye]
    #[arg(long, value_enum, value_name = "BUS")]
    pub bus: Option<BusFlag>,
    /// Socket of the broker, in a folder of mode 0700 [default: in the user's runtime folder]
    #[arg(long, value_name = "PATH", global = true)]
    pub socket: Option<PathBuf>,
    /// Time between two looks at the system, such as 200ms or 30s [default: each collector's own]
    #[arg(long, value_name = "DURATION")]
    pub interval: Option<String>,
    /// Set any value of the configuration, such as `procmond.scan_interval=5s`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print the configuration as it holds, each value with where it came from, and end
    #[arg(long)]
    pub show_config: bool,
}

/// A bus as the command line names it. Help shows those that this build has; of the others the
/// configuration says why they are not there.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum BusFlag {
    /// In-process: collectors are threads of the agent
    #[cfg_attr(not(feature = "legacy"), value(hide = true))]
    Local,
    /// In-process, one ring for all: who lags loses
    #[cfg_attr(not(feature = "legacy"), value(hide = true))]
    Broadcast,
    /// In-process, a queue for each subscriber: a full one loses
    #[cfg_attr(not(feature = "legacy"), value(hide = true))]
    Sharing,
    /// The broker: collectors are processes of their own
    Daemoneye,
}

impl CommonFlags {
    /// Overlays files, environment and these flags, for these collectors: `--interval` is theirs,
    /// and what they cannot have side by side is refused. What a binary's own flags set is told as
    /// (flag, key, value).
    pub fn resolve(
        &self,
        collectors: &[CollectorName],
        own: impl IntoIterator<Item = (&'static str, &'static str, toml::Value)>,
    ) -> Result<Resolved, ConfigError> {
        let places = Places::from_environment(|name| std::env::var_os(name));
        let mut layers = Layers::new();
        if let Some(file) = &self.config {
            layers.file(file)?;
        } else {
            layers.file_if_present(&Places::system_config())?;
            if let Some(file) = places.user_config() {
                layers.file_if_present(&file)?;
            }
        }
        let variables = std::env::vars_os();
        layers.environment(variables.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))?;
        for (flag, key, value) in own {
            layers.flag(flag, key, value)?;
        }
        self.add_to(&mut layers, collectors)?;
        let mut resolved = layers.resolve_for(collectors)?;
        let socket_path = &mut resolved.settings.event_bus.socket_path;
        *socket_path = socket_path.take().or_else(|| places.default_socket());
        let spool_folder = &mut resolved.settings.spool.folder;
        *spool_folder = spool_folder.take().or_else(|| places.default_spool());
        Ok(resolved)
    }

    fn add_to(&self, layers: &mut Layers, collectors: &[CollectorName]) -> Result<(), ConfigError> {
        if let Some(bus) = self.bus.and_then(|bus| bus.to_possible_value()) {
            layers.flag("--bus", "event_bus.bus_type", bus.get_name())?;
        }
        if let Some(path) = &self.socket {
            let path = path.to_string_lossy().into_owned();
            layers.flag("--socket", "event_bus.socket_path", path)?;
        }
        if let Some(interval) = &self.interval {
            for key in collectors.iter().filter_map(|collector| collector.interval_key()) {
                layers.flag("--interval", key, interval.as_str())?;
            }
        }
        self.set.iter().try_for_each(|assignment| layers.assignment("--set", assignment))
    }
}
