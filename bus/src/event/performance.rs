//! Performance events, published by perfmond.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::EventHeader;

/// One measured value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PerformanceEvent {
    /// What every event has.
    pub header: EventHeader,
    /// What the value describes; decides the default topic (T8).
    pub scope: PerformanceScope,
    /// What was measured, for example `cpu.busy`.
    pub metric_name: ByteString,
    /// The value, in `unit`.
    pub value: f64,
    /// Unit of the value, for example `percent` or `bytes`.
    pub unit: ByteString,
    /// Part of the system, for example `cpu0` or `sda`.
    pub component: Option<ByteString>,
    /// The process measured, when the value is about one.
    pub pid: Option<u32>,
}

/// What a [`PerformanceEvent`] describes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PerformanceScope {
    /// Use of one resource.
    #[default]
    Utilization,
    /// The system as a whole.
    System,
    /// A value that is out of the usual; metadata says why.
    Anomaly,
}
