//! What the table says, and by which row: a refusal names it (A5).

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may, by the row of this number, counted from 1.
    Allowed {
        /// The row.
        rule: usize,
    },
    /// It may not: by a row, or because none allows it.
    Denied {
        /// The row; `None` for the default.
        rule: Option<usize>,
    },
}

impl Decision {
    /// Whether it may.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}
