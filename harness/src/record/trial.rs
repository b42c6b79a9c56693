//! Figures of one trial: one case on one bus, once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HostLoad;
use crate::plan::{Bus, TrialKind};

/// One trial with everything that was observed and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// Case id.
    pub case: String,
    /// The bus it ran on; `None` for the void floor.
    pub bus: Option<Bus>,
    /// For the void floor: the bus whose process layout it copies.
    pub void_of: Option<Bus>,
    /// What it was for.
    pub kind: TrialKind,
    /// Seed it ran with.
    pub seed: u64,
    /// Whether its figures may be used.
    pub validity: Validity,
    /// One number per metric; `None` where the kind does not measure it or the host cannot.
    pub figures: TrialFigures,
    /// What arrived of what was published, of a performance trial; empty for a void, and in older
    /// reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<Delivered>,
    /// Every process of the measured tree.
    pub processes: Vec<ProcessFigures>,
    /// What was left behind.
    pub tear_down: TearDown,
}

/// What came of the events of one publisher at one subscriber, over all phases, fences left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivered {
    /// The subscriber, by its place in the case.
    pub subscriber: u16,
    /// The publisher, by its place in the case.
    pub publisher: u16,
    /// Events it tried to publish.
    pub called: u64,
    /// Publishes that succeeded.
    pub accepted: u64,
    /// Arrivals in order: each with a number above the one before.
    pub unique: u64,
    /// Arrivals whose number was not above that of an earlier one.
    pub repeated: u64,
}

/// Whether a trial's figures may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is", content = "why")]
pub enum Validity {
    /// They may.
    Valid,
    /// The generator missed its schedule (METHOD §2).
    GeneratorLate,
    /// The figures contradict physics or each other; a defect of the instrument, said aloud.
    Invalid(String),
}

/// What a trial yields to the gates.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialFigures {
    /// Unique correct deliveries at the subscribers in the window.
    pub deliveries: u64,
    /// Length of the window, seconds.
    pub window_s: f64,
    /// Deliveries per second over all subscribers.
    pub throughput_per_s: Option<f64>,
    /// `receive − start`: the gated latency.
    pub latency: Option<Latency>,
    /// `receive − planned`.
    pub response: Option<Latency>,
    /// `receive − call`.
    pub service: Option<Latency>,
    /// `wake − planned` of the generators.
    pub lateness: Option<Latency>,
    /// Where the latency goes; of paced trials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Stages>,
    /// Deliveries in flight on average: throughput × mean latency; saturation only.
    pub mean_in_flight: Option<f64>,
    /// What was in flight whenever the actors of a paced trial were asked; empty where the case
    /// does not send every event to every subscriber.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_flight: Vec<InFlight>,
    /// CPU seconds of the whole tree per million deliveries.
    pub cpu_s_per_million: Option<f64>,
    /// Anonymous memory plus socket bytes of the whole tree at its peak, bytes.
    pub memory_bytes: Option<f64>,
    /// Why bytes queued in sockets are missing from the memory, as far as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sockets_unread: Option<String>,
    /// Bytes held per queued event behind a stopped subscriber.
    pub backlog_bytes_per_event: Option<f64>,
    /// Context switches of the whole tree per delivery.
    pub context_switches_per_delivery: Option<f64>,
    /// What else the host was doing in the window; `None` where it cannot tell.
    pub host: Option<HostLoad>,
}

/// Mean time of a delivery in each stage of its way, nanoseconds. They add up to the mean latency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stages {
    /// From its start to the call of `publish`: the publisher was still held up by earlier events.
    pub waiting_ns: f64,
    /// Within `publish`, until that returned or the event had arrived.
    pub publishing_ns: f64,
    /// From then on until it was received.
    pub travelling_ns: f64,
}

/// Deliveries that were on their way at one moment of a paced window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InFlight {
    /// As the actors counted, asked over the harness's own channel.
    pub counted: i64,
    /// The fewest the stamps of the events allow for that moment.
    pub least: i64,
    /// The most they allow.
    pub most: i64,
}

