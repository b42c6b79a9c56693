//! What an error of the control plane means for a stage: whether another attempt is of use.

use std::time::Duration;

use daemoneye_eventbus::PublishError;
use daemoneye_eventbus::rpc::{CallError, ExecuteError, Refusal};

use super::super::outcome::StageFailure;

/// Of a task that was dispatched, and waited for so long.
pub(super) fn of_execute(error: ExecuteError, waited: Duration) -> StageFailure {
    match error {
        ExecuteError::Call(error) => of_call(error, waited),
        ExecuteError::Expired => StageFailure::TimedOut { waited },
        ExecuteError::Ended => StageFailure::impossible(error),
        ExecuteError::NotTaken(_)
        | ExecuteError::Displaced
        | ExecuteError::GivenUp
        | ExecuteError::NoResult => StageFailure::failed(error),
    }
}

/// Of a request that was waited for so long.
pub(super) fn of_call(error: CallError, waited: Duration) -> StageFailure {
    let may_work_later = match &error {
        CallError::NotSent(cause) => may_be_sent_later(cause),
        other => matches!(other, CallError::TooManyPending { .. }),
    };
    match error {
        CallError::Deadline { .. } => StageFailure::TimedOut { waited },
        CallError::Refused(refusal) => of_refusal(refusal, waited),
        error if may_work_later => StageFailure::failed(error),
        error => StageFailure::impossible(error),
    }
}

/// Of a collector that says no: its words, without those the control plane puts before them.
fn of_refusal(refusal: Refusal, waited: Duration) -> StageFailure {
    match refusal {
        Refusal::UnknownOperation { reason } | Refusal::InvalidBody { reason } => {
            StageFailure::impossible(reason)
        }
        Refusal::Failed { reason } => StageFailure::failed(reason),
        Refusal::Busy { .. } => StageFailure::failed(refusal),
        // It was a moment earlier than whoever asked.
        Refusal::DeadlinePassed { .. } => StageFailure::TimedOut { waited },
    }
}

fn may_be_sent_later(error: &PublishError) -> bool {
    match error {
        PublishError::Timeout { .. }
        | PublishError::Unconfirmed { .. }
        | PublishError::Undelivered => true,
        PublishError::Closed
        | PublishError::TooLarge { .. }
        | PublishError::Denied(_)
        | PublishError::Disconnected { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_otherwise_the_next_time_is_not_final() {
        let reason = || "so it is".to_owned();
        let rows = [
            (CallError::TooManyPending { limit: 1 }, false),
            (CallError::NotSent(PublishError::Timeout { waited: Duration::ZERO }), false),
            (CallError::NotSent(PublishError::Closed), true),
            (CallError::NotSent(PublishError::TooLarge { bytes: 2, limit_bytes: 1 }), true),
            (CallError::Deadline { waited: Duration::ZERO }, false),
            (CallError::BusEnded, true),
            (CallError::Refused(Refusal::UnknownOperation { reason: reason() }), true),
            (CallError::Refused(Refusal::InvalidBody { reason: reason() }), true),
            (CallError::Refused(Refusal::Busy { reason: reason() }), false),
            (CallError::Refused(Refusal::Failed { reason: reason() }), false),
            (CallError::Refused(Refusal::DeadlinePassed { reason: reason() }), false),
        ];
        for (error, is_final) in rows {
            let failure = of_execute(ExecuteError::Call(error.clone()), Duration::ZERO);
            assert_eq!(failure.is_final(), is_final, "{error}");
        }
        let rows = [
            (ExecuteError::Displaced, false),
            (ExecuteError::Expired, false),
            (ExecuteError::GivenUp, false),
            (ExecuteError::Ended, true),
        ];
        for (error, is_final) in rows {
            assert_eq!(of_execute(error, Duration::ZERO).is_final(), is_final);
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_collectors_own_words() {
        let refused = Refusal::InvalidBody { reason: "there is no process 7".to_owned() };
        let failure = of_call(CallError::Refused(refused), Duration::ZERO);
        assert_eq!(failure.to_string(), "there is no process 7");
    }
}
