//! Looking at oneself at intervals: what was tried and failed, and what the process uses. Found
//! here, judged elsewhere.

use daemoneye_eventbus::rpc::ErrorRate;
use tokio::time::Instant;
use tracing::warn;

use super::board::Board;
use crate::config::CollectorConfig;
use crate::telemetry::{Reader, Reading, SelfWatch};

/// Looks again and again, from the beginning of a run on.
pub(super) struct Looking {
    began: Instant,
    /// Away while it reads; gone for good once that has panicked.
    reader: Option<Reader>,
    watch: SelfWatch,
}

impl Looking {
    /// Begins to count.
    pub(super) async fn begin(config: &CollectorConfig, board: &Board) -> Self {
        let watch = SelfWatch::new(&config.health);
        let mut looking = Self { began: Instant::now(), reader: Some(Reader::open()), watch };
        let reading = looking.read().await;
        looking.watch.begin(looking.began.elapsed(), attempts(board), reading);
        looking
    }

    /// Looks once, and shows what it found.
    pub(super) async fn look(&mut self, board: &Board) {
        let reading = self.read().await;
        let own = self.watch.look(self.began.elapsed(), attempts(board), reading);
        board.looked(own);
    }

    /// Off the runtime's thread: a process may have very many descriptors to count.
    async fn read(&mut self) -> Reading {
        let Some(mut reader) = self.reader.take() else { return Reading::default() };
        let read = tokio::task::spawn_blocking(move || {
            let reading = reader.read();
            (reader, reading)
        });
        match read.await {
            Ok((reader, reading)) => {
                self.reader = Some(reader);
                reading
            }
            Err(error) => {
                warn!(%error, "the figures of this process are not read any more");
                Reading::default()
            }
        }
    }
}

fn attempts(board: &Board) -> ErrorRate {
    board.current().attempts()
}
