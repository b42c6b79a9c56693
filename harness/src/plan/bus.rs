//! The buses the harness can run, and how their roles are spread over processes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A bus under test, as `--baseline` and `--candidate` name it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Bus {
    /// The reference: crossbeam in one process, blocking hand-off, contract-obeying.
    Crossbeam,
    /// The same with a spinning routing thread; burns a core, never gated.
    CrossbeamSpinning,
    /// The crossbeam bus of old with its divergences V1–V5.
    CrossbeamFaithful,
    /// One ring for all, in one process; whoever asks to block, blocks it.
    Broadcast,
    /// The multiplexer in one process: a queue for each subscriber, and nobody waits.
    Sharing,
    /// The new broker with all roles as threads of its process.
    Embedded,
    /// The new broker with the subscribers in its process, publishers in their own.
    Agent,
    /// The new broker, each publisher and each subscriber in processes of their own.
    Process,
    /// A `nats-server` in the place of the broker, over loopback TCP.
    Nats,
    /// A `redis-server` in the place of the broker: its publish and subscribe alone, over a Unix socket.
    Redis,
    /// A `mosquitto` in the place of the broker: each event at most once, over a Unix socket.
    Mosquitto,
}

/// How roles are spread over operating system processes (METHOD §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deployment {
    /// Everything in one process, around an in-process bus.
    InProcess,
    /// Everything in one process, around a broker.
    Embedded,
    /// Broker and subscribers in one process, each publisher in its own.
    Agent,
    /// Broker, each publisher and each subscriber in their own.
    Process,
}

impl Bus {
    /// Every bus, reference first, those of others last.
    pub const ALL: [Self; 11] = [
        Self::Crossbeam,
        Self::CrossbeamSpinning,
        Self::CrossbeamFaithful,
        Self::Broadcast,
        Self::Sharing,
        Self::Embedded,
        Self::Agent,
        Self::Process,
        Self::Nats,
        Self::Redis,
        Self::Mosquitto,
    ];
    /// The brokers of others.
    pub const PEERS: [Self; 3] = [Self::Nats, Self::Redis, Self::Mosquitto];

    /// The name a user types.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crossbeam => "crossbeam",
            Self::CrossbeamSpinning => "crossbeam-spinning",
            Self::CrossbeamFaithful => "crossbeam-faithful",
            Self::Broadcast => "broadcast",
            Self::Sharing => "sharing",
            Self::Embedded => "embedded",
            Self::Agent => "agent",
            Self::Process => "process",
            Self::Nats => "nats",
            Self::Redis => "redis",
            Self::Mosquitto => "mosquitto",
        }
    }

    /// The process layout this bus is run in.
    pub fn deployment(self) -> Deployment {
        match self {
            Self::Crossbeam
            | Self::CrossbeamSpinning
            | Self::CrossbeamFaithful
            | Self::Broadcast
            | Self::Sharing => Deployment::InProcess,
            Self::Embedded => Deployment::Embedded,
            Self::Agent => Deployment::Agent,
            Self::Process | Self::Nats | Self::Redis | Self::Mosquitto => Deployment::Process,
        }
    }

    /// Whether it is a broker of others, which claims nothing of our contract.
    pub fn is_peer(self) -> bool {
        Self::PEERS.contains(&self)
    }

    /// Whether events cross a socket on their way.
    pub fn crosses_processes(self) -> bool {
        matches!(self.deployment(), Deployment::Agent | Deployment::Process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bus_is_told_and_read_by_the_name_a_user_types() {
        for bus in Bus::ALL {
            let told = serde_json::to_string(&bus).expect("a name");
            assert_eq!(told, format!("{:?}", bus.as_str()));
            assert_eq!(serde_json::from_str::<Bus>(&told).expect("the same"), bus);
        }
        assert!(serde_json::from_str::<Bus>("\"rabbit\"").is_err());
    }

    #[test]
    fn brokers_of_others_run_as_ours_does_in_processes_of_its_own() {
        let peers: Vec<Bus> = Bus::ALL.into_iter().filter(|bus| bus.is_peer()).collect();
        assert_eq!(peers, Bus::PEERS);
        assert!(peers.iter().all(|bus| bus.deployment() == Bus::Process.deployment()));
    }
}
