//! The way to a running broker: which socket, a session on it, and what to do when there is none.
//!
//! Every verb that needs a broker goes through [`Target::run`]; this is the one place of the tool
//! that reads the environment.

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use daemoneye_eventbus::identity::{OPERATOR, read_key_file};
use daemoneye_eventbus::transport;
use daemoneye_eventbus::{
    ClientConfig, ConnectError, Credential, EventBus as _, EventBusClient, SocketAddress,
};

use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;

/// Names the socket, as for the agent.
const SOCKET_VARIABLE: &str = "DAEMONEYE_EVENT_BUS__SOCKET_PATH";
/// How long the broker may take to answer a goodbye.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);
/// Longest name of a client, bytes.
const MAX_NAME_BYTES: usize = 64;

/// What helps against a refusal by access control.
pub(crate) const PROVE_OPERATOR: &str =
    "the key file beside the broker's socket, named with --key, proves the operator, who may";

/// Which broker, and how to be known there.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Broker")]
pub(crate) struct Target {
    /// Socket of the broker [default: as the agent's environment says, else the one in this user's
    /// runtime folder].
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Name to be introduced by, 1 to 64 bytes [default: operator with a key, else eventbus-PID].
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// Key file that proves the name; without one the broker takes this for an observer, who reads
    /// events and does nothing else [default: the file beside the socket, if it is there and no
    /// other name was given].
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

fn name(text: &str) -> Result<String, String> {
    match text.len() {
        1..=MAX_NAME_BYTES => Ok(text.to_owned()),
        bytes => Err(format!("a name has 1 to {MAX_NAME_BYTES} bytes, this one has {bytes}")),
    }
}

impl Target {
    /// Connects and does something with the session until it is done or told to end.
    ///
    /// The session lives on a thread of its own, so that it gives signs of life while this one
    /// waits for whoever reads standard output.
    pub(crate) fn run(
        &self,
        work: impl AsyncFnOnce(&Arc<EventBusClient>, &mut Interrupt) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let address = self.address()?;
        let config = self.introduction(&address)?;
        let has_key = config.credential != Credential::None;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Failure::infrastructure(error, "cannot start the runtime"))?;
        let exit = runtime.block_on(async {
            let mut interrupt = Interrupt::trap()
                .map_err(|error| Failure::infrastructure(error, "cannot hear Ctrl-C"))?;
            let client = tokio::select! {
                connected = EventBusClient::connect(&address, config) => {
                    connected.map_err(|error| Failure::Infrastructure(advised(error, has_key)))?
                }
                () = interrupt.told() => return Ok(Exit::Pass),
            };
            let client = Arc::new(client);
            let exit = work(&client, &mut interrupt).await;
            // What this handle owed was seen to by `work`; a goodbye is courtesy.
            let _ = client.shutdown(FAREWELL_LIMIT).await;
            exit
        });
        // A thread that still reads standard input must not hold up the end.
        runtime.shutdown_background();
        exit
    }

    /// Whether anything of it was given.
    pub(crate) fn is_named(&self) -> bool {
        self.socket.is_some() || self.name.is_some() || self.key.is_some()
    }

    /// What a subscription of this run is called, whatever name it has.
    pub(crate) fn subscriber_id(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("eventbus-{}", std::process::id()))
    }

    /// Name and proof. A connection that breaks ends the run: whoever watches is to know.
    fn introduction(&self, address: &SocketAddress) -> Result<ClientConfig, Failure> {
        let beside =
            || Some(address.key_path()).filter(|path| self.name.is_none() && path.exists());
        let Some(path) = self.key.clone().or_else(beside) else {
            return Ok(ClientConfig::new(self.subscriber_id()).with_reconnect(None));
        };
        let key = read_key_file(&path).map_err(|error| Failure::Usage(error.into()))?;
        let name = self.name.as_deref().unwrap_or(OPERATOR);
        let key = Credential::SessionKey(key);
        Ok(ClientConfig::new(name).with_credential(key).with_reconnect(None))
    }

    fn address(&self) -> Result<SocketAddress, Failure> {
        let from_environment = || env::var_os(SOCKET_VARIABLE).map(PathBuf::from);
        let default = || transport::default_socket(|variable| env::var_os(variable));
        let path = self.socket.clone().or_else(from_environment).or_else(default);
        let path = path.ok_or_else(|| {
            Failure::Usage(anyhow!(
                "no socket is named and this user has no runtime folder; name the socket with \
                 --socket, or set XDG_RUNTIME_DIR or HOME"
            ))
        })?;
        SocketAddress::from_path(path).map_err(|error| Failure::Usage(error.into()))
    }
}

/// What to do about it, where there is something to do.
fn advised(error: ConnectError, has_key: bool) -> anyhow::Error {
    if let ConnectError::Identity { .. } = &error {
        let advice = if has_key {
            "every start of the agent writes a new key file, which is the operator's"
        } else {
            "choose another --name, or leave it out"
        };
        return anyhow!("{error}; {advice}");
    }
    let ConnectError::Io { address, source } = &error else { return error.into() };
    let advice = match source.kind() {
        io::ErrorKind::NotFound => {
            "there is no such socket; start daemoneye-agent, or name the socket of a running one \
             with --socket; one with `--bus local` has none"
        }
        io::ErrorKind::ConnectionRefused => {
            "nobody listens there, its broker is gone; start daemoneye-agent again, which replaces \
             the file"
        }
        io::ErrorKind::PermissionDenied => {
            "it is another user's; run this as the user of the agent"
        }
        _ => return error.into(),
    };
    anyhow!("cannot connect to {address}: {advice}")
}
