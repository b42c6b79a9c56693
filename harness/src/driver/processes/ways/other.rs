//! Where sockets are no files nothing can be put in between: faults on connections are not done,
//! and the case is not exercised.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};

use crate::plan::Deed;

/// There is none.
pub(super) struct Way(Infallible);

impl Way {
    pub(super) fn open(_path: PathBuf, _broker: PathBuf) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn path(&self) -> &Path {
        match self.0 {}
    }

    pub(super) fn connections(&self) -> usize {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "one signature on every system")]
    pub(super) async fn inflict(&self, _deed: Deed) -> Option<u64> {
        match self.0 {}
    }
}
