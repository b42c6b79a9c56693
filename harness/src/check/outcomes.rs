//! C9: subscribing and unsubscribing end as the case demands. C13: so does shutdown, twice too.
//! Other actions are the case's own expectation. In a wild case nothing has to succeed after the first
//! fault.

use super::findings::{Findings, Witness};
use super::report::Check;
use super::trace::Trace;
use crate::plan::Operation;
use crate::record::Operated;

/// Looks at every operation.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for operated in trace.history.operations.iter().take_while(|one| !is_free(trace, one)) {
        let check = check_of(&operated.operation);
        findings.judged(check, 1);
        if operated.outcome != operated.expect {
            findings.violated(check, || witness(trace, operated));
        }
    }
}

/// Whether an operation, and every one after it, may end as it likes.
fn is_free(trace: &Trace<'_>, operated: &Operated) -> bool {
    let is_fault = |one: &Operated| one.operation.fault().is_some();
    let mut before = trace.history.operations.iter().filter(|one| one.call_ns < operated.call_ns);
    trace.case.wild && before.any(is_fault)
}

fn check_of(operation: &Operation) -> Check {
    match operation {
        Operation::Subscribe(_) | Operation::Unsubscribe(_) | Operation::UnsubscribeUnknown => {
            Check::Membership
        }
        Operation::Shutdown(_) => Check::Shutdown,
        Operation::DropReceiver(_)
        | Operation::StopReading(_)
        | Operation::ResumeReading(_)
        | Operation::PublishOne(_)
        | Operation::Fault(_) => Check::Expectation,
    }
}

fn witness(trace: &Trace<'_>, operated: &Operated) -> Witness {
    let subscribers = &trace.case.topology.subscribers;
    let of = |what: &str, index: usize| format!("{what} {}", subscribers[index].name);
    let (what, publisher, subscriber) = match operated.operation {
        Operation::Subscribe(index) => (of("subscribing", index), None, Some(index)),
        Operation::Unsubscribe(index) => (of("unsubscribing", index), None, Some(index)),
        Operation::UnsubscribeUnknown => ("unsubscribing an unknown id".to_owned(), None, None),
        Operation::DropReceiver(index) => (of("dropping", index), None, Some(index)),
        Operation::StopReading(index) => (of("stopping", index), None, Some(index)),
        Operation::ResumeReading(index) => (of("resuming", index), None, Some(index)),
        Operation::Fault(fault) => {
            let (deed, name) = (fault.deed.as_str(), fault.victim.name(trace.case));
            (format!("{deed} of {name}"), None, None)
        }
        Operation::Shutdown(_) => ("shutting down".to_owned(), None, None),
        Operation::PublishOne(index) => {
            let name = &trace.case.topology.publishers[index].name;
            (format!("one more publish of {name}"), Some(index), None)
        }
    };
    Witness {
        sentence: format!(
            "{what} ended with {:?}, not with {:?}",
            operated.outcome, operated.expect
        ),
        publisher,
        subscriber,
        messages: Vec::new(),
    }
}
