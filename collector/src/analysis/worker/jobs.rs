//! Analyses that run or wait at a worker, by who asked for them.

use std::collections::HashMap;
use std::sync::Arc;

use daemoneye_eventbus::ByteString;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// The table.
#[derive(Debug)]
pub(super) struct Jobs {
    /// Shared, because a job that is dropped must leave at once and whoever recalls one is another
    /// task; never held across an await.
    open: Mutex<HashMap<Key, Arc<Notify>>>,
    limit: usize,
}

/// Who asked, and the task's id: an asker can recall its own alone.
type Key = (ByteString, String);

/// One job's place in the table, until it is dropped.
#[derive(Debug)]
pub(super) struct Job<'a> {
    jobs: &'a Jobs,
    key: Key,
    recall: Arc<Notify>,
}

/// Why there is no place for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenError {
    /// There are as many as may be.
    Full,
    /// This one is there.
    Known,
}

impl Jobs {
    pub(super) fn new(limit: usize) -> Self {
        Self { open: Mutex::default(), limit }
    }

    pub(super) fn open(&self, by: &ByteString, task: &str) -> Result<Job<'_>, OpenError> {
        let key = (by.clone(), task.to_owned());
        let mut open = self.open.lock();
        if open.contains_key(&key) {
            return Err(OpenError::Known);
        }
        if open.len() >= self.limit {
            return Err(OpenError::Full);
        }
        let recall = Arc::new(Notify::new());
        open.insert(key.clone(), Arc::clone(&recall));
        Ok(Job { jobs: self, key, recall })
    }

    /// Ends an asker's job; whether there was one.
    pub(super) fn recall(&self, by: &ByteString, task: &str) -> bool {
        let job = self.open.lock().get(&(by.clone(), task.to_owned())).cloned();
        if let Some(recall) = &job {
            recall.notify_one();
        }
        job.is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.open.lock().len()
    }
}

impl Job<'_> {
    /// Completes when it was recalled. Cancel safe.
    pub(super) async fn recalled(&self) {
        self.recall.notified().await;
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        self.jobs.open.lock().remove(&self.key);
    }
}
