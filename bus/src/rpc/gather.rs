//! One request to several members, and their answers together (R4).

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;
use tokio::task::JoinSet;

use super::aggregation::{Aggregate, Aggregator};
use super::{Answer, Call, CallError, Refusal, RpcClient};

/// Members one gathering may ask.
pub const GATHER_LIMIT: usize = 256;
/// Names the only request of a gathering's aggregator.
const REQUEST: &str = "gather";

/// There are too many members to ask, or none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{members} members are asked; 1 to {GATHER_LIMIT} can be")]
pub struct AskedError {
    /// How many.
    pub members: usize,
}

/// Asks each member the same, and says who answered what and who did not answer in time.
///
/// A refusal is an answer, but for the one that it was too late. A member that could not be asked,
/// or whose reply could not be read, is missing. Takes as long as the call's deadline at most. Cancelling it forgets all requests.
pub async fn gather(
    client: &Arc<RpcClient>,
    call: &Call,
    members: &BTreeSet<String>,
) -> Result<Aggregate<Result<Answer, Refusal>>, AskedError> {
    let mut aggregator = Aggregator::new(GATHER_LIMIT);
    // Each call has the deadline; when all have ended, so has the gathering.
    let opened = aggregator.open(REQUEST, members.iter().cloned(), 0);
    opened.map_err(|_| AskedError { members: members.len() })?;
    let mut calls = JoinSet::new();
    for member in members {
        let (client, call, member) = (Arc::clone(client), call.clone(), member.clone());
        calls.spawn(async move {
            let outcome = client.call(call.to(member.clone())).await;
            (member, outcome)
        });
    }
    while let Some(ended) = calls.join_next().await {
        match ended {
            Ok((member, Ok(answer))) => drop(aggregator.add(REQUEST, &member, Ok(answer))),
            Ok((_, Err(CallError::Refused(Refusal::DeadlinePassed { .. })))) => {}
            Ok((member, Err(CallError::Refused(refusal)))) => {
                aggregator.add(REQUEST, &member, Err(refusal));
            }
            _ => {}
        }
    }
    let gathered = aggregator.ready(u64::MAX).pop();
    Ok(gathered.expect("one request was opened, and is due"))
}
