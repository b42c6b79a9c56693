//! Named pipes as blocking streams with a limit on every wait, which the system's own have not. The
//! name of a pipe is derived as PROTOCOL.md says.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, sync_channel};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions,
};
use tokio::sync::mpsc;

use crate::peer::WATCHDOG;

/// `ERROR_PIPE_BUSY`: the server has not made its next instance yet.
const BUSY: i32 = 231;
/// `ERROR_PIPE_NOT_CONNECTED`: the other end is gone.
const NOT_CONNECTED: i32 = 233;

/// What the thread that owns the pipe is told to do.
enum Order {
    Read { most: usize },
    Write(Vec<u8>),
}

type Outcome = io::Result<Vec<u8>>;

/// A pipe, owned by a thread that does one thing at a time.
#[derive(Debug)]
pub(crate) struct Stream {
    orders: mpsc::Sender<Order>,
    outcomes: Receiver<Outcome>,
}

/// Somebody else's server.
#[derive(Debug)]
pub(crate) struct Listener(Stream);

impl Listener {
    pub(crate) fn bind(path: &Path) -> Self {
        let name = pipe_name(path);
        let listener = Self(Stream::on_a_thread(async move |tell| {
            let server = ServerOptions::new().create(name)?;
            tell(Ok(Vec::new()));
            server.connect().await?;
            Ok(server)
        }));
        listener.0.outcome().unwrap();
        listener
    }

    /// The only connection it takes.
    pub(crate) fn accept(self) -> Stream {
        self.0.outcome().unwrap();
        self.0
    }
}

pub(crate) fn connect(path: &Path) -> Stream {
    let name = pipe_name(path);
    let stream = Stream::on_a_thread(async move |_| open(&name).await);
    stream.outcome().unwrap();
    stream
}

/// A pipe ends in both directions at once.
pub(crate) fn end_writing(_stream: &Stream) -> bool {
    false
}

/// Either end of a pipe.
trait End: AsyncRead + AsyncWrite + Unpin {
    /// Waits until what was written last is in the pipe: it is called off when its end is dropped.
    async fn written(&self) -> io::Result<()>;
}

impl End for NamedPipeClient {
    async fn written(&self) -> io::Result<()> {
        self.writable().await
    }
}

impl End for NamedPipeServer {
    async fn written(&self) -> io::Result<()> {
        self.writable().await
    }
}

async fn open(name: &str) -> io::Result<NamedPipeClient> {
    loop {
        match ClientOptions::new().open(name) {
            Err(error) if error.raw_os_error() == Some(BUSY) => tokio::task::yield_now().await,
            opened => return opened,
        }
    }
}

fn pipe_name(path: &Path) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in path.to_str().unwrap().bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!(r"\\.\pipe\daemoneye-{hash:016x}")
}

impl Stream {
    /// The first outcome says that the pipe is there.
    fn on_a_thread<P: End>(
        made: impl AsyncFnOnce(&dyn Fn(Outcome)) -> io::Result<P> + Send + 'static,
    ) -> Self {
        let (orders, inbox) = mpsc::channel(1);
        // Two may come before anybody asks: that it serves, and that somebody came.
        let (tell, outcomes) = sync_channel(2);
        std::thread::spawn(move || {
            let tell = move |outcome| drop(tell.send(outcome));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                match made(&tell).await {
                    Ok(pipe) => {
                        tell(Ok(Vec::new()));
                        obey(pipe, inbox, &tell).await;
                    }
                    Err(error) => tell(Err(error)),
                }
            });
        });
        Self { orders, outcomes }
    }

    fn outcome(&self) -> Outcome {
        let outcome = self.outcomes.recv_timeout(WATCHDOG);
        outcome.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
    }

    fn order(&self, order: Order) -> Outcome {
        self.orders.try_send(order).map_err(|_| ErrorKind::BrokenPipe)?;
        self.outcome()
    }
}

async fn obey(mut pipe: impl End, mut inbox: mpsc::Receiver<Order>, tell: &dyn Fn(Outcome)) {
    while let Some(order) = inbox.recv().await {
        tell(match order {
            Order::Read { most } => read(&mut pipe, most).await.or_else(end),
            Order::Write(bytes) => write(&mut pipe, &bytes).await.map_err(told),
        });
    }
}

async fn read(pipe: &mut (impl AsyncRead + Unpin), most: usize) -> Outcome {
    let mut bytes = vec![0; most];
    let mut unread = ReadBuf::new(&mut bytes);
    poll_fn(|cx| Pin::new(&mut *pipe).poll_read(cx, &mut unread)).await?;
    let read = unread.filled().len();
    bytes.truncate(read);
    Ok(bytes)
}

async fn write(pipe: &mut impl End, mut bytes: &[u8]) -> Outcome {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut *pipe).poll_write(cx, bytes)).await?;
        bytes = &bytes[written..];
    }
    pipe.written().await?;
    Ok(Vec::new())
}

/// A pipe whose other end is gone has ended.
fn end(error: io::Error) -> Outcome {
    let error = told(error);
    if error.kind() == ErrorKind::BrokenPipe { Ok(Vec::new()) } else { Err(error) }
}

fn told(error: io::Error) -> io::Error {
    if error.raw_os_error() == Some(NOT_CONNECTED) { ErrorKind::BrokenPipe.into() } else { error }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.order(Order::Read { most: buffer.len() })?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.order(Order::Write(bytes.to_vec()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
