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
use super::ending::Ending;
use super::fault::Fault;
use super::running::Running;
use super::site::Site;

/// One client's connection.
pub(super) struct Connection {
    site: Site,
    reader: FrameReader,
    writer: FrameWriter,
    /// What its client may use; `None` until that was negotiated.
    granted: Option<SourceCaps>,
    running: Running,
    opened: Instant,
    /// When something was last asked or answered.
    active: Instant,
}

impl Connection {
    pub(super) fn new(site: Site, stream: FramedStream) -> Self {
        let (reader, writer) = stream.split();
        let now = Instant::now();
        let running = Running::default();
        Self { site, reader, writer, granted: None, running, opened: now, active: now }
    }

    /// Serves the client until either side ends.
    pub(super) async fn run(mut self, mut ending: Ending) {
        let mut overdue = ending.clone();
        let served = tokio::select! {
            served = self.serve(&mut ending) => served,
            // Whoever takes its time to read does not hold up the end.
            () = overdue.over() => Err(Fault::Unread),
        };
        self.site.tally().unanswered(self.running.len());
        if let Err(fault) = served {
            debug!(%fault, "a connection ended early");
            self.site.tally().faulted();
            self.tell(&fault).await;
        }
        self.writer.close();
    }

    async fn serve(&mut self, ending: &mut Ending) -> Result<(), Fault> {
        loop {
            let silent_at = self.silent_at();
            tokio::select! {
                deadline = ending.begun() => return self.finish(deadline).await,
                received = self.reader.receive() => match received? {
                    Some(message) => self.take(&message).await?,
                    None => return Ok(()),
                },
                Some((id, response)) = self.running.next_done() => {
                    self.respond(id, &response).await?;
                }
                () = reached(silent_at) => return Err(self.silence()),
            }
        }
    }

    /// Begins what a message asks, or answers at once.
    async fn take(&mut self, message: &[u8]) -> Result<(), Fault> {
        self.active = Instant::now();
        let Asked { id, within, request } = self.asked(message)?;
        let limit = self.site.limits().outstanding_limit;
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
        match self.site.desk().grant(offer) {
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
        let desk = Arc::clone(self.site.desk());
        self.running.begin(id, async move { desk.answer(request, granted, within).await });
    }

    async fn respond(&mut self, id: u64, response: &IpcResponse) -> Result<(), Fault> {
        let message = encode_response(id, response);
        let limit = self.site.limits().request_limit;
        let written = timeout(limit, self.writer.send(&message)).await;
        written.map_err(|_| Fault::Unread)?.map_err(Fault::Write)?;
        self.active = Instant::now();
        self.site.tally().answered(matches!(response, IpcResponse::Refused(_)));
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
        self.respond(CONNECTION, &IpcResponse::Refused(IpcRefusal::Ending)).await
    }

    async fn decline(&mut self, message: &[u8]) -> Result<(), Fault> {
        let id = self.asked(message)?.id;
        self.respond(id, &IpcResponse::Refused(IpcRefusal::Ending)).await
    }

    /// When the client has been silent for too long; `None` while it waits for an answer.
    fn silent_at(&self) -> Option<Instant> {
        let limits = self.site.limits();
        if self.granted.is_none() {
            return Some(self.opened + limits.handshake_limit);
        }
        self.running.is_empty().then(|| self.active + limits.idle_limit)
    }

    fn silence(&self) -> Fault {
        let limits = self.site.limits();
        match self.granted {
            None => Fault::NothingNegotiated { waited: limits.handshake_limit },
            Some(_) => Fault::Silent { waited: limits.idle_limit },
        }
    }

    /// Tells the client why it is closed, if it listens.
    async fn tell(&mut self, fault: &Fault) {
        let Some(refusal) = fault.refusal() else { return };
        let message = encode_response(CONNECTION, &IpcResponse::Refused(refusal));
        // Whether it listens is its own affair.
        let _ = timeout(LAST_WORDS_LIMIT, self.writer.send(&message)).await;
    }
}
