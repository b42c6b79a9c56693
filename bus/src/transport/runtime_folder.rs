//! Where the broker of this user is unless told otherwise: a private folder (V10).
//!
//! Never a fixed name in a shared temporary folder: whoever is first there would own it. Reads no
//! environment by itself, makes nothing and checks nothing.

use std::ffi::OsString;
use std::path::PathBuf;

/// Name of our folder.
const FOLDER: &str = "daemoneye";
/// Name of the broker's socket in the runtime folder.
const SOCKET_FILE: &str = "broker.sock";

/// The private runtime folder of the user whose variables these are, made by nobody yet; `None`
/// without a home.
///
/// Asks for `XDG_RUNTIME_DIR`, `XDG_STATE_HOME` and `HOME`; on Windows `LOCALAPPDATA`. A relative
/// path counts as none.
pub fn runtime_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = |base: PathBuf| base.join(FOLDER).join("run");
    folder("XDG_RUNTIME_DIR")
        .map(|base| base.join(FOLDER))
        .or_else(|| folder("XDG_STATE_HOME").map(state))
        .or_else(|| folder("HOME").map(|home| state(home.join(".local").join("state"))))
        .or_else(|| folder("LOCALAPPDATA").map(state))
}

/// Where the broker listens unless told otherwise: a socket in the [`runtime_folder`]; `None`
/// without a home.
pub fn default_socket(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    runtime_folder(variable).map(|folder| folder.join(SOCKET_FILE))
}
