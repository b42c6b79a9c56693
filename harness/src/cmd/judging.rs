//! What is run and judged: one case on one bus.

use std::path::Path;

use super::selection::Wanted;
use crate::driver::TrialRequest;
use crate::plan::{Bus, Case};

/// What is run and judged, and where.
#[derive(Debug, Clone, Copy)]
pub struct Judging<'a> {
    /// The harness's executable, which has the verb `actor`; the agent lies beside it.
    pub executable: &'a Path,
    /// The case.
    pub case: &'a Case,
    /// The bus.
    pub bus: Bus,
    /// Where files of the trial go; made if missing.
    pub directory: &'a Path,
    /// The selection the case comes from.
    pub wanted: &'a Wanted,
}

impl<'a> Judging<'a> {
    /// The trial of a case that is driven by roles.
    pub(super) fn request(self) -> TrialRequest<'a> {
        let Self { executable, case, bus, directory, .. } = self;
        TrialRequest { executable, case, bus, void: false, share_by_clone: false, directory }
    }
}
