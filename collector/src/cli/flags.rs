//! Flags that every binary has, and the configuration they lead to.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::{ConfigError, EventBusType, Layers, Places, Resolved};

/// Where configuration comes from, and what flags override.
#[derive(Debug, Clone, Args)]
pub struct CommonFlags {
    /// Read this file instead of the user's and the system's configuration
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Which bus to use [default: daemoneye]
    #[arg(long, value_enum, value_name = "BUS")]
    pub bus: Option<BusFlag>,
    /// Socket of the broker, in a folder of mode 0700 [default: in the user's runtime folder]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Time between two scans of the processes, such as 200ms or 30s [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub interval: Option<String>,
}

/// [`EventBusType`] on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum BusFlag {
    /// In-process: collectors are threads of the agent
    Local,
    /// The broker: collectors are processes of their own
    Daemoneye,
}

impl CommonFlags {
    /// Overlays files, environment and these flags.
    pub fn resolve(&self) -> Result<Resolved, ConfigError> {
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
        if let Some(bus) = self.bus {
            let bus = EventBusType::from(bus).as_str();
            layers.flag("--bus", "event_bus.bus_type", bus)?;
        }
        if let Some(path) = &self.socket {
            let path = path.to_string_lossy().into_owned();
            layers.flag("--socket", "event_bus.socket_path", path)?;
        }
        if let Some(interval) = &self.interval {
            layers.flag("--interval", "procmond.scan_interval", interval.as_str())?;
        }
        let mut resolved = layers.resolve()?;
        let socket_path = &mut resolved.settings.event_bus.socket_path;
        *socket_path = socket_path.take().or_else(|| places.default_socket());
        Ok(resolved)
    }
}

impl From<BusFlag> for EventBusType {
    fn from(flag: BusFlag) -> Self {
        match flag {
            BusFlag::Local => Self::Local,
            BusFlag::Daemoneye => Self::DaemonEye,
        }
    }
}
