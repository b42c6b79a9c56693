//! The agent's collectors, all of them, and what asks them: started, kept, stopped.

use std::convert::Infallible;

use futures_util::future::join_all;
use tracing::error;

use super::account::AccountWriter;
use super::analyses::Analyses;
use super::control::AgentControl;
use super::roll::Roll;
use super::starter::Starter;
use super::supervised::Supervised;
use super::{AgentError, AgentOptions, MemberError};
use crate::causes::with_causes;
use crate::config::CollectorName;
use crate::factory::HostedBus;
use crate::ready::CollectorReady;

/// The collectors and what keeps them.
pub(super) struct Staff<'a> {
    starter: Starter<'a>,
    /// Absent on a bus without names: its collectors are threads of this process.
    control: Option<AgentControl>,
    /// Absent before it begins.
    analyses: Option<Analyses>,
    account: AccountWriter,
    collectors: Vec<Supervised>,
}

impl<'a> Staff<'a> {
    /// Nobody yet.
    pub(super) fn new(options: &'a AgentOptions, hosted: &'a HostedBus) -> Self {
        let starter = Starter { options, hosted, roll: Roll::new() };
        let account = AccountWriter::new();
        Self { starter, control: None, analyses: None, account, collectors: Vec::new() }
    }

    /// Starts all collectors and waits until they are ready. One that is not, the first time, is
    /// an error: it is configured wrongly, and people are there to read it. Cancel safe: a stop
    /// ends what was started.
    pub(super) async fn begin(&mut self) -> Result<Vec<CollectorReady>, AgentError> {
        let (starter, limits) = (&self.starter, self.starter.limits());
        let (bus, settings) = (starter.hosted.bus(), &starter.options.settings);
        if starter.hosted.socket_path().is_some() {
            let (roll, account) = (starter.roll.reader(), self.account.reader());
            self.control = Some(AgentControl::start(bus, settings, roll, account).await?);
        }
        // Before collectors are: nothing they publish is missed.
        let members = self.control.as_ref().map(AgentControl::carrier);
        self.analyses = Some(Analyses::start(bus, settings, members, self.account.clone()).await?);
        for name in limits.collectors.iter().copied() {
            let begun = Supervised::begin(name, starter).await;
            self.collectors.push(begun.map_err(|source| not_ready(name, source))?);
        }
        let mut ready = Vec::with_capacity(self.collectors.len());
        for collector in &mut self.collectors {
            let told = collector.ready(starter).await;
            ready.push(told.map_err(|source| not_ready(collector.name(), source))?);
        }
        Ok(ready)
    }

    /// Keeps all collectors running, for ever. Cancel safe.
    pub(super) async fn keep(&mut self) -> Infallible {
        let (starter, control) = (&self.starter, self.control.as_ref());
        join_all(self.collectors.iter_mut().map(|collector| collector.keep(starter, control)))
            .await;
        std::future::pending().await
    }

    /// Ends analyses, stops all collectors at once, then stops answering; the first collector that
    /// was given up or did not end in order is the error.
    pub(super) async fn stop(self) -> Result<(), AgentError> {
        let (starter, control) = (&self.starter, self.control.as_ref());
        let limit = starter.options.settings.collector.shutdown_timeout;
        if let Some(analyses) = self.analyses {
            analyses.end(limit).await;
        }
        let stops = self.collectors.into_iter().map(|collector| collector.stop(starter, control));
        let mut result = Ok(());
        for stopped in join_all(stops).await {
            if let Err(error) = &stopped {
                let error = with_causes(error);
                error!(error, "a collector did not work to the end");
            }
            result = result.and(stopped);
        }
        if let Some(control) = self.control {
            control.end(limit).await;
        }
        result
    }
}

fn not_ready(name: CollectorName, source: MemberError) -> AgentError {
    AgentError::Collector { name: name.to_string(), source }
}
