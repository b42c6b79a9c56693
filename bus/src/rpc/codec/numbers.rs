//! Enums by their numbers in the schema, both ways.

use std::time::Duration;

use super::super::health::HealthStatus;
use super::super::proto;
use super::super::status::MemberState;
use super::super::task::TaskPriority;
use super::BodyError;
use crate::acl::CollectorKind;

/// One table per enum. An unknown number is an error, not a guess.
macro_rules! numbers {
    ($to:ident, $from:ident, $model:ident, $wire:path, $what:literal, { $($variant:ident),+ $(,)? }) => {
        pub(super) fn $to(value: $model) -> i32 {
            use $wire as Wire;
            match value { $($model::$variant => Wire::$variant as i32),+ }
        }

        pub(super) fn $from(number: i32) -> Result<$model, BodyError> {
            use $wire as Wire;
            match Wire::try_from(number) {
                $(Ok(Wire::$variant) => Ok($model::$variant),)+
                Err(_) => Err(BodyError::UnknownNumber { what: $what, number }),
            }
        }
    };
}

numbers!(kind_to_wire, kind_from_wire, CollectorKind, proto::Kind, "kind of collector",
    { Process, Network, Filesystem, Performance });
numbers!(health_to_wire, health_from_wire, HealthStatus, proto::Health, "health",
    { Healthy, Degraded, Unhealthy });
numbers!(priority_to_wire, priority_from_wire, TaskPriority, proto::execute_task::Priority,
    "priority of a task", { Background, Low, Normal, High, Urgent });
numbers!(state_to_wire, state_from_wire, MemberState, proto::agent_status::member::State,
    "state of a member", { Starting, Running, Restarting, Failed, Joined });

/// Whole milliseconds; what does not fit is as good as for ever.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
