//! Where files of this user live: configuration, and the private runtime folder (V10).
//!
//! Never a fixed name in a shared temporary folder: whoever is first there would own it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use daemoneye_eventbus::transport;
use thiserror::Error;

/// Name of our folders.
const FOLDER: &str = "daemoneye";
/// Name of the folder that holds the collectors' spools, in the state folder.
const SPOOL_FOLDER: &str = "spool";
/// Name of the configuration file.
const CONFIG_FILE: &str = "config.toml";

/// The places of one user, as the environment tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    runtime: Option<PathBuf>,
    socket: Option<PathBuf>,
    state: Option<PathBuf>,
    config: Option<PathBuf>,
}

/// Why there is no private folder.
#[derive(Debug, Error)]
pub enum FolderError {
    /// It could not be made or read.
    #[error("cannot prepare the folder {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may enter it.
    #[error("{} is open to others (mode {mode:o}); `chmod 700` it or name another", path.display())]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("{} belongs to user {owner}", path.display())]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// Its owner's id.
        owner: u32,
    },
}

impl Places {
    /// Reads the usual variables: `XDG_RUNTIME_DIR`, `XDG_STATE_HOME`, `XDG_CONFIG_HOME` and
    /// `HOME`; on Windows `LOCALAPPDATA` and `APPDATA`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let folder =
            |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self {
            runtime: transport::runtime_folder(&variable),
            socket: transport::default_socket(&variable),
            state: folder("XDG_STATE_HOME")
                .or_else(|| folder("HOME").map(|home| home.join(".local").join("state")))
                .or_else(|| folder("LOCALAPPDATA"))
                .map(|base| base.join(FOLDER)),
            config: folder("XDG_CONFIG_HOME")
                .or_else(|| folder("HOME").map(|home| home.join(".config")))
                .or_else(|| folder("APPDATA"))
                .map(|base| base.join(FOLDER)),
        }
    }

    /// The private runtime folder, made by nobody yet; `None` without a home.
    pub fn runtime_folder(&self) -> Option<&Path> {
        self.runtime.as_deref()
    }

    /// Where the broker listens unless told otherwise; `None` without a home.
    pub fn default_socket(&self) -> Option<PathBuf> {
        self.socket.clone()
    }

    /// Where collectors keep their spools unless told otherwise, made by nobody yet; `None` without
    /// a home. Not in the runtime folder, which often is memory and does not survive a restart of
    /// the host.
    pub fn default_spool(&self) -> Option<PathBuf> {
        self.state.as_ref().map(|folder| folder.join(SPOOL_FOLDER))
    }

    /// The user's configuration file, there or not; `None` without a home.
    pub fn user_config(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|folder| folder.join(CONFIG_FILE))
    }

    /// The system's configuration file, there or not.
    pub fn system_config() -> PathBuf {
        let base = if cfg!(windows) { "C:\\ProgramData" } else { "/etc" };
        Path::new(base).join(FOLDER).join(CONFIG_FILE)
    }
}

/// Makes a folder for this user alone (0700), or checks that an existing one is.
///
/// On Windows the folder inherits the access of the user's profile; nothing is checked there.
pub fn prepare_private_folder(path: &Path) -> Result<(), FolderError> {
    let error = |source| FolderError::Io { path: path.to_owned(), source };
    make(path).map_err(error)?;
    check(path)
}

/// Does the same with the folder a socket is in: for a bare name that is the current one, which is
/// checked like any other.
pub(crate) fn prepare_folder_of(socket: &Path) -> Result<(), FolderError> {
    let folder = socket.parent().filter(|folder| !folder.as_os_str().is_empty());
    prepare_private_folder(folder.unwrap_or(Path::new(".")))
}

#[cfg(unix)]
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(unix)]
fn check(path: &Path) -> Result<(), FolderError> {
    use std::os::unix::fs::MetadataExt;

    // Not followed: a link could be turned elsewhere after the check.
    let metadata = std::fs::symlink_metadata(path)
        .map_err(|source| FolderError::Io { path: path.to_owned(), source })?;
    if !metadata.is_dir() {
        let source = io::Error::from(io::ErrorKind::NotADirectory);
        return Err(FolderError::Io { path: path.to_owned(), source });
    }
    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Err(FolderError::ForeignOwner { path: path.to_owned(), owner: metadata.uid() });
    }
    if metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o7777;
        return Err(FolderError::NotPrivate { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn make(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
fn check(_path: &Path) -> Result<(), FolderError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Places {
        Places::from_environment(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    #[cfg(unix)]
    #[test]
    fn the_session_folder_is_preferred_to_the_state_folder() {
        let both = places(&[("XDG_RUNTIME_DIR", "/run/user/7"), ("HOME", "/home/x")]);
        assert_eq!(both.default_socket(), Some("/run/user/7/daemoneye/broker.sock".into()));
        let home = places(&[("HOME", "/home/x")]);
        assert_eq!(
            home.default_socket(),
            Some("/home/x/.local/state/daemoneye/run/broker.sock".into())
        );
        assert_eq!(home.user_config(), Some("/home/x/.config/daemoneye/config.toml".into()));
    }

    #[cfg(unix)]
    #[test]
    fn spools_are_in_the_state_folder_whatever_the_session_has() {
        let session = places(&[("XDG_RUNTIME_DIR", "/run/user/7"), ("HOME", "/home/x")]);
        let below_home = "/home/x/.local/state/daemoneye/spool";
        assert_eq!(session.default_spool(), Some(below_home.into()));
        let named = places(&[("XDG_STATE_HOME", "/state"), ("HOME", "/home/x")]);
        assert_eq!(named.default_spool(), Some("/state/daemoneye/spool".into()));
    }

    #[test]
    fn without_a_home_there_is_no_default() {
        assert_eq!(places(&[]), Places::default());
        assert_eq!(places(&[("HOME", "relative")]), Places::default());
    }

    #[cfg(unix)]
    #[test]
    fn a_new_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;

        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("a/b");
        prepare_private_folder(&folder).unwrap();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        prepare_private_folder(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let base = tempfile::tempdir().unwrap();
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(base.path(), open).unwrap();
        let error = prepare_private_folder(base.path()).unwrap_err();
        assert!(matches!(error, FolderError::NotPrivate { mode: 0o755, .. }), "{error}");
    }
}
