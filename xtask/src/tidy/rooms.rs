//! The table of rooms: which folder of a package may use which others, and which package whom.
//!
//! It is the drawing in ARCHITECTURE.md as data. A room missing here is a finding, and so is a
//! use the table does not grant.

/// A package of ours and the packages of ours it may depend on.
pub(super) struct Layer {
    pub(super) package: &'static str,
    pub(super) may_use: &'static [&'static str],
    pub(super) rooms: &'static [Room],
}

/// A top-level module of a package's library.
pub(super) struct Room {
    pub(super) name: &'static str,
    pub(super) may_use: &'static [&'static str],
}

/// A name of another package that only some rooms may say.
pub(super) struct Guard {
    pub(super) package: &'static str,
    /// First segment of the path; with `name`, any later one.
    pub(super) library: &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) only: Only,
    pub(super) why: &'static str,
}

pub(super) enum Only {
    /// These rooms may.
    In(&'static [&'static str]),
    /// All rooms but these may.
    NotIn(&'static [&'static str]),
}

const fn room(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room { name, may_use }
}

/// Left to right: a package uses only those before it.
pub(super) const LAYERS: [Layer; 6] = [
    Layer { package: "daemoneye-eventbus", may_use: &[], rooms: BUS },
    Layer { package: "legacy-buses", may_use: &["daemoneye-eventbus"], rooms: LEGACY },
    Layer {
        package: "collector-core",
        may_use: &["daemoneye-eventbus", "legacy-buses"],
        rooms: COLLECTOR,
    },
    Layer {
        package: "equivalence",
        may_use: &["daemoneye-eventbus", "legacy-buses", "collector-core"],
        rooms: HARNESS,
    },
    Layer {
        package: "bus-benches",
        may_use: &["daemoneye-eventbus", "legacy-buses", "collector-core", "equivalence"],
        rooms: &[room("hop", &[]), room("long", &[]), room("sample", &[])],
    },
    Layer { package: "xtask", may_use: &[], rooms: &[] },
];

/// `broker` and `client` never see each other: what they share is `wire` and `transport`.
const BUS: &[Room] = &[
    room("clock", &[]),
    room("duration", &[]),
    room("hops", &[]),
    room("event", &["clock"]),
    room("topic", &["clock", "event"]),
    room("acl", &["clock", "event", "topic"]),
    room("contract", &["clock", "event", "topic", "acl"]),
    room("conformance", &["clock", "event", "topic", "acl", "contract"]),
    room("identity", &[]),
    room("wire", &["clock", "hops", "event", "topic", "acl", "contract"]),
    room("transport", &["clock", "wire"]),
    room("framed", &["wire", "transport"]),
    room(
        "broker",
        &["clock", "hops", "event", "topic", "acl", "contract", "identity", "wire", "transport"],
    ),
    room(
        "client",
        &["clock", "hops", "event", "topic", "acl", "contract", "identity", "wire", "transport"],
    ),
    room("rpc", &["clock", "event", "topic", "acl", "contract"]),
    room("benching", &["contract", "wire"]),
    room("fuzzing", &["acl", "broker", "transport", "wire"]),
    room(
        "ipc",
        &[
            "clock",
            "event",
            "topic",
            "acl",
            "contract",
            "identity",
            "wire",
            "transport",
            "broker",
            "client",
            "rpc",
        ],
    ),
];

const LEGACY: &[Room] = &[
    room("draft", &[]),
    room("routes", &[]),
    room("crossbeam", &["draft", "routes"]),
    room("broadcast", &["draft", "routes"]),
    room("sharing", &["draft", "routes"]),
    room("broken", &[]),
];

const COLLECTOR: &[Room] = &[
    room("backoff", &[]),
    room("spelling", &[]),
    room("causes", &[]),
    room("digest", &[]),
    room("source", &[]),
    room("condition", &["spelling"]),
    room("analysis", &["backoff", "digest"]),
    room("config", &["backoff", "spelling", "source", "condition", "analysis"]),
    room("factory", &["config"]),
    room("spool", &["source", "config"]),
    room("telemetry", &["config"]),
    room("runtime", &["causes", "source", "config", "factory", "spool", "telemetry"]),
    room("health", &["source", "config", "telemetry", "runtime"]),
    room("trigger", &["condition", "config"]),
    room("control", &["source", "config", "runtime", "health", "trigger", "analysis"]),
    room("ipc", &["backoff", "source", "config", "runtime", "health", "analysis"]),
    room("ready", &[]),
    room("sources", &["digest", "source", "config"]),
    room(
        "program",
        &[
            "causes", "source", "analysis", "config", "factory", "spool", "runtime", "control",
            "ipc", "ready", "sources",
        ],
    ),
    room(
        "agent",
        &[
            "backoff", "causes", "analysis", "config", "factory", "runtime", "health", "trigger",
            "control", "ready", "program",
        ],
    ),
    room(
        "cli",
        &["spelling", "config", "factory", "runtime", "control", "ready", "program", "agent"],
    ),
    room("test_utils", &["source", "config", "factory", "spool", "runtime"]),
];

/// `plan` and `record` are plain data, shared by all after them: `driver` fills records, `check`
/// and `gate` read them, and neither knows how they came to be.
const HARNESS: &[Room] = &[
    room("scenario", &[]),
    room("plan", &["scenario"]),
    room("record", &["plan"]),
    room("driver", &["plan", "record"]),
    room("check", &["plan", "record"]),
    room("gate", &["plan", "record"]),
    room("mutants", &["plan", "record", "driver", "check", "gate"]),
    room("report", &["plan", "record", "check", "gate", "mutants"]),
    room("explore", &["scenario", "plan"]),
    room(
        "cmd",
        &["scenario", "plan", "record", "driver", "check", "gate", "mutants", "report", "explore"],
    ),
];

pub(super) const GUARDS: &[Guard] = &[
    Guard {
        package: "equivalence",
        library: "legacy_buses",
        name: None,
        only: Only::In(&["driver"]),
        why: "only the driver touches systems under test",
    },
    Guard {
        package: "equivalence",
        library: "collector_core",
        name: None,
        only: Only::In(&["driver"]),
        why: "only the driver touches systems under test",
    },
    Guard {
        package: "equivalence",
        library: "daemoneye_eventbus",
        name: Some("Matcher"),
        only: Only::NotIn(&["check"]),
        why: "the oracle judges the matcher, so it has its own",
    },
    Guard {
        package: "equivalence",
        library: "daemoneye_eventbus",
        name: Some("TopicPattern"),
        only: Only::NotIn(&["check"]),
        why: "the oracle judges the matcher, so it has its own",
    },
    Guard {
        package: "equivalence",
        library: "daemoneye_eventbus",
        name: Some("TopicTrie"),
        only: Only::NotIn(&["check"]),
        why: "the oracle judges the matcher, so it has its own",
    },
];
