//! Events that had to arrive and did not, of one publisher in one lane at one subscription: one cause
//! as far as anybody can tell, hence one sentence.

use crate::check::findings::{Findings, at_life, message, subscriber_name};
use crate::check::life::Life;
use crate::check::report::Check;
use crate::check::trace::Trace;

/// Events named; the others are a number.
const MAX_NAMED: usize = 3;

/// All of them counted, the first remembered.
#[derive(Debug, Clone, Default)]
pub(super) struct Missing {
    count: u64,
    first: Vec<u32>,
    /// The last event that had arrived before the first of them.
    before: Option<u32>,
}

impl Missing {
    /// Notes one more, in order; `before` is the last to arrive before it.
    pub(super) fn add(&mut self, item: u32, before: Option<u32>) {
        if self.count == 0 {
            self.before = before;
        }
        if self.first.len() < MAX_NAMED {
            self.first.push(item);
        }
        self.count += 1;
    }

    /// Tells of all of them, if there are any.
    pub(super) fn tell(&self, trace: &Trace<'_>, life: &Life, findings: &mut Findings<'_, '_>) {
        findings.violated_times(Check::Delivery, self.count, || {
            at_life(trace, life, &self.first, self.sentence(trace, life))
        });
    }

    fn sentence(&self, trace: &Trace<'_>, life: &Life) -> String {
        let subscriber = subscriber_name(trace, life.subscriber);
        let names: Vec<String> =
            self.first.iter().map(|item| message(trace, *item).to_string()).collect();
        let names = names.join(", ");
        let (what, it) = match self.count - self.first.len() as u64 {
            _ if self.count == 1 => (format!("{names}, which matches and was"), "it"),
            0 => (format!("{names}, which match and were"), "them"),
            more => (format!("{names} and {more} more, which match and were"), "them"),
        };
        let after = if let Some(before) = self.before {
            format!("the last to arrive before {it} was {}", message(trace, before))
        } else {
            let publisher = message(trace, self.first[0]).publisher;
            format!("nothing of {publisher} had arrived before {it}")
        };
        format!("{subscriber} never received {what} accepted while it was subscribed; {after}")
    }
}
