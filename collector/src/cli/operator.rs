//! An operator at a running agent: where its broker is, the proof of who asks, and the connection.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::identity::{KeyFileError, OPERATOR, read_key_file};
use daemoneye_eventbus::rpc::{AgentStatus, Call, Request, Response, RpcClient, RpcClientConfig};
use daemoneye_eventbus::{
    ClientConfig, Credential, EventBus, EventBusClient, Secret, SocketAddress,
};

use super::{CommonFlags, Failure};
use crate::control::AGENT_NAME;

/// How long the agent may take to answer; it has nothing to wait for.
const AGENT_LIMIT: Duration = Duration::from_secs(5);
/// How long the broker may take to answer a goodbye.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);

/// Flags of every command that asks a running agent or its collectors.
#[derive(Debug, Clone, Args)]
pub(super) struct OperatorFlags {
    /// Read this file instead of the user's and the system's configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Socket of the agent's broker [default: as the configuration says]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Key file that proves the operator [default: the one beside the socket]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl OperatorFlags {
    /// Connects, asks, and takes leave.
    pub(super) fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&RpcClient) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let address = self.address()?;
        let key = read_key_file(&self.key.clone().unwrap_or_else(|| address.key_path()));
        let key = key.map_err(|error| unproved(&address, error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.context("cannot start the runtime").map_err(Failure::Infrastructure)?;
        runtime.block_on(connected(&address, key, work))
    }

    /// Where the agent of this configuration has its broker.
    fn address(&self) -> Result<SocketAddress, Failure> {
        let common = CommonFlags {
            config: self.config.clone(),
            bus: None,
            socket: self.socket.clone(),
            interval: None,
            set: Vec::new(),
            show_config: false,
        };
        let event_bus = common.resolve(&[], None)?.settings.event_bus;
        // Whoever names a socket means the agent that has it.
        let bus = event_bus.bus_type;
        if bus.is_in_process() && self.socket.is_none() {
            return Err(Failure::Configuration(anyhow!(
                "the configuration says `bus_type = \"{bus}\"`: such an agent has no broker, and \
                 nobody outside it can ask; its collectors can be, where `[ipc]` is enabled"
            )));
        }
        let no_path = || anyhow!("no socket is named and this user has no home; use --socket");
        let path = event_bus.socket_path.ok_or_else(no_path).map_err(Failure::Configuration)?;
        SocketAddress::from_path(path).map_err(|error| Failure::Configuration(error.into()))
    }
}

/// What the agent knows of itself and its collectors.
pub(super) async fn agent_status(client: &RpcClient) -> Result<AgentStatus, Failure> {
    let call = Call::new(Request::GetStatus).to(AGENT_NAME).within(AGENT_LIMIT);
    let answered = client.call(call).await.context("the agent does not tell how it is");
    match answered.map_err(Failure::Infrastructure)?.response {
        Response::Status(status) => Ok(status),
        _ => Err(Failure::Infrastructure(anyhow!("the agent answered something else"))),
    }
}

async fn connected<T>(
    address: &SocketAddress,
    key: Secret,
    work: impl AsyncFnOnce(&RpcClient) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let config = ClientConfig::new(OPERATOR)
        .with_credential(Credential::SessionKey(key))
        .with_reconnect(None);
    let connected = EventBusClient::connect(address, config).await;
    let connected = connected.with_context(|| format!("no connection to the agent at {address}"));
    let bus = Arc::new(connected.map_err(Failure::Infrastructure)?);
    let operator = ReplyAddress::new(OPERATOR).expect("a level of a topic");
    let client = RpcClient::start(bus.clone(), RpcClientConfig::new(operator)).await;
    let worked = match client.context("cannot receive answers") {
        Ok(client) => work(&client).await,
        Err(error) => Err(Failure::Infrastructure(error)),
    };
    // Nothing is owed; a goodbye is courtesy.
    let _ = bus.shutdown(FAREWELL_LIMIT).await;
    worked
}

/// Without the file there is no agent: each leaves one, and takes it away at its end.
fn unproved(address: &SocketAddress, error: KeyFileError) -> Failure {
    let is_missing = |source: &io::Error| source.kind() == io::ErrorKind::NotFound;
    if matches!(&error, KeyFileError::Read { source, .. } if is_missing(source)) {
        return Failure::Infrastructure(anyhow!(
            "no agent at {address}: {error}; start daemoneye-agent, or name the socket of a \
             running one with --socket; one with `--bus local` has none, and cannot be asked"
        ));
    }
    Failure::Configuration(error.into())
}
