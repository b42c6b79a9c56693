//! The broker's thread: a current-thread runtime that accepts connections and runs one task each.

use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection;
use super::{Phase, Shared};
use crate::transport::{Acceptor, Listener, Stream};

/// Pause after a failed accept (out of descriptors, say), so that it does not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Why a broker does not serve.
#[derive(Debug, Error)]
pub enum ServeError {
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
    /// Says so when all connections have ended.
    ended: oneshot::Receiver<()>,
}

impl Server {
    pub(super) fn start(shared: &Arc<Shared>, listener: Listener) -> Result<Self, ServeError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServeError::Thread)?;
        let acceptor = {
            let _inside = runtime.enter();
            listener.into_acceptor().map_err(ServeError::Accept)?
        };
        let (tell, ended) = oneshot::channel();
        // The thread must not keep the broker alive, or dropping the last handle would not end it.
        let phase = shared.phase.subscribe();
        let weak = Arc::downgrade(shared);
        let thread = thread::Builder::new()
            .name("eventbus-broker".to_owned())
            .spawn(move || {
                runtime.block_on(accept_all(&weak, acceptor, phase));
                let _ = tell.send(());
            })
            .map_err(ServeError::Thread)?;
        Ok(Self { thread, ended })
    }

    /// Waits for the thread; at the deadline connections are cut off.
    pub(super) async fn join(mut self, shared: &Shared, deadline: Instant) {
        if tokio::time::timeout_at(deadline, &mut self.ended).await.is_err() {
            shared.phase.send_replace(Phase::Over);
            let _ = self.ended.await;
        }
        if self.thread.join().is_err() {
            tracing::error!("the broker's thread panicked");
        }
    }
}

async fn accept_all(
    shared: &Weak<Shared>,
    mut acceptor: Acceptor,
    mut phase: watch::Receiver<Phase>,
) {
    let Some(slots) =
        shared.upgrade().map(|shared| Arc::new(Semaphore::new(shared.config.connection_limit)))
    else {
        return;
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = acceptor.accept() => match (accepted, shared.upgrade()) {
                (_, None) => break,
                (Ok(stream), Some(shared)) => admit(&mut connections, &slots, shared, stream),
                (Err(error), _) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
            Some(ended) = connections.join_next() => note(ended),
            _ = phase.wait_for(|phase| *phase != Phase::Running) => break,
        }
    }
    drop(acceptor);
    while let Some(ended) = connections.join_next().await {
        note(ended);
    }
}

fn admit(
    connections: &mut JoinSet<()>,
    slots: &Arc<Semaphore>,
    shared: Arc<Shared>,
    stream: Stream,
) {
    match Arc::clone(slots).try_acquire_owned() {
        Ok(slot) => connections.spawn(async move {
            connection::run(&shared, stream).await;
            drop(slot);
        }),
        Err(_) => connections.spawn(async move { connection::refuse(&shared, stream).await }),
    };
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}
