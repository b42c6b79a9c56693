//! Moves the bytes of one direction from socket to socket, as its line allows.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::line::{HELD_BYTES, Line, Treatment};

/// What a pump is told. Done when answered.
#[derive(Debug)]
pub(super) enum Order {
    /// Treat bytes so; answers how many the treatment before had in its hands.
    Treat(Treatment, oneshot::Sender<u64>),
    /// Drop what is held, and end this direction alone.
    Close(oneshot::Sender<()>),
    /// Drop everything.
    Drop(oneshot::Sender<()>),
}

/// What a pump does next.
enum Step {
    Told(Option<Order>),
    Came(std::io::Result<usize>),
    Gone(std::io::Result<usize>),
}

/// Moves bytes until one of the two ends is gone or it is told to end; then both halves are
/// dropped, and the other end of `to` sees the end.
pub(super) async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut orders: mpsc::Receiver<Order>,
) {
    let mut line = Line::new();
    let mut coming = Vec::with_capacity(HELD_BYTES);
    loop {
        let step = tokio::select! {
            biased;
            order = orders.recv() => Step::Told(order),
            came = from.read_buf(&mut coming), if line.is_empty() => Step::Came(came),
            gone = write(&mut to, &line) => Step::Gone(gone),
        };
        match step {
            Step::Told(Some(Order::Treat(treatment, done))) => {
                // Who asked may have been stopped meanwhile.
                let _ = done.send(line.treat(treatment, Instant::now()));
            }
            Step::Told(Some(Order::Close(done))) => {
                let _ = to.shutdown().await;
                let _ = done.send(());
                return swallow(from, orders).await;
            }
            Step::Told(Some(Order::Drop(done))) => {
                drop((from, to));
                let _ = done.send(());
                return;
            }
            Step::Told(None) | Step::Came(Ok(0) | Err(_)) | Step::Gone(Err(_)) => return,
            Step::Came(Ok(_)) => line.take(&mut coming, Instant::now()),
            Step::Gone(Ok(bytes)) => {
                line.has_gone(bytes);
                // So that the reader may take each piece by itself.
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Writes what may go on, once it is due; for ever otherwise. Cancel safe: what was written is told.
async fn write(to: &mut OwnedWriteHalf, line: &Line) -> std::io::Result<usize> {
    let Some(next) = line.next() else { return std::future::pending().await };
    if line.due() > Instant::now() {
        sleep_until(line.due()).await;
    }
    to.write(next).await
}

/// What still comes into a direction that was closed goes nowhere, so that its sender is not held
/// up and may see the end in its own time.
async fn swallow(mut from: OwnedReadHalf, mut orders: mpsc::Receiver<Order>) {
    let mut nowhere = vec![0; HELD_BYTES];
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Treat(_, done)) => { let _ = done.send(0); }
                Some(Order::Close(done)) => { let _ = done.send(()); }
                Some(Order::Drop(done)) => { drop(from); let _ = done.send(()); return; }
                None => return,
            },
            read = from.read(&mut nowhere) => if !matches!(read, Ok(1..)) { return; },
        }
    }
}