/// Percentiles that [`Latency::percentiles_ns`] gives, in its order.
pub const PERCENTILES: [f64; 14] =
    [0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.75, 99.9, 99.99, 100.0];

/// Summary of one latency histogram, nanoseconds; the histogram itself is in the `.hlog`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// Samples.
    pub samples: u64,
    /// Smallest.
    pub min_ns: u64,
    /// Mean.
    pub mean_ns: u64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile; meaningful from 10 000 samples.
    pub p99_ns: u64,
    /// 99.9th percentile; meaningful from 100 000 samples.
    pub p999_ns: u64,
    /// Largest.
    pub max_ns: u64,
    /// The values at [`PERCENTILES`], nanoseconds; of the gated latency alone, and absent in older reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub percentiles_ns: Vec<u64>,
}

/// What a process of the tree is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Hosts the broker alone.
    Broker,
    /// One publisher.
    Publisher,
    /// One subscriber.
    Subscriber,
    /// Several roles as threads.
    Host,
    /// The real agent.
    Agent,
    /// A real collector.
    Collector,
}

/// One process of the measured tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessFigures {
    /// What it is for.
    pub role: Role,
    /// Its name in the case, for example `p0`.
    pub name: String,
    /// Its process id.
    pub pid: u32,
    /// CPU time in the window, seconds; `None` where the host cannot tell.
    pub cpu_s: Option<f64>,
    /// Memory at the named moments; `None` where the host cannot tell.
    pub memory: Option<MemoryMoments>,
    /// Context switches over its life, as it reported at exit.
    pub context_switches: Option<ContextSwitches>,
    /// What it used as the measured window went on, in order; absent in older reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Moment>,
    /// How far it had come whenever it was asked in the measured window, in order; absent in older reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<Counted>,
}

/// How far a process had come at one moment of the measured window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Counted {
    /// Since the process was first asked, seconds.
    pub at_s: f64,
    /// Measured events that its publishers had begun and its subscribers had received, all together.
    pub events: u64,
}

/// What a process had used at one moment of the measured window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// Since the window began, seconds.
    pub at_s: f64,
    /// CPU time since then, seconds; `None` where the host cannot tell.
    pub cpu_s: Option<f64>,
    /// Proportional share of its memory when that was last read, bytes.
    pub pss_bytes: u64,
}

/// Voluntary and forced context switches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContextSwitches {
    /// It waited.
    pub voluntary: u64,
    /// It was made to wait.
    pub involuntary: u64,
}

/// Memory of one process at the moments the method names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryMoments {
    /// Before the first event.
    pub ready: Memory,
    /// Half-way through the window.
    pub mid: Memory,
    /// The sample with the most anonymous memory.
    pub peak: Memory,
    /// After the drain.
    pub drained: Memory,
}

/// Memory of one process at one moment, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// Private anonymous memory: heap and stacks.
    pub anonymous_bytes: u64,
    /// Mapped files: text and libraries.
    pub file_bytes: u64,
    /// Proportional share of everything.
    pub pss_bytes: u64,
    /// Bytes that wait to be received in its sockets; `None` where they cannot be read.
    pub socket_bytes: Option<u64>,
}

/// What a trial left behind; all empty for a clean one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TearDown {
    /// Processes that had to be killed, with their names; children of actors among them.
    pub killed: Vec<String>,
    /// Socket files that remained.
    pub sockets: Vec<String>,
    /// Descriptors an actor held beyond those it began with, `name: count`; of a host case, those
    /// of the harness that lead to it.
    pub descriptors: Vec<String>,
    /// Processes that ended with a failure, with their standard error's last line.
    pub failed: Vec<String>,
    /// What was left in the runtime folder, and the folder itself where it could not be removed,
    /// with the reason; absent in older reports.
    #[serde(default)]
    pub folders: Vec<String>,
}

impl TearDown {
    /// Whether nothing was left behind.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}
