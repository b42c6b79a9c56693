//! What differs between two runs of one case on the same bus with the same seed (METHOD §5).
//!
//! Shown for review and never masked: it excuses nothing, but a difference between two buses about
//! the same subject may be this and not the bus. Timing is not compared; nothing is judged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Difference;
use super::operations::paired;
use super::subject::Subject;
use crate::plan::Case;
use crate::record::{FENCE, History, Outcome};

/// One thing that two runs of a bus did not do alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unsteady {
    /// What differs.
    pub subject: Subject,
    /// How.
    pub sentence: String,
}

/// What differs between two histories of a case on the same bus.
pub fn unsteady(case: &Case, one: &History, again: &History) -> Vec<Unsteady> {
    let mut found = Vec::new();
    arrivals(one, again, &mut found);
    operations(case, one, again, &mut found);
    accepted(one, again, &mut found);
    found
}

/// Marks differences about a subject in which the baseline differs from itself.
pub fn mark(differences: &mut [Difference], unsteady: &[Unsteady]) {
    for difference in differences {
        difference.unsteady = unsteady.iter().any(|one| one.subject == difference.subject);
    }
}

fn arrivals(one: &History, again: &History, found: &mut Vec<Unsteady>) {
    for (log, twin) in one.subscribers.iter().zip(&again.subscribers) {
        for (index, publisher) in one.publishers.iter().enumerate() {
            let [first, second] = [log, twin].map(|log| {
                let own = log.received.iter().filter(|one| usize::from(one.publisher) == index);
                let numbers = own.map(|one| one.sequence).filter(|number| number & FENCE == 0);
                numbers.collect::<Vec<u64>>()
            });
            if first != second {
                let at = first.iter().zip(&second).take_while(|(one, other)| one == other).count();
                let sentence = format!(
                    "{} received {} events of {} one time and {} the other, alike for the first \
                     {at}",
                    log.name,
                    first.len(),
                    publisher.name,
                    second.len(),
                );
                let subject = Subject::Arrivals {
                    subscriber: log.name.clone(),
                    publisher: publisher.name.clone(),
                };
                found.push(Unsteady { subject, sentence });
            }
        }
    }
}

fn operations(case: &Case, one: &History, again: &History, found: &mut Vec<Unsteady>) {
    let paired = paired(&one.operations, &again.operations);
    for (subject, [first, second]) in paired.pairs {
        if first.outcome != second.outcome {
            let sentence = format!(
                "{} ended with {:?} one time and {:?} the other",
                first.operation.told(case),
                first.outcome,
                second.outcome
            );
            found.push(Unsteady { subject, sentence });
        }
    }
    let alone = [("first", paired.only_first), ("second", paired.only_second)];
    for (time, operated) in alone {
        let Some(first) = operated.first() else { continue };
        let sentence = format!(
            "operations done the {time} time alone: {}, first {}",
            operated.len(),
            first.operation.told(case)
        );
        found.push(Unsteady { subject: Subject::Operations, sentence });
    }
}

fn accepted(one: &History, again: &History, found: &mut Vec<Unsteady>) {
    for (log, twin) in one.publishers.iter().zip(&again.publishers) {
        let [first, second] = [log, twin].map(|log| {
            let own = log.published.iter().filter(|one| one.sequence & FENCE == 0);
            own.filter(|one| one.outcome == Outcome::Ok).count()
        });
        if first != second {
            let sentence =
                format!("{} had {first} events accepted one time and {second} the other", log.name);
            let subject = Subject::Accepted { publisher: log.name.clone() };
            found.push(Unsteady { subject, sentence });
        }
    }
}
