//! The operations of two histories of one case, paired by what they are: phase, operation, and
//! which of its kind. In which order they were called and ended is nobody's promise.

use super::subject::Subject;
use crate::record::Operated;

/// The operations of two histories.
pub(super) struct Paired<'a> {
    /// Those that both have.
    pub(super) pairs: Vec<(Subject, [&'a Operated; 2])>,
    /// Those that only the first has.
    pub(super) only_first: Vec<&'a Operated>,
    /// Those that only the second has.
    pub(super) only_second: Vec<&'a Operated>,
}

/// One operation and which of its kind it is, from 0.
struct Numbered<'a> {
    operated: &'a Operated,
    number: usize,
}

impl Numbered<'_> {
    fn is_alike(&self, other: &Operated) -> bool {
        self.operated.phase == other.phase && self.operated.operation == other.operation
    }

    fn is_twin(&self, other: &Numbered<'_>) -> bool {
        self.number == other.number && self.is_alike(other.operated)
    }

    fn subject(&self) -> Subject {
        let Operated { operation, phase, .. } = self.operated;
        Subject::Operation { operation: operation.clone(), phase: *phase, number: self.number }
    }
}

/// Pairs the operations of two histories, in the order of the first.
pub(super) fn paired<'a>(first: &'a [Operated], second: &'a [Operated]) -> Paired<'a> {
    let (first, second) = (numbered(first), numbered(second));
    let mut paired = Paired { pairs: Vec::new(), only_first: Vec::new(), only_second: Vec::new() };
    for one in &first {
        match second.iter().find(|other| one.is_twin(other)) {
            Some(twin) => paired.pairs.push((one.subject(), [one.operated, twin.operated])),
            None => paired.only_first.push(one.operated),
        }
    }
    let alone = second.iter().filter(|other| !first.iter().any(|one| one.is_twin(other)));
    paired.only_second.extend(alone.map(|other| other.operated));
    paired
}

/// A case has some hundred operations at most: looking for each among all is quick enough.
fn numbered(operations: &[Operated]) -> Vec<Numbered<'_>> {
    let mut all: Vec<Numbered<'_>> = Vec::with_capacity(operations.len());
    for operated in operations {
        let number = all.iter().filter(|earlier| earlier.is_alike(operated)).count();
        all.push(Numbered { operated, number });
    }
    all
}
