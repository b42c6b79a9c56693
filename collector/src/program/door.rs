//! A collector's direct door, where the configuration opens one.

use std::sync::Arc;

use daemoneye_eventbus::transport::BindError;

use super::ProgramError;
use super::handover::Handover;
use crate::analysis::AnalysisWorker;
use crate::config::{CollectorName, Settings};
use crate::ipc::{CollectorIpcServer, StartError};
use crate::runtime::Collector;

/// Opens the door; `None` where there shall be none.
pub(super) async fn open(
    name: CollectorName,
    settings: &Settings,
    collector: &Collector,
    worker: Arc<AnalysisWorker>,
    handover: Handover,
) -> Result<Option<CollectorIpcServer>, ProgramError> {
    if !settings.ipc.enabled {
        return Ok(None);
    }
    let broker_socket = settings.event_bus.socket_path.as_deref();
    let path = settings.ipc.socket_path_of(name.as_str(), broker_socket);
    let path = path.ok_or(ProgramError::NoSocketPath)?;
    let mut server = CollectorIpcServer::new(collector, worker, path, &settings.ipc);
    let is_taken = |error: &StartError| matches!(error, StartError::Bind(BindError::InUse { .. }));
    handover.once_free(async || server.start().await, is_taken).await?;
    Ok(Some(server))
}
