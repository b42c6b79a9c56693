//! Makes things happen, and takes each from act to act.

use std::io;
use std::path::Path;

use tokio::process::Child;

use super::children::{self, Nursery};
use super::connections::{Desk, HeldConnection};
use super::files::{HeldFile, WatchedFolder};
use super::{HostRequest, ThingKind};
use crate::driver::error::DriveError;
use crate::record::Thing;

/// What it takes to make each kind of thing happen.
pub(super) struct Stage {
    nursery: Nursery,
    folder: WatchedFolder,
    desk: Desk,
}

/// A thing under way.
pub(super) enum Held {
    Child(Box<Child>),
    File(HeldFile),
    Connection(HeldConnection),
}

impl Stage {
    /// Prepares for what a case makes happen, in its runtime folder.
    pub(super) async fn new(request: &HostRequest<'_>, folder: &Path) -> io::Result<Self> {
        let is_known = request.makes.iter().any(|(kind, _)| *kind == ThingKind::Program);
        let nursery = if is_known {
            Nursery::of_known_program(folder)?
        } else {
            Nursery::new(request.executable, folder)?
        };
        let folder = WatchedFolder::create(folder)?;
        Ok(Self { nursery, folder, desk: Desk::open().await? })
    }

    /// Begins a thing; `number` is the next thing's.
    pub(super) async fn begin(
        &self,
        kind: ThingKind,
        number: usize,
    ) -> Result<(Held, Vec<Thing>), DriveError> {
        match kind {
            ThingKind::Child | ThingKind::Program => {
                let (child, watched) = self.nursery.start(number)?;
                Ok((Held::Child(Box::new(child)), vec![Thing::Child(watched)]))
            }
            ThingKind::File => {
                let made = self.folder.make(number).map_err(DriveError::Prepare)?;
                let (held, watched) = made;
                Ok((Held::File(held), vec![Thing::File(watched)]))
            }
            ThingKind::Connection => {
                let (held, ends) = self.desk.connect().await.map_err(DriveError::Prepare)?;
                Ok((Held::Connection(held), ends.map(Thing::Socket).into()))
            }
        }
    }
}

/// Takes things to an act of theirs, counted from 0 for their beginning; returns once it is done.
pub(super) async fn go_on(held: &mut [Held], act: usize) -> Result<(), DriveError> {
    for one in held.iter_mut() {
        match one {
            Held::Child(child) => children::let_go(child),
            Held::File(file) => file.go_on(act).map_err(DriveError::Prepare)?,
            Held::Connection(connection) => connection.close().map_err(DriveError::Prepare)?,
        }
    }
    for one in held {
        if let Held::Child(child) = one {
            children::ended(child).await?;
        }
    }
    Ok(())
}
