//! One collector under supervision: started, started again when it ends, stopped at the end (R5).

use std::convert::Infallible;
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::control::AgentControl;
use super::member::Member;
use super::restarts::{Restarts, Verdict};
use super::roll::CollectorState;
use super::starter::Starter;
use super::{AgentError, MemberError};
use crate::causes::with_causes;
use crate::config::{AgentConfig, CollectorName};
use crate::ready::CollectorReady;

/// Share of the time for a stop in which a collector that said it will end is left alone.
const ASKED_SHARE_OF_STOP: u32 = 2;

/// A collector and what is known of its ends.
pub(super) struct Supervised {
    name: CollectorName,
    /// What runs; kept here and not in a future, so that a stop finds it whatever was under way.
    member: Option<Member>,
    restarts: Restarts,
    /// Its last end, once it is given up.
    failed: Option<MemberError>,
}

impl Supervised {
    /// Starts it for the first time.
    pub(super) async fn begin(
        name: CollectorName,
        starter: &Starter<'_>,
    ) -> Result<Self, MemberError> {
        starter.roll.set(name.as_str(), CollectorState::Starting);
        let restarts = Restarts::new(starter.limits());
        let member = Some(starter.start(name).await?);
        Ok(Self { name, member, restarts, failed: None })
    }

    pub(super) fn name(&self) -> CollectorName {
        self.name
    }

    /// Waits until what was started is ready. Cancel safe.
    pub(super) async fn ready(
        &mut self,
        starter: &Starter<'_>,
    ) -> Result<CollectorReady, MemberError> {
        let member = self.member.as_mut().expect("it was started");
        let ready = member.ready(starter.limits().ready_timeout).await?;
        starter.roll.set(self.name.as_str(), CollectorState::Running { pid: ready.pid });
        Ok(ready)
    }

    /// Keeps it running, or knows it as failed. Cancel safe: what was started is kept.
    pub(super) async fn keep(
        &mut self,
        starter: &Starter<'_>,
        control: Option<&AgentControl>,
    ) -> Infallible {
        loop {
            let cause = self.next_end(starter, control).await;
            self.member = None;
            if let Some(control) = control {
                control.forget(self.name.as_str()).await;
            }
            let told = with_causes(&cause);
            match self.verdict(&cause) {
                Verdict::Again { after } => {
                    warn!(
                        collector = %self.name,
                        cause = told,
                        ?after,
                        "ended; it will be started again after a pause"
                    );
                    let state = CollectorState::Restarting { cause: told, after };
                    starter.roll.set(self.name.as_str(), state);
                    tokio::time::sleep(after).await;
                }
                Verdict::GivenUp => {
                    error!(collector = %self.name, cause = told, "failed: it is not started again");
                    starter.roll.set(self.name.as_str(), CollectorState::Failed { cause: told });
                    self.failed = Some(cause);
                    return std::future::pending().await;
                }
            }
        }
    }

    /// An end counts, but for one that every further start would come to.
    fn verdict(&mut self, cause: &MemberError) -> Verdict {
        if cause.is_configuration() {
            return Verdict::GivenUp;
        }
        self.restarts.ended(Instant::now(), rand::random())
    }

    /// Starts it if it does not run, and waits for its end. One that does not get ready in time is
    /// ended, and so is one that shows no life.
    async fn next_end(
        &mut self,
        starter: &Starter<'_>,
        control: Option<&AgentControl>,
    ) -> MemberError {
        if self.member.is_none() {
            starter.roll.set(self.name.as_str(), CollectorState::Starting);
            match starter.start(self.name).await {
                Ok(member) => self.member = Some(member),
                Err(error) => return error,
            }
            if let Err(error) = self.ready(starter).await {
                self.member.as_mut().expect("it was started").kill().await;
                return error;
            }
        }
        let member = self.member.as_mut().expect("it was started");
        let waited = starter.limits().unresponsive_limit;
        tokio::select! {
            ended = member.ended() => return ended,
            () = lost(control, self.name.as_str(), waited) => {}
        }
        member.kill().await;
        MemberError::Unresponsive { waited }
    }

    /// Asks what runs to end, waits, and kills a process that does not; tells of one that was
    /// given up.
    pub(super) async fn stop(
        self,
        starter: &Starter<'_>,
        control: Option<&AgentControl>,
    ) -> Result<(), AgentError> {
        let limits = starter.limits();
        if let Some(source) = self.failed {
            return Err(given_up(self.name, limits, source));
        }
        let Some(member) = self.member else { return Ok(()) };
        let asked_share = limits.stop_timeout / ASKED_SHARE_OF_STOP;
        let will_end = ask_to_end(control, self.name.as_str(), asked_share);
        let stopped = member.stop(limits.stop_timeout, asked_share, will_end).await;
        stopped.map_err(|source| AgentError::CollectorStop { name: self.name.to_string(), source })
    }
}

/// Completes when a collector is to be replaced as it shows no life; a thread never is.
async fn lost(control: Option<&AgentControl>, name: &str, limit: Duration) {
    match control {
        Some(control) if !limit.is_zero() => control.lost(name, limit).await,
        _ => std::future::pending().await,
    }
}

fn given_up(name: CollectorName, limits: &AgentConfig, source: MemberError) -> AgentError {
    let (name, source) = (name.to_string(), Box::new(source));
    if source.is_configuration() {
        return AgentError::Refused { name, source };
    }
    let (restarts, window) = (limits.restart_limit, limits.restart_window);
    AgentError::Failed { name, restarts, window, source }
}

async fn ask_to_end(control: Option<&AgentControl>, name: &str, within: Duration) -> bool {
    match control {
        Some(control) => control.ask_to_end(name, within).await,
        None => false,
    }
}
