//! Whether a name is taken; each system looks in its own way.

/// What a look at a name found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// Nobody listens.
    Free,
    /// Somebody does.
    Alive {
        /// Who, where the system tells.
        pid: Option<u32>,
    },
}
