//! The configuration file of a switch: it is written once, and one value of it is set for each
//! agent, as whoever switches does in an editor.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::json;

use super::HostRequest;
use super::agent::{SCAN_INTERVAL, collectors, socket};
use super::files::WatchedFolder;
use crate::record::Turn;

/// How the line begins that says which bus.
const BUS: &str = "bus_type = ";

/// The file.
pub(super) struct SettingFile {
    path: PathBuf,
}

impl SettingFile {
    /// Writes it, in the folder of the case.
    pub(super) fn write(request: &HostRequest<'_>, folder: &Path) -> io::Result<Self> {
        let path = folder.join("config.toml");
        fs::write(&path, base(request, folder))?;
        Ok(Self { path })
    }

    /// Sets the bus and nothing else; returns the file as it is now.
    pub(super) fn set_bus(&self, bus_type: &str) -> io::Result<String> {
        let text = with_bus(&fs::read_to_string(&self.path)?, bus_type);
        fs::write(&self.path, &text)?;
        Ok(text)
    }

    /// The flags by which an agent reads it: the same, whatever it says.
    pub(super) fn flags(&self) -> Vec<OsString> {
        vec![OsString::from("--config"), self.path.clone().into_os_string()]
    }
}

/// What JSON has for texts and lists of them, TOML has as well.
fn base(request: &HostRequest<'_>, folder: &Path) -> String {
    let bus_type = Turn::Before.bus_type();
    let (socket, watched) = (json!(socket(folder)), json!([WatchedFolder::within(folder)]));
    let (collectors, interval) = (json!(collectors(request)), json!(SCAN_INTERVAL));
    format!(
        "[event_bus]\n{BUS}\"{bus_type}\"\nsocket_path = {socket}\n\n\
         [agent]\ncollectors = {collectors}\n\n\
         [procmond]\nscan_interval = {interval}\n\n\
         [netmond]\nscan_interval = {interval}\n\n\
         [fsmond]\npaths = {watched}\n"
    )
}

/// The same text with another bus in its line.
fn with_bus(text: &str, bus_type: &str) -> String {
    let own = format!("{BUS}\"{bus_type}\"");
    let lines = text.lines().map(|line| if line.starts_with(BUS) { own.as_str() } else { line });
    let mut text = lines.collect::<Vec<&str>>().join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use collector_core::config::{EventBusType, Settings};

    use super::*;
    use crate::driver::host::ThingKind;
    use crate::plan::Bus;

    fn written(folder: &Path) -> SettingFile {
        let makes = [(ThingKind::Program, 1), (ThingKind::File, 1), (ThingKind::Connection, 1)];
        let request = HostRequest {
            executable: folder,
            bus: Bus::Process,
            patterns: &[],
            makes: &makes,
            budget: Duration::from_mins(1),
            directory: folder,
        };
        SettingFile::write(&request, folder).expect("written")
    }

    fn differing<'a>(one: &'a str, other: &'a str) -> Vec<(&'a str, &'a str)> {
        assert_eq!(one.lines().count(), other.lines().count());
        one.lines().zip(other.lines()).filter(|(one, other)| one != other).collect()
    }

    #[test]
    fn the_files_of_a_switch_differ_in_one_line_and_the_way_back_is_the_first_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = written(folder.path());
        let [before, switched, back] =
            Turn::ALL.map(|turn| file.set_bus(turn.bus_type()).expect("set"));
        let lines = [("bus_type = \"local\"", "bus_type = \"daemoneye\"")];
        assert_eq!(differing(&before, &switched), lines);
        assert_eq!(back, before);
    }

    #[test]
    fn the_file_is_a_configuration_and_its_one_line_means_the_bus() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = written(folder.path());
        let [before, switched, _] = Turn::ALL.map(|turn| {
            let text = file.set_bus(turn.bus_type()).expect("set");
            toml::from_str::<Settings>(&text).expect("every key is known")
        });
        assert_eq!(before.event_bus.bus_type, EventBusType::Local);
        assert_eq!(switched.event_bus.bus_type, EventBusType::DaemonEye);
        assert_eq!(before.event_bus.socket_path, Some(socket(folder.path())));
        assert_eq!(before.fsmond.paths, Some(vec![WatchedFolder::within(folder.path())]));
        assert_eq!(before.agent.collectors.len(), 3);
        assert_eq!(before.procmond.scan_interval, Duration::from_millis(50));
        let mut same = switched;
        same.event_bus.bus_type = EventBusType::Local;
        assert_eq!(same, before);
    }
}
