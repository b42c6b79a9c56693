//! A role's way to the broker through the harness's hands: a socket of its own in between, byte by
//! byte the same until a case does something to it (METHOD §5).
//!
//! It knows bytes, not frames. What is done to a connection is done when the call returns.

mod line;
mod pump;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

pub(in crate::driver) use line::Treatment;
use pump::{Order, pump};

use crate::plan::Direction;

/// Both ends have closed within this time of a fault that cuts a connection: either notices at its
/// next look at the socket.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
/// Orders waiting for one direction; each is awaited before the next.
const ORDERS: usize = 1;

/// One role's way; gone when dropped, and what passes through it with it.
pub(in crate::driver) struct Proxy {
    path: PathBuf,
    connection: Arc<Mutex<Option<Connection>>>,
    /// Connections that came so far.
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

/// Both directions of the connection that came last.
struct Connection {
    to_broker: mpsc::Sender<Order>,
    from_broker: mpsc::Sender<Order>,
}

impl Proxy {
    /// Listens at `path`, and leads whoever connects there to the broker at `broker`. Call within a
    /// runtime.
    pub(in crate::driver) fn open(path: PathBuf, broker: PathBuf) -> io::Result<Self> {
        let listener = UnixListener::bind(&path)?;
        let connection = Arc::new(Mutex::new(None));
        let connections = Arc::new(AtomicUsize::new(0));
        let (current, count) = (Arc::clone(&connection), Arc::clone(&connections));
        let accepting = tokio::spawn(accept(listener, broker, current, count));
        Ok(Self { path, connection, connections, accepting })
    }

    /// Connections that came so far.
    pub(in crate::driver) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Where the role connects to.
    pub(in crate::driver) fn path(&self) -> &Path {
        &self.path
    }

    /// Treats both directions so; returns how many bytes the treatment before had in its hands,
    /// `None` where there is no connection.
    pub(in crate::driver) async fn treat(&self, treatment: Treatment) -> Option<u64> {
        let mut touched = 0;
        for orders in self.directions()? {
            let (done, answer) = oneshot::channel();
            orders.send(Order::Treat(treatment, done)).await.ok()?;
            touched += answer.await.ok()?;
        }
        Some(touched)
    }

    /// Shuts one direction, and waits until the ends have closed the rest; whether they have.
    pub(in crate::driver) async fn half_close(&self, direction: Direction) -> bool {
        let Some([to_broker, from_broker]) = self.directions() else { return false };
        let orders = match direction {
            Direction::ToBroker => &to_broker,
            Direction::FromBroker => &from_broker,
        };
        let (done, answer) = oneshot::channel();
        let told = orders.send(Order::Close(done)).await.is_ok() && answer.await.is_ok();
        let over = async { tokio::join!(to_broker.closed(), from_broker.closed()) };
        told && timeout(CLOSE_LIMIT, over).await.is_ok()
    }

    /// Drops the connection with whatever is on its way; whether there was one.
    pub(in crate::driver) async fn reset(&self) -> bool {
        let Some(directions) = self.directions() else { return false };
        let mut all = true;
        for orders in directions {
            let (done, answer) = oneshot::channel();
            all &= orders.send(Order::Drop(done)).await.is_ok() && answer.await.is_ok();
        }
        all
    }

    fn directions(&self) -> Option<[mpsc::Sender<Order>; 2]> {
        let connection = self.connection.lock();
        let Connection { to_broker, from_broker } = connection.as_ref()?;
        Some([to_broker.clone(), from_broker.clone()])
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        // The folder it lies in is removed as a whole.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn accept(
    listener: UnixListener,
    broker: PathBuf,
    connection: Arc<Mutex<Option<Connection>>>,
    connections: Arc<AtomicUsize>,
) {
    let mut pumps = JoinSet::new();
    while let Ok((role, _)) = listener.accept().await {
        // Without a broker the role sees its connection end.
        let Ok(broker) = UnixStream::connect(&broker).await else { continue };
        let ((from_role, to_role), (from_broker, to_broker)) =
            (role.into_split(), broker.into_split());
        let (forth, forth_orders) = mpsc::channel(ORDERS);
        let (back, back_orders) = mpsc::channel(ORDERS);
        pumps.spawn(pump(from_role, to_broker, forth_orders));
        pumps.spawn(pump(from_broker, to_role, back_orders));
        *connection.lock() = Some(Connection { to_broker: forth, from_broker: back });
        connections.fetch_add(1, Ordering::Relaxed);
        while pumps.try_join_next().is_some() {}
    }
}

#[cfg(test)]
mod tests;
