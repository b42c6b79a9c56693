//! A group of callers: each asks under its own name, all beside each other.

use std::sync::Arc;

use bytes::Bytes;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::rpc::{
    Answer, Call, CallError, Request, Response, RpcClient, Task, TaskPriority,
};
use daemoneye_eventbus::{CorrelationMetadata, EventBus};
use futures_util::future::join_all;

use super::CALL_LIMIT;
use super::member::client;
use super::notes::{Notes, noted};
use super::worker::WORK;
use crate::driver::actor::link::Link;
use crate::driver::actor::protocol::ControlOrder;
use crate::driver::bus::{Opening, impersonate, stranger};
use crate::driver::impostors::Attempt;
use crate::driver::remote::RemoteFault;
use crate::plan::control::{DESK, call_id};
use crate::record::{Admission, Answered, Fact};

/// The callers of one group.
pub(super) struct Callers {
    all: Vec<Caller>,
    /// How they would connect once more.
    opening: Opening,
}

struct Caller {
    name: String,
    client: RpcClient,
    notes: Notes,
}

impl Callers {
    pub(super) async fn open(
        group: usize,
        buses: Vec<(String, Arc<dyn EventBus>)>,
        opening: Opening,
        link: &Link,
    ) -> Result<Self, String> {
        let mut all = Vec::new();
        for (index, (name, bus)) in buses.into_iter().enumerate() {
            let notes = Notes::caller(link.clone(), group, index);
            all.push(Caller { client: client(bus, &name).await?, name, notes });
        }
        Ok(Self { all, opening })
    }

    pub(super) async fn obey(&mut self, order: ControlOrder) {
        match order {
            ControlOrder::Call { step, member, rounds } => {
                join_all(self.all.iter().map(|caller| caller.call(step, &member, 0..rounds))).await;
            }
            ControlOrder::Reckon { step, member, round } => {
                join_all(self.all.iter().map(|caller| caller.reckon(step, &member, round))).await;
            }
            ControlOrder::AskHealth => {
                join_all(self.all.iter().map(Caller::ask_health)).await;
            }
            ControlOrder::Impersonate { step, member } => {
                let opening = &self.opening;
                join_all(self.all.iter().map(|caller| caller.impersonate(opening, step, &member)))
                    .await;
            }
            _ => {}
        }
    }
}

impl Caller {
    async fn call(&self, step: usize, member: &str, rounds: std::ops::Range<u64>) {
        for round in rounds {
            let task = call_id(&self.name, step, round);
            let call = Call::new(work(&task, WORK)).to(member.to_owned()).within(CALL_LIMIT);
            let call = call.correlated(CorrelationMetadata::root(task.as_str()));
            let answer = told(self.client.call(call).await);
            self.notes.note(Fact::Answered { task, answer });
        }
    }

    /// One more request, and what else has come by its answer.
    async fn reckon(&self, step: usize, member: &str, round: u64) {
        self.call(step, member, round..round + 1).await;
        let (pending, unexpected) = (self.client.pending(), self.client.unexpected());
        self.notes.note(Fact::Reckoned { pending, unexpected });
    }

    async fn ask_health(&self) {
        let asked_ns = monotonic_ns();
        let call = Call::new(Request::HealthCheck).to(DESK).within(CALL_LIMIT);
        match self.client.call(call).await.map(|answer| answer.response) {
            Ok(Response::Health(report)) => {
                let parts = report.parts.iter();
                let parts = parts.map(|part| (part.name.clone(), noted(part.status))).collect();
                let overall = noted(report.overall());
                self.notes.note(Fact::Report { asked_ns, parts, overall });
            }
            other => eprintln!("{} was not told how everybody is: {other:?}", self.name),
        }
    }

    /// Says to be a member, with everything that was made for this step, one after the other.
    async fn impersonate(&self, opening: &Opening, step: usize, member: &str) {
        let own = |attempt: &&Attempt| attempt.step == step && attempt.caller == self.name;
        let mut leaked = Vec::new();
        for attempt in opening.attempts.iter().filter(own) {
            if opening.fault() == Some(RemoteFault::LeaksSlots) {
                leaked.extend(stranger(opening).await);
            }
            let admission = match attempt.credential() {
                Ok(credential) => impersonate(opening, member, credential).await,
                Err(cause) => Admission::Unheard(cause),
            };
            self.notes.note(Fact::Came { admission });
        }
    }
}

/// A request to do something, of a name.
pub(super) fn work(id: &str, action: &str) -> Request {
    Request::ExecuteTask(task(id, action))
}

/// The same as a task that somebody else gives out.
pub(super) fn task(id: &str, action: &str) -> Task {
    Task {
        id: id.to_owned(),
        kind: CollectorKind::Process,
        priority: TaskPriority::Normal,
        deadline_monotonic_ns: None,
        action: action.to_owned(),
        arguments: Bytes::new(),
    }
}

/// What came of a request, for the record.
pub(super) fn told(outcome: Result<Answer, CallError>) -> Result<Answered, String> {
    let Answer { from, response, .. } = outcome.map_err(|cause| cause.to_string())?;
    let Response::Task(result) = response else { return Err(format!("answered {response:?}")) };
    let output = result.outcome?;
    let text = String::from_utf8_lossy(&output);
    let (asker, member) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(Answered {
        from: from.to_string(),
        task: result.task,
        asker: asker.to_owned(),
        member: member.to_owned(),
    })
}
