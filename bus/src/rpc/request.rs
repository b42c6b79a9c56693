//! Requests: an operation with its details, and where each of them goes.

use std::time::Duration;

use super::Operation;
use super::config::ConfigUpdate;
use super::member::Registration;
use super::task::Task;
use crate::acl::CollectorKind;
use crate::event::ControlSubject;

/// What one member asks of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// [`Operation::Register`].
    Register(Registration),
    /// [`Operation::Deregister`].
    Deregister {
        /// Who leaves.
        member: String,
        /// Why, in a sentence; may be empty.
        reason: String,
    },
    /// [`Operation::Start`].
    Start,
    /// [`Operation::Stop`].
    Stop,
    /// [`Operation::Restart`].
    Restart,
    /// [`Operation::Pause`].
    Pause,
    /// [`Operation::Resume`].
    Resume,
    /// [`Operation::HealthCheck`].
    HealthCheck,
    /// [`Operation::GetCapabilities`].
    GetCapabilities,
    /// [`Operation::GetStatus`].
    GetStatus,
    /// [`Operation::UpdateConfig`].
    UpdateConfig(ConfigUpdate),
    /// [`Operation::ExecuteTask`].
    ExecuteTask(Task),
    /// [`Operation::Shutdown`].
    Shutdown(ShutdownMode),
}

/// How a process shall end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutdownMode {
    /// In order: nothing new, what is under way is finished.
    Graceful {
        /// What is not finished by then is cut off; whole milliseconds travel.
        within: Duration,
    },
    /// At once.
    Forced,
}

impl Request {
    /// What is asked, without its details.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Register(_) => Operation::Register,
            Self::Deregister { .. } => Operation::Deregister,
            Self::Start => Operation::Start,
            Self::Stop => Operation::Stop,
            Self::Restart => Operation::Restart,
            Self::Pause => Operation::Pause,
            Self::Resume => Operation::Resume,
            Self::HealthCheck => Operation::HealthCheck,
            Self::GetCapabilities => Operation::GetCapabilities,
            Self::GetStatus => Operation::GetStatus,
            Self::UpdateConfig(_) => Operation::UpdateConfig,
            Self::ExecuteTask(_) => Operation::ExecuteTask,
            Self::Shutdown(_) => Operation::Shutdown,
        }
    }

    /// What its message is about, and with it the topic it goes to (T8).
    pub fn subject(&self) -> ControlSubject {
        match self {
            Self::Register(_) | Self::Deregister { .. } => ControlSubject::Registration,
            Self::Start
            | Self::Stop
            | Self::Restart
            | Self::Pause
            | Self::Resume
            | Self::Shutdown(_) => ControlSubject::Lifecycle,
            Self::HealthCheck | Self::GetCapabilities | Self::GetStatus => {
                ControlSubject::Diagnostics
            }
            Self::UpdateConfig(_) => ControlSubject::Config,
            Self::ExecuteTask(task) => task_subject(task.kind),
        }
    }
}

/// Where tasks of a kind go.
pub fn task_subject(kind: CollectorKind) -> ControlSubject {
    match kind {
        CollectorKind::Process => ControlSubject::ProcessTask,
        CollectorKind::Network => ControlSubject::NetworkTask,
        CollectorKind::Filesystem => ControlSubject::FilesystemTask,
        CollectorKind::Performance => ControlSubject::PerformanceTask,
    }
}
