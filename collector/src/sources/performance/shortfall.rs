//! What cannot be told of a host, and when to say so: once for as long as it lasts.

use std::collections::BTreeSet;
use std::mem;

/// Something that is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shortfall {
    /// What is not told.
    pub(super) what: &'static str,
    /// Why not, or how much of it.
    pub(super) why: String,
}

/// What is not told at present.
#[derive(Debug, Default)]
pub(super) struct Shortfalls {
    present: BTreeSet<&'static str>,
}

impl Shortfalls {
    /// Takes what is not told this time, and returns what of it was told the time before.
    pub(super) fn begun(&mut self, now: Vec<Shortfall>) -> Vec<Shortfall> {
        let present = now.iter().map(|shortfall| shortfall.what).collect();
        let before = mem::replace(&mut self.present, present);
        now.into_iter().filter(|shortfall| !before.contains(shortfall.what)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short_of(whats: &[&'static str]) -> Vec<Shortfall> {
        whats.iter().map(|&what| Shortfall { what, why: "gone".to_owned() }).collect()
    }

    #[test]
    fn a_shortfall_is_said_once_while_it_lasts_and_again_when_it_is_back() {
        let mut shortfalls = Shortfalls::default();
        let rounds: [(&[&'static str], &[&'static str]); 5] = [
            (&["load"], &["load"]),
            (&["load", "memory"], &["memory"]),
            (&["load", "memory"], &[]),
            (&["memory"], &[]),
            (&["load", "memory"], &["load"]),
        ];
        for (now, begun) in rounds {
            assert_eq!(shortfalls.begun(short_of(now)), short_of(begun), "{now:?}");
        }
    }
}
