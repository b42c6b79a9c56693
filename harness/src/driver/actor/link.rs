//! The actor's end of the line to the harness: notices go out whole, one at a time.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;

use super::protocol::Notice;

/// Writes notices to standard output; cheap to clone, shared by all roles of the process.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Held for one line: two roles' lines must not mix.
    out: Arc<Mutex<std::io::Stdout>>,
}

impl Link {
    /// The line of this process.
    pub(super) fn open() -> Self {
        Self { out: Arc::new(Mutex::new(std::io::stdout())) }
    }

    /// Sends one notice. A harness that is gone is noticed where orders are read.
    pub(super) fn tell(&self, notice: &Notice) {
        let line = notice.to_line();
        let mut out = self.out.lock();
        let _ = out.write_all(line.as_bytes());
        let _ = out.flush();
    }
}
