//! What a soak saw: counts of hours of events, and what the processes that stay held meanwhile.
//!
//! Histories of that length fit nowhere, so each reader follows the numbers as they come and keeps
//! a few counts of each publisher; METHOD §9 says what they can show.

use serde::{Deserialize, Serialize};

/// The numbers of one publisher as one reader saw them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceRun {
    /// The first number seen; 0 when none was.
    pub first: u64,
    /// The highest number seen.
    pub last: u64,
    /// Numbers above all before them.
    pub unique: u64,
    /// Numbers passed over between the first and the last.
    pub missing: u64,
    /// Numbers that were not above the last one: seen twice, or out of order.
    pub repeated: u64,
}

impl SequenceRun {
    /// One more arrival.
    pub fn take(&mut self, number: u64) {
        if self.unique == 0 {
            self.first = number;
        } else if number <= self.last {
            self.repeated += 1;
            return;
        } else {
            self.missing += number - self.last - 1;
        }
        self.last = number;
        self.unique += 1;
    }

    /// Whether it is one run of numbers without a gap, each seen once.
    pub fn is_unbroken(&self) -> bool {
        self.missing == 0 && self.repeated == 0
    }
}

/// What one reader saw: of each publisher, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The reader's name.
    pub name: String,
    /// Of each publisher, by index.
    pub runs: Vec<SequenceRun>,
    /// Events of nobody in particular.
    pub foreign: u64,
    /// What the bus itself told it that it lost.
    pub lagged: u64,
}

impl Reading {
    /// Events it received, each counted once.
    pub fn unique(&self) -> u64 {
        self.runs.iter().map(|run| run.unique).sum()
    }
}

/// Readers that came and went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Churned {
    /// Lives that ended by leaving.
    pub left: u64,
    /// Lives that ended by `kill -9`.
    pub killed: u64,
    /// Events they received, in all.
    pub received: u64,
    /// Lives that had a gap, a repetition or nothing to read; the first twenty in words.
    pub broken: u64,
    /// Those words.
    pub told: Vec<String>,
}

/// What one process held at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Private memory with no file behind it, bytes.
    pub anonymous_bytes: u64,
    /// Open descriptors.
    pub descriptors: u64,
}

/// One look at all processes that stay, between two rounds of churn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoakSample {
    /// Since publishing began, seconds.
    pub at_s: f64,
    /// Events delivered to a reader that stays, each counted once.
    pub events: u64,
    /// Rounds of churn so far.
    pub rounds: u64,
    /// Of each process, in the order of [`SoakRecord::processes`]; `None` where it cannot be read.
    pub held: Vec<Option<Held>>,
}

/// A whole soak.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SoakRecord {
    /// Events a second that were asked for, of all publishers together.
    pub rate: f64,
    /// Seconds of publishing.
    pub seconds: f64,
    /// The processes that stay, the broker first.
    pub processes: Vec<String>,
    /// Looks at them, in order.
    pub samples: Vec<SoakSample>,
    /// Events each publisher published.
    pub published: Vec<u64>,
    /// Publishes that failed, of all publishers.
    pub refused: u64,
    /// What each reader that stays saw from before the first event to after the last.
    pub stayed: Vec<Reading>,
    /// What became of those that did not stay.
    pub churned: Churned,
    /// Times a publisher left and connected again.
    pub reconnected: u64,
    /// What remained when everybody had gone.
    pub left: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(numbers: &[u64]) -> SequenceRun {
        let mut run = SequenceRun::default();
        for number in numbers {
            run.take(*number);
        }
        run
    }

    #[test]
    fn a_run_may_begin_anywhere_and_is_unbroken() {
        let run = run(&[7, 8, 9]);
        assert!(run.is_unbroken());
        assert_eq!((run.first, run.last, run.unique), (7, 9, 3));
    }

    #[test]
    fn what_is_lost_doubled_or_out_of_order_breaks_a_run() {
        assert_eq!(run(&[1, 2, 5]).missing, 2);
        assert_eq!(run(&[1, 2, 2, 3]).repeated, 1);
        let swapped = run(&[1, 3, 2, 4]);
        assert_eq!((swapped.missing, swapped.repeated, swapped.unique), (1, 1, 3));
        assert!([run(&[1, 2, 5]), run(&[1, 2, 2]), swapped].iter().all(|run| !run.is_unbroken()));
    }
}
