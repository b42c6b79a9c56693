//! A collector's direct door, where the configuration opens one.

use std::sync::Arc;

use super::ProgramError;
use crate::analysis::AnalysisWorker;
use crate::config::{CollectorName, Settings};
use crate::ipc::CollectorIpcServer;
use crate::runtime::Collector;

/// Opens the door; `None` where there shall be none.
pub(super) async fn open(
    name: CollectorName,
    settings: &Settings,
    collector: &Collector,
    worker: Arc<AnalysisWorker>,
) -> Result<Option<CollectorIpcServer>, ProgramError> {
    if !settings.ipc.enabled {
        return Ok(None);
    }
    let broker_socket = settings.event_bus.socket_path.as_deref();
    let path = settings.ipc.socket_path_of(name.as_str(), broker_socket);
    let path = path.ok_or(ProgramError::NoSocketPath)?;
    let mut server = CollectorIpcServer::new(collector, worker, path, &settings.ipc);
    server.start().await?;
    Ok(Some(server))
}
