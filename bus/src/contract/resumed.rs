//! What broken connections have cost (W5).

use std::ops::AddAssign;

/// How many events were lost. Never below the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// So many.
    Exactly(u64),
    /// Perhaps some, not more than this.
    AtMost(u64),
    /// Nobody can tell, so it may be any number: whoever counted is gone.
    Unknown,
}

/// How often something was taken up again after its connection broke, and what that cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resumed {
    /// How often.
    pub times: u64,
    /// Events lost by all of them together.
    pub lost: Lost,
}

impl Default for Lost {
    fn default() -> Self {
        Self::Exactly(0)
    }
}

impl Lost {
    /// The most it can be; `None` if that is any number.
    pub fn at_most(self) -> Option<u64> {
        match self {
            Self::Exactly(events) | Self::AtMost(events) => Some(events),
            Self::Unknown => None,
        }
    }
}

impl AddAssign for Lost {
    fn add_assign(&mut self, more: Self) {
        *self = match (*self, more) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Exactly(one), Self::Exactly(other)) => Self::Exactly(one.saturating_add(other)),
            (
                Self::Exactly(one) | Self::AtMost(one),
                Self::Exactly(other) | Self::AtMost(other),
            ) => Self::AtMost(one.saturating_add(other)),
        };
    }
}

impl Resumed {
    /// Once more, and what that cost.
    pub fn again(&mut self, lost: Lost) {
        self.times += 1;
        self.lost += lost;
    }
}

#[cfg(test)]
mod tests {
    use super::{Lost, Resumed};

    #[test]
    fn losses_add_up_to_what_is_still_true_of_their_sum() {
        let mut resumed = Resumed::default();
        for (lost, sum) in [
            (Lost::Exactly(2), Lost::Exactly(2)),
            (Lost::Exactly(1), Lost::Exactly(3)),
            (Lost::AtMost(4), Lost::AtMost(7)),
            (Lost::Exactly(1), Lost::AtMost(8)),
            (Lost::Unknown, Lost::Unknown),
            (Lost::Exactly(1), Lost::Unknown),
        ] {
            resumed.again(lost);
            assert_eq!(resumed.lost, sum);
        }
        assert_eq!(resumed.times, 6);
        assert_eq!((Lost::AtMost(8).at_most(), Lost::Unknown.at_most()), (Some(8), None));
    }
}
