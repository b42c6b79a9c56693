//! Three-valued logic, as SQL has it.

use std::ops::Not;

/// What a condition is for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows: something it asks for is not in the event.
    Unknown,
}

impl Truth {
    /// True where both are; false where one is, whatever the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// True where one is, whatever the other; false where both are.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Unknown,
        }
    }

    /// Whether both are the same; unknown where one is.
    #[must_use]
    pub fn equals(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (one, other) => Self::from(one == other),
        }
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }
}

impl From<Option<bool>> for Truth {
    fn from(known: Option<bool>) -> Self {
        known.map_or(Self::Unknown, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::Truth;
    use super::Truth::{False, True, Unknown};

    const ALL: [Truth; 3] = [True, False, Unknown];

    #[test]
    fn and_follows_its_table() {
        let rows = [[True, False, Unknown], [False, False, False], [Unknown, False, Unknown]];
        for (one, row) in ALL.into_iter().zip(rows) {
            assert_eq!(ALL.map(|other| one.and(other)), row, "{one:?}");
        }
    }

    #[test]
    fn or_follows_its_table() {
        let rows = [[True, True, True], [True, False, Unknown], [True, Unknown, Unknown]];
        for (one, row) in ALL.into_iter().zip(rows) {
            assert_eq!(ALL.map(|other| one.or(other)), row, "{one:?}");
        }
    }

    #[test]
    fn equality_follows_its_table() {
        let rows = [[True, False, Unknown], [False, True, Unknown], [Unknown, Unknown, Unknown]];
        for (one, row) in ALL.into_iter().zip(rows) {
            assert_eq!(ALL.map(|other| one.equals(other)), row, "{one:?}");
        }
    }

    #[test]
    fn not_follows_its_table() {
        assert_eq!(ALL.map(|one| !one), [False, True, Unknown]);
    }
}
