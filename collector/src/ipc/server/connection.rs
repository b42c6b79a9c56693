//! One client: reads what it asks, has it done, and answers as it is done, in whatever order.
//!
//! It reads while requests are being done, and writes one answer after the other. While an answer
//! is not taken nothing more is read, and a client that takes none for as long as a request may
//! last is closed; so nothing gathers here but what was begun, which has a limit.
//!
//! A client that breaks the protocol is told why and closed; nobody else is touched. One that ends
//! its side is gone: what it has asked for ends with it.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::framed::{FrameReader, FrameWriter, FramedStream};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;

use super::super::codec::{Asked, decode_request, encode_response};
use super::super::moment::reached;
use super::super::{CONNECTION, IpcRefusal, IpcRequest, IpcResponse, LAST_WORDS_LIMIT, Offer};
use super::Site;
use super::ending::Ending;
use super::fault::Fault;
use super::running::Running;
use crate::config::IpcConfig;

/// One client's connection.
pub(super) struct Connection {
    site: Arc<Site>,
    reader: FrameReader,
    writer: FrameWriter,
    /// What its client may use; `None` until that was negotiated.
    granted: Option<SourceCaps>,
    running: Running,
    /// Whether an answer is being written.
    is_answering: bool,
    opened: Instant,
    /// When something was last asked or answered.
    active: Instant,
}

impl Connection {
    pub(super) fn new(site: Arc<Site>, stream: FramedStream) -> Self {
        let (reader, writer) = stream.split();
        let now = Instant::now();
        Self {
            site,
            reader,
            writer,
            granted: None,
            running: Running::default(),
            is_answering: false,
            opened: now,
            active: now,
        }
    }

    /// Serves the client until either side ends.
    pub(super) async fn run(mut self, mut ending: Ending) {
        let mut overdue = ending.clone();
        let served = tokio::select! {
            served = self.serve(&mut ending) => served,
            // Whoever takes its time to read does not hold up the end.
            () = overdue.over() => Err(Fault::Unread),
        };
        if let Err(fault) = &served {
            debug!(%fault, "a connection ended early");
        }
        let unanswered = self.running.len() + usize::from(self.is_answering);
        self.site.tally.count(|counters| {
            counters.faults += u64::from(served.is_err());
            counters.unanswered += unanswered as u64;
        });
        self.writer.close();
    }

    /// Whoever breaks the protocol is told so.
    async fn serve(&mut self, ending: &mut Ending) -> Result<(), Fault> {
        let served = self.converse(ending).await;
        let refusal = served.as_ref().err().and_then(Fault::refusal);
        if let Some(refusal) = refusal {
            self.say_last(refusal).await;
        }
        served
    }

    async fn converse(&mut self, ending: &mut Ending) -> Result<(), Fault> {
        loop {
            let (handshake_ends, silence_ends) = (self.handshake_ends(), self.silence_ends());
            tokio::select! {
                // In this order: what has come is heard before it counts as silence.
                biased;
                deadline = ending.begun() => return self.finish(deadline).await,
                () = reached(handshake_ends) => {
                    let waited = self.limits().handshake_limit;
                    return Err(Fault::NothingNegotiated { waited });
                }
                Some((id, response)) = self.running.next_done() => {
                    self.respond(id, &response).await?;
                }
                received = self.reader.receive() => match received? {
                    Some(message) => self.take(&message).await?,
                    None => return Ok(()),
                },
                () = reached(silence_ends) => {
                    return Err(Fault::Silent { waited: self.limits().idle_limit });
                }
            }
        }
    }

    fn limits(&self) -> &IpcConfig {
        self.site.desk.limits()
    }

    /// When something must have been negotiated; `None` once it was.
    fn handshake_ends(&self) -> Option<Instant> {
        self.granted.is_none().then(|| self.opened + self.limits().handshake_limit)
    }

    /// When the client has been silent for too long; `None` before that counts, and while it waits
    /// for an answer.
    fn silence_ends(&self) -> Option<Instant> {
        let is_idle = self.granted.is_some() && self.running.is_empty();
        is_idle.then(|| self.active + self.limits().idle_limit)
    }

