//! The broker's thread: a current-thread runtime that accepts connections and runs one task each.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::slots::Slots;
use super::{Phase, Shared, connection, expiry};
use crate::clock::reached;
use crate::transport::{Acceptor, Listener, Stream};

/// Pause after a failed accept (out of descriptors, say), so that it does not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Why a broker does not serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The broker is shutting down, or has shut down.
    #[error("the broker is closed")]
    Closed,
    /// The runtime or its thread could not be started.
    #[error("cannot start the broker's thread")]
    Thread(#[source] io::Error),
    /// The listener could not be used.
    #[error("cannot accept on the listener")]
    Accept(#[source] io::Error),
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    thread: thread::JoinHandle<()>,
    ended: Ended,
}

/// Tells when all connections of a server have ended, as often as it is asked.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    /// Never sent on: the thread drops its end last of all.
    thread_is_done: watch::Receiver<()>,
}

impl Server {
    pub(super) fn start(shared: &Arc<Shared>, listener: Listener) -> Result<Self, ServeError> {
        // The thread must not keep the broker alive, or dropping the last handle would not end it.
        let phase = shared.phase.subscribe();
        let weak = Arc::downgrade(shared);
        let serve = move |acceptor| accept_all(weak, acceptor, phase);
        Self::spawn("eventbus-broker", || listener.into_acceptor(), serve)
    }

    /// Runs something that accepts on a thread with a runtime of its own.
    pub(super) fn spawn<A: Send + 'static, F: Future<Output = ()>>(
        name: &str,
        acceptor: impl FnOnce() -> io::Result<A>,
        serve: impl FnOnce(A) -> F + Send + 'static,
    ) -> Result<Self, ServeError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServeError::Thread)?;
        let acceptor = {
            let _inside = runtime.enter();
            acceptor().map_err(ServeError::Accept)?
        };
        let (until_the_end, thread_is_done) = watch::channel(());
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                // What is declared first is dropped last, also by a panic.
                let _until_the_end = until_the_end;
                let runtime = runtime;
                runtime.block_on(serve(acceptor));
            })
            .map_err(ServeError::Thread)?;
        Ok(Self { thread, ended: Ended { thread_is_done } })
    }

    /// To wait for.
    pub(super) fn ended(&self) -> Ended {
        self.ended.clone()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.thread_is_done.has_changed().is_err()
    }

    /// Takes the thread back; blocks unless the server has ended.
    pub(super) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the broker's thread panicked");
        }
    }
}

impl Ended {
    pub(super) async fn wait(mut self) {
        while self.thread_is_done.changed().await.is_ok() {}
    }
}

async fn accept_all(
    shared: Weak<Shared>,
    mut acceptor: Acceptor,
    mut phase: watch::Receiver<Phase>,
) {
    let Some(slots) = shared.upgrade().map(|shared| Slots::new(shared.config.connection_limit))
    else {
        return;
    };
    let mut connections = JoinSet::new();
    let mut retry_at: Option<Instant> = None;
    let mut expiring = pin!(expiry::run(shared.clone()));
    loop {
        tokio::select! {
            accepted = acceptor.accept(), if retry_at.is_none() => match (accepted, shared.upgrade()) {
                (_, None) => break,
                (Ok(stream), Some(shared)) => admit(&mut connections, &slots, shared, stream),
                (Err(error), _) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    retry_at = Some(Instant::now() + ACCEPT_RETRY);
                }
            },
            () = reached(retry_at), if retry_at.is_some() => retry_at = None,
            Some(ended) = connections.join_next() => note(ended),
            () = &mut expiring => break,
            _ = phase.wait_for(|phase| *phase >= Phase::Ending) => break,
        }
    }
    drop(acceptor);
    while let Some(ended) = connections.join_next().await {
        note(ended);
    }
}

fn admit(connections: &mut JoinSet<()>, slots: &Slots, shared: Arc<Shared>, stream: Stream) {
    match slots.take() {
        Some(slot) => {
            connections.spawn(async move { connection::run(&shared, stream, slot).await })
        }
        None => connections.spawn(async move { connection::refuse(&shared, stream).await }),
    };
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}
