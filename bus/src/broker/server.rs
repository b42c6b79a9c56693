//! The broker's thread: a current-thread runtime that runs a task for each connection. Those it gets
//! from the door, which has a thread and a runtime of its own where streams can move.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::thread;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::connection::{self, Guest};
use super::door::Door;
use super::{Shared, expiry};
use crate::transport::{Listener, Stream};

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
    /// Serves whoever comes; what it runs on ends when the broker does.
    pub(super) fn start(shared: &Arc<Shared>, listener: Listener) -> Result<Vec<Self>, ServeError> {
        // Threads must not keep the broker alive, or dropping the last handle would not end it.
        let broker = Arc::downgrade(shared);
        // Each guest has a place, so that all of them find room.
        let (introduced, guests) = mpsc::channel(shared.config.connection_limit.max(1));
        let door = Door::new(shared, introduced);
        let acceptor = || listener.into_acceptor();
        if Stream::CAN_MOVE {
            let serving =
                Self::spawn("eventbus-broker", || Ok(()), move |()| serve_all(broker, guests))?;
            match Self::spawn("eventbus-door", acceptor, |acceptor| door.keep(acceptor)) {
                Ok(keeping) => Ok(vec![keeping, serving]),
                Err(error) => {
                    // Its end of the channel has gone with the door, so it ends at once.
                    serving.join();
                    Err(error)
                }
            }
        } else {
            let serve = move |acceptor| async move {
                tokio::join!(door.keep(acceptor), serve_all(broker, guests));
            };
            Ok(vec![Self::spawn("eventbus-broker", acceptor, serve)?])
        }
    }

    /// Runs something on a thread with a runtime of its own, with what has to be made inside that.
    pub(super) fn spawn<A: Send + 'static, F: Future<Output = ()>>(
        name: &str,
        prepare: impl FnOnce() -> io::Result<A>,
        run: impl FnOnce(A) -> F + Send + 'static,
    ) -> Result<Self, ServeError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServeError::Thread)?;
        let prepared = {
            let _inside = runtime.enter();
            prepare().map_err(ServeError::Accept)?
        };
        let (until_the_end, thread_is_done) = watch::channel(());
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                // What is declared first is dropped last, also by a panic.
                let _until_the_end = until_the_end;
                let runtime = runtime;
                runtime.block_on(run(prepared));
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
        let name = self.thread.thread().name().unwrap_or_default().to_owned();
        if self.thread.join().is_err() {
            tracing::error!(name, "a thread of the broker panicked");
        }
    }
}

impl Ended {
    pub(super) async fn wait(mut self) {
        while self.thread_is_done.changed().await.is_ok() {}
    }
}

/// Runs a task for each guest that comes through the door, until it is shut and all have left.
async fn serve_all(shared: Weak<Shared>, mut guests: mpsc::Receiver<Guest>) {
    let mut connections = JoinSet::new();
    let mut expiring = pin!(expiry::run(shared.clone()));
    loop {
        tokio::select! {
            guest = guests.recv() => match (guest, shared.upgrade()) {
                (Some(guest), Some(shared)) => {
                    connections.spawn(async move { connection::run(&shared, guest).await });
                }
                _ => break,
            },
            Some(ended) = connections.join_next() => connection::note_end(ended),
            () = &mut expiring => break,
        }
    }
    while let Some(ended) = connections.join_next().await {
        connection::note_end(ended);
    }
}
