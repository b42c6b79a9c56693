//! What each collector looks into when it is asked.
//!
//! What comes of it is an answer to whoever asked, and part of the one record of the whole analysis.
//! A collector publishes no event of its own about it: procmond tells the hash of a program once
//! for each process that runs it, because it has seen it run, and not again because somebody asked.
//! The limits of that hashing are not those of this: a file that is asked for by name is hashed, up
//! to the analyzers' own limit, even where nothing is hashed unasked.

use crate::analysis::{
    AnalysisWorker, Analyzer, BinaryHash, FileHash, ProcessLineage, WorkerLimits,
};
use crate::config::CollectorName;

/// Does the analyses of a collector.
pub(super) fn worker(name: CollectorName) -> AnalysisWorker {
    let mut worker = AnalysisWorker::new(WorkerLimits::default());
    for analyzer in analyzers(name) {
        worker.offer(analyzer).expect("each does another analysis");
    }
    worker
}

fn analyzers(name: CollectorName) -> Vec<Box<dyn Analyzer>> {
    match name {
        CollectorName::Procmond => vec![Box::new(BinaryHash::default()), Box::new(ProcessLineage)],
        CollectorName::Fsmond => {
            let (hash, binary_hash) = (FileHash::default(), FileHash::default());
            vec![Box::new(hash), Box::new(binary_hash.called_binary_hash())]
        }
        CollectorName::Netmond | CollectorName::Perfmond => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::analysis::analyses_of;

    #[test]
    fn each_collector_does_what_is_said_of_its_kind() {
        for name in CollectorName::ALL {
            let worker = worker(name);
            let does: BTreeSet<_> = worker.analysis_types().collect();
            let said: BTreeSet<_> = analyses_of(name.kind()).iter().copied().collect();
            assert_eq!(does, said, "{name}");
            assert_eq!(worker.task_limit() > 0, !said.is_empty(), "{name}");
        }
    }
}