    /// Begins what a message asks, or answers at once.
    async fn take(&mut self, message: &[u8]) -> Result<(), Fault> {
        self.active = Instant::now();
        let Asked { id, within, request } = self.asked(message)?;
        let limit = self.limits().outstanding_limit;
        let response = match (request, self.granted) {
            (Ok(IpcRequest::Negotiate(offer)), _) => self.negotiate(&offer),
            (_, None) => IpcResponse::Refused(IpcRefusal::NotNegotiated),
            (Err(refusal), Some(_)) => IpcResponse::Refused(refusal),
            (Ok(_), Some(_)) if self.running.len() >= limit => {
                let reason = format!("{limit} requests have no answer yet, the limit");
                IpcResponse::Refused(IpcRefusal::Busy { reason })
            }
            (Ok(request), Some(granted)) => {
                self.begin(id, within, request, granted);
                return Ok(());
            }
        };
        self.respond(id, &response).await
    }

    /// A request that can be answered by its number.
    fn asked(&self, message: &[u8]) -> Result<Asked, Fault> {
        let asked = decode_request(message)?;
        if asked.id == CONNECTION {
            return Err(Fault::NoNumber);
        }
        if self.running.has(asked.id) {
            return Err(Fault::SameNumber { id: asked.id });
        }
        Ok(asked)
    }

    /// What is granted holds for what is asked from now on.
    fn negotiate(&mut self, offer: &Offer) -> IpcResponse {
        match self.site.desk.grant(offer) {
            Ok(grant) => {
                debug!(client = offer.client, granted = ?grant.granted, "let in");
                self.granted = Some(grant.granted);
                IpcResponse::Granted(grant)
            }
            Err(refusal) => IpcResponse::Refused(refusal),
        }
    }

    fn begin(
        &mut self,
        id: u64,
        within: Option<Duration>,
        request: IpcRequest,
        granted: SourceCaps,
    ) {
        let site = Arc::clone(&self.site);
        self.running.begin(id, async move { site.desk.answer(request, granted, within).await });
    }

    async fn respond(&mut self, id: u64, response: &IpcResponse) -> Result<(), Fault> {
        let message = encode_response(id, response);
        let limit = self.limits().request_limit;
        self.is_answering = true;
        let written = timeout(limit, self.writer.send(&message)).await;
        written.map_err(|_| Fault::Unread)?.map_err(Fault::Write)?;
        self.is_answering = false;
        self.active = Instant::now();
        self.site.tally.count(|counters| {
            counters.answers += 1;
            counters.refusals += u64::from(matches!(response, IpcResponse::Refused(_)));
        });
        Ok(())
    }

    /// The end of the server: what was begun is answered, by then or as refused, what still comes
    /// is refused, and the last word says that there is no more.
    async fn finish(&mut self, deadline: Instant) -> Result<(), Fault> {
        while !self.running.is_empty() {
            tokio::select! {
                // In this order: a client that asks on and on must not put off the end.
                biased;
                () = sleep_until(deadline) => break,
                Some((id, response)) = self.running.next_done() => {
                    self.respond(id, &response).await?;
                }
                received = self.reader.receive() => match received? {
                    Some(message) => self.decline(&message).await?,
                    None => return Ok(()),
                },
            }
        }
        self.running.abort_all();
        while let Some((id, response)) = self.running.next_done().await {
            self.respond(id, &response).await?;
        }
        self.say_last(IpcRefusal::Ending).await;
        Ok(())
    }

    async fn decline(&mut self, message: &[u8]) -> Result<(), Fault> {
        let id = self.asked(message)?.id;
        self.respond(id, &IpcResponse::Refused(IpcRefusal::Ending)).await
    }

    /// Why the connection ends. Whether the client listens is its own affair.
    async fn say_last(&mut self, refusal: IpcRefusal) {
        let message = encode_response(CONNECTION, &IpcResponse::Refused(refusal));
        let _ = timeout(LAST_WORDS_LIMIT, self.writer.send(&message)).await;
    }
}
