//! The task that keeps a client connected: it serves one connection after the other.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use daemoneye_eventbus::SocketAddress;
use daemoneye_eventbus::framed::{FrameReader, FrameWriter, ReadFrameError};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, info, warn};

use super::super::codec::{Answered, CodecError, decode_response, encode_request};
use super::super::moment::reached;
use super::super::{CONNECTION, Grant, IpcResponse};
use super::call::{AskError, Call};
use super::connect::{ConnectError, Connection, NEGOTIATION, connect};
use super::{IpcClientConfig, LinkState};

/// How often a request is asked when the connection breaks over it: what breaks three may be what
/// breaks them.
const MAX_TRIES: u32 = 3;
/// How long an answer may be overdue before the connection counts as broken: a server answers every
/// request in the time it was told, be it with a refusal.
const ANSWER_GRACE: Duration = Duration::from_secs(5);
/// How long a server may take to read a request.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// What the task owns.
pub(super) struct Keeper {
    address: SocketAddress,
    config: IpcClientConfig,
    calls: mpsc::Receiver<Call>,
    /// To be asked, in this order; as many as may be outstanding, and one.
    waiting: VecDeque<Call>,
    /// Asked on this connection, by their numbers.
    outstanding: BTreeMap<u64, Call>,
    last_number: u64,
    /// Attempts to connect since something was last answered.
    attempts: u32,
    link: watch::Sender<LinkState>,
}

impl Keeper {
    pub(super) fn new(
        address: SocketAddress,
        config: IpcClientConfig,
        calls: mpsc::Receiver<Call>,
        link: watch::Sender<LinkState>,
    ) -> Self {
        Self {
            address,
            config,
            calls,
            waiting: VecDeque::new(),
            outstanding: BTreeMap::new(),
            last_number: NEGOTIATION,
            attempts: 0,
            link,
        }
    }

    /// Serves connections until nobody can ask any more.
    pub(super) async fn run(mut self, mut connection: Connection) {
        loop {
            let reason = self.serve(connection).await;
            self.broke(&reason);
            let Some(next) = self.reconnect().await else { return };
            connection = next;
        }
    }

    /// Serves a connection until it breaks; returns why it did.
    async fn serve(&mut self, connection: Connection) -> String {
        let Connection { mut reader, mut writer, grant } = connection;
        let limit = usize::try_from(grant.limits.outstanding).unwrap_or(usize::MAX).max(1);
        loop {
            while self.outstanding.len() < limit {
                let Some(call) = self.waiting.pop_front() else { break };
                if let Err(reason) = self.ask(&mut reader, &mut writer, call, &grant).await {
                    return reason;
                }
            }
            let has_room = self.outstanding.len() < limit;
            let overdue_at = self.overdue_at();
            tokio::select! {
                received = reader.receive() => {
                    if let Err(reason) = self.hear(received) {
                        return reason;
                    }
                }
                // Without a client this task is about to be aborted.
                Some(call) = self.calls.recv(), if has_room => self.waiting.push_back(call),
                () = reached(overdue_at) => return "an answer is overdue".to_owned(),
            }
        }
    }

    /// Writes one request; an error is the connection's.
    ///
    /// It hears answers meanwhile: a collector reads nothing while nobody takes its answers, and
    /// each side would wait for the other.
    async fn ask(
        &mut self,
        reader: &mut FrameReader,
        writer: &mut FrameWriter,
        mut call: Call,
        grant: &Grant,
    ) -> Result<(), String> {
        if !call.is_wanted() {
            return Ok(());
        }
        self.last_number += 1;
        let within = call.deadline.saturating_duration_since(Instant::now());
        let message = encode_request(self.last_number, Some(within), &call.request);
        let bytes = u64::try_from(message.len()).unwrap_or(u64::MAX);
        let limit_bytes = grant.limits.frame_bytes;
        if bytes > limit_bytes {
            call.answer(Err(AskError::TooLarge { bytes, limit_bytes }));
            return Ok(());
        }
        call.tries += 1;
        self.outstanding.insert(self.last_number, call);
        let mut writing = pin!(timeout(WRITE_LIMIT, writer.send(&message)));
        loop {
            tokio::select! {
                written = &mut writing => return match written {
                    Ok(written) => written.map_err(|error| error.to_string()),
                    Err(_) => Err("the collector does not read".to_owned()),
                },
                received = reader.receive() => self.hear(received)?,
            }
        }
    }

    /// Hands an answer to whoever waits for it; an error is the connection's.
    fn hear(&mut self, received: Result<Option<Bytes>, ReadFrameError>) -> Result<(), String> {
        let message = match received {
            Ok(Some(message)) => message,
            Ok(None) => return Err("the collector closed the connection".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let Answered { id, response } =
            decode_response(&message).map_err(|error| error.to_string())?;
        if id == CONNECTION {
            return Err(match response {
                Ok(IpcResponse::Refused(refusal)) => refusal.to_string(),
                _ => "the collector says something of the connection".to_owned(),
            });
        }
        self.attempts = 0;
        if let Some(call) = self.outstanding.remove(&id) {
            let unreadable = |error: CodecError| AskError::NoAnswer { reason: error.to_string() };
            call.answer(response.map_err(unreadable));
        }
        Ok(())
    }

    /// When the first of the answers is overdue.
    fn overdue_at(&self) -> Option<Instant> {
        let deadlines = self.outstanding.values().map(|call| call.deadline);
        deadlines.min().map(|deadline| deadline + ANSWER_GRACE)
    }

    /// What has no answer waits for the next connection, before all else and in its order.
    fn broke(&mut self, reason: &str) {
        let unanswered = std::mem::take(&mut self.outstanding);
        if unanswered.is_empty() {
            debug!(reason, "the connection to the collector ended");
        } else {
            let requests = unanswered.len();
            warn!(reason, requests, "the connection to the collector broke; asking again");
        }
        for call in unanswered.into_values().rev() {
            if call.tries < MAX_TRIES {
                self.waiting.push_front(call);
            } else {
                let (tries, reason) = (call.tries, reason.to_owned());
                call.answer(Err(AskError::Lost { tries, reason }));
            }
        }
        self.link.send_modify(|link| {
            link.is_connected = false;
            link.failure = Some(reason.to_owned());
        });
    }

    /// The next connection, once there is something to ask; `None` when nobody can ask any more.
    async fn reconnect(&mut self) -> Option<Connection> {
        loop {
            self.waiting.retain(Call::is_wanted);
            if self.waiting.is_empty() {
                let call = self.calls.recv().await?;
                self.waiting.push_back(call);
            }
            sleep(self.config.reconnect.pause(self.attempts, rand::random())).await;
            self.attempts = self.attempts.saturating_add(1);
            match connect(&self.address, &self.config).await {
                Ok(connection) => {
                    self.found(connection.grant);
                    return Some(connection);
                }
                Err(error) => self.not_found(&error),
            }
        }
    }

    fn found(&mut self, grant: Grant) {
        info!(after = self.attempts, "connected to the collector again");
        self.link.send_modify(|link| {
            link.is_connected = true;
            link.grant = grant;
            link.reconnections += 1;
            link.failure = None;
        });
    }

    fn not_found(&mut self, error: &ConnectError) {
        debug!(%error, attempts = self.attempts, "the collector was not found");
        let reason = error.to_string();
        if error.is_final() {
            for call in self.waiting.drain(..) {
                call.answer(Err(AskError::NoConnection { reason: reason.clone() }));
            }
        }
        self.link.send_modify(|link| link.failure = Some(reason));
    }
}
