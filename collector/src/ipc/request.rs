//! What a collector can be asked.

use std::collections::BTreeMap;

use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::acl::CollectorKind;

use crate::analysis::AnalysisSubject;

/// Length of the name of a client, bytes.
pub const MAX_CLIENT_BYTES: usize = 64;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IpcRequest {
    /// To agree on a version and on capabilities; the first on every connection.
    Negotiate(Offer),
    /// What the collector can do.
    Capabilities,
    /// How it is, part by part.
    Health,
    /// Its counters.
    Status,
    /// To do one analysis.
    Task(IpcTask),
}

/// What a client speaks and wants.
///
/// ```
/// use collector_core::SourceCaps;
/// use collector_core::ipc::Offer;
///
/// let offer = Offer::new("operator").with_required(SourceCaps::PROCESS);
/// assert_eq!(offer.wanted, SourceCaps::empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Who asks, for people; at most [`MAX_CLIENT_BYTES`].
    pub client: String,
    /// Oldest version of the protocol it speaks.
    pub min_version: u32,
    /// Newest version of the protocol it speaks.
    pub max_version: u32,
    /// Capabilities it would use; what the collector has of them is granted.
    pub wanted: SourceCaps,
    /// Capabilities it cannot do without; a collector that has not all of them refuses.
    pub required: SourceCaps,
}

/// One analysis to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpcTask {
    /// What it is about; see [`capability_for`](super::capability_for).
    pub kind: CollectorKind,
    /// What shall be done, for example `binary_hash`.
    pub analysis_type: String,
    /// What to look at.
    pub subject: AnalysisSubject,
    /// With what, as the analysis has it.
    pub parameters: BTreeMap<String, String>,
}

impl Offer {
    /// Speaks what this build speaks, and wants nothing but to ask.
    pub fn new(client: impl Into<String>) -> Self {
        Self {
            client: client.into(),
            min_version: super::MIN_VERSION,
            max_version: super::MAX_VERSION,
            wanted: SourceCaps::empty(),
            required: SourceCaps::empty(),
        }
    }

    /// Sets what it would use.
    #[must_use]
    pub fn with_wanted(mut self, capabilities: SourceCaps) -> Self {
        self.wanted = capabilities;
        self
    }

    /// Sets what it cannot do without.
    #[must_use]
    pub fn with_required(mut self, capabilities: SourceCaps) -> Self {
        self.required = capabilities;
        self
    }
}

impl IpcTask {
    /// An analysis without parameters.
    pub fn new(
        kind: CollectorKind,
        analysis_type: impl Into<String>,
        subject: AnalysisSubject,
    ) -> Self {
        let parameters = BTreeMap::new();
        Self { kind, analysis_type: analysis_type.into(), subject, parameters }
    }

    /// Adds a parameter; a second one of a name takes the place of the first.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }
}
