//! The numbers of the contract that a scenario can claim, as a type: written ones are parsed where
//! the file is read, and nobody compares texts after that.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Lists every number once.
macro_rules! numbers {
    ($($number:ident)+) => {
        /// A number of the contract.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        pub enum Claim {
            $(#[doc = concat!("CONTRACT ", stringify!($number), ".")] $number,)+
        }

        impl Claim {
            /// Every number, in the contract's order.
            pub const ALL: &[Self] = &[$(Self::$number,)+];

            /// As it is written, for example `C4`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$number => stringify!($number),)+ }
            }
        }
    };
}

numbers! { C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14 M1 M2 M3 M4 M5 T1 T2 T3 T4 T5 T6 W2 W5 W6 W8 W9 A1 A3 A4 A5 R1 R2 R3 R4 R6 }

impl Claim {
    /// The number that is written so; `None` where no scenario of any kind can claim it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|claim| claim.as_str() == text)
    }
}

impl AsRef<str> for Claim {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_is_written() {
        for claim in Claim::ALL {
            assert_eq!(Claim::parse(claim.as_str()), Some(*claim));
            assert_eq!(serde_json::to_value(claim).expect("a word"), claim.as_str());
        }
        assert_eq!(["c1", "C1 ", "C", "", "T9"].map(Claim::parse), [None; 5]);
    }
}
