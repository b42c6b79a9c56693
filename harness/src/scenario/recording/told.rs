//! A recording in words: how much it has, and what it lacks.

use super::{Ended, Recording};

impl Recording {
    /// `312 events of 2 publishers on 3 topics`.
    pub fn extent(&self) -> String {
        format!(
            "{} of {} on {}",
            counted(self.events.len(), "event"),
            counted(self.publishers.len(), "publisher"),
            counted(self.topics().len(), "topic"),
        )
    }

    /// What it has not, or has otherwise than it was, a sentence each.
    pub fn lacks(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.about.lost > 0 {
            let lost = counted(usize::try_from(self.about.lost).unwrap_or(usize::MAX), "event");
            told.push(format!("INCOMPLETE: missed {lost}, published faster than they were taken."));
        }
        match self.about.ended {
            Ended::Broker => told.push(
                "INCOMPLETE: the broker ended first; what it had not delivered is missing.".into(),
            ),
            Ended::Sorts => told.push("It ended at the most sorts of events one can have.".into()),
            Ended::Publishers => told.push("It ended at the most publishers one can have.".into()),
            Ended::Interrupt | Ended::Time | Ended::Events => {}
        }
        if self.about.enlarged > 0 {
            let enlarged = usize::try_from(self.about.enlarged).unwrap_or(usize::MAX);
            told.push(format!(
                "The payload is larger than it was in {}: none of its kind can be made so small.",
                counted(enlarged, "event")
            ));
        }
        if !self.about.inspected {
            told.push("The broker did not tell who subscribed: the operator's key lets it.".into());
        }
        told
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
