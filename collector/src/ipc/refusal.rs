//! Why a request was not done, or why a connection ends.

use daemoneye_eventbus::SourceCaps;
use thiserror::Error;

/// Why a request was not done, as the collector says; or why it ends the connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IpcRefusal {
    /// There is no version both speak.
    #[error("no common version: the collector speaks {min} to {max}")]
    Version {
        /// The oldest the collector speaks.
        min: u32,
        /// The newest the collector speaks.
        max: u32,
    },
    /// Capabilities that are needed are not there.
    #[error(
        "{} is not there: {} is needed, there is {}",
        names(*needed - *present),
        names(*needed),
        names(*present)
    )]
    MissingCapabilities {
        /// What is needed.
        needed: SourceCaps,
        /// What there is: in a negotiation what the collector has, later what was granted.
        present: SourceCaps,
    },
    /// The first request on a connection must be to negotiate.
    #[error("nothing was negotiated on this connection yet")]
    NotNegotiated,
    /// There is no such request or analysis, or not here.
    #[error("unknown: {reason}")]
    Unknown {
        /// What.
        reason: String,
    },
    /// It asks for what cannot be.
    #[error("invalid: {reason}")]
    Invalid {
        /// Why it cannot.
        reason: String,
    },
    /// As much is being done as may be.
    #[error("busy: {reason}")]
    Busy {
        /// How much.
        reason: String,
    },
    /// It was not done in time, or the client was silent for too long.
    #[error("out of time: {reason}")]
    TimedOut {
        /// Which time.
        reason: String,
    },
    /// It was tried, and something is wrong with the collector.
    #[error("failed: {reason}")]
    Failed {
        /// What.
        reason: String,
    },
    /// The collector ends. What has no answer by then was not done.
    #[error("the collector ends")]
    Ending,
    /// What came is not of this protocol.
    #[error("not of this protocol: {reason}")]
    Protocol {
        /// What is wrong.
        reason: String,
    },
    /// A frame is longer than may be.
    #[error("too large: {reason}")]
    TooLarge {
        /// How long, and how long it may be.
        reason: String,
    },
    /// Something this build has no word for.
    #[error("{reason} (code {code})")]
    Other {
        /// Its number in the schema of whoever said it.
        code: i32,
        /// Its words.
        reason: String,
    },
}

impl IpcRefusal {
    /// Whether the same may be done a moment later, by the same collector or the next.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::TimedOut { .. } | Self::Ending)
    }
}

/// Capabilities as people read them; bits without a name as a number.
fn names(capabilities: SourceCaps) -> String {
    if capabilities.is_empty() {
        return "nothing".to_owned();
    }
    let mut names = String::new();
    bitflags::parser::to_writer(&capabilities, &mut names).expect("a text takes all");
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_is_needed_and_what_there_is() {
        let needed = SourceCaps::NETWORK | SourceCaps::REALTIME;
        let told = |present| IpcRefusal::MissingCapabilities { needed, present }.to_string();
        assert_eq!(
            told(SourceCaps::PROCESS | SourceCaps::REALTIME),
            "NETWORK is not there: NETWORK | REALTIME is needed, there is PROCESS | REALTIME"
        );
        let nothing =
            "NETWORK | REALTIME is not there: NETWORK | REALTIME is needed, there is nothing";
        assert_eq!(told(SourceCaps::empty()), nothing);
    }

    #[test]
    fn capabilities_of_a_newer_build_are_named_by_their_bits() {
        let unknown = SourceCaps::from_bits_retain(1 << 20);
        assert_eq!(names(unknown | SourceCaps::PROCESS), "PROCESS | 0x100000");
    }
}
