//! What was observed: histories of operations, and figures of trials. Plain data.
//!
//! Actors write it, the driver collects it, checkers and gates judge it. Nothing here judges.

mod chaos;
mod control;
mod curve;
mod footprint;
mod history;
mod hops;
mod load;
mod sightings;
mod soak;
mod trial;

pub use crate::plan::{FENCE, FENCE_SUBSCRIBER};
pub use chaos::{ChaosHistory, CollectorReport, PartTold, SourceEnd, SourceReport};
pub use control::{
    Admission, Answered, ConfigTold, ControlHistory, Fact, Happened, Noted, Noter, Origin,
    StepTimes,
};
pub use curve::CurveTrial;
pub use footprint::{Footprint, FootprintRecord};
pub use history::{
    History, Loss, Operated, Outcome, Published, PublisherLog, Received, Resumption, SubscriberLog,
    Touched, UNKNOWN_PUBLISHER,
};
pub use hops::{HopTimes, TracedTrial, Unjoined, WhyUnjoined, hop_name};
pub use load::HostLoad;
pub use sightings::{
    AgentEnd, AgentTurn, Deployed, Parent, Sightings, Step, Thing, Turn, WatchedChild, WatchedFile,
    WatchedSocket,
};
pub use soak::{Churned, Held, Reading, SequenceRun, SoakRecord, SoakSample};
pub use trial::{
    ContextSwitches, Counted, Delivered, InFlight, Latency, Memory, MemoryMoments, Moment,
    PERCENTILES, ProcessFigures, Role, Stages, TearDown, Trial, TrialFigures, Validity,
};
