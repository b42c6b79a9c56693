//! What stays of behaviour cases: everything of one that does not hold, and of the baseline beside it.

use std::path::Path;

use super::{Conductor, TRIALS, Twice};
use crate::cmd::evidence::{self, Page};
use crate::plan::{Bus, Case};
use crate::record::History;
use crate::report::BehaviourRow;

impl Conductor<'_> {
    /// Writes down what explains a case that did not hold, beside the records of its trial.
    pub(super) fn keep(
        &mut self,
        case: &Case,
        row: &mut BehaviourRow,
        directory: &Path,
        history: Option<&History>,
    ) {
        let baseline = self.options.wanted.baseline;
        let beside = (row.bus != baseline).then_some(baseline);
        row.kept_in = Some(self.named(directory));
        let (told, named) = (evidence::told(row), evidence::named(row));
        self.write_evidence(case, (told, beside), directory, history, &named);
    }

    /// What the baseline did is kept beside a case that did not hold, and goes where all held. `from` is the
    /// first row of the case.
    pub(super) fn settle_twin(&mut self, case: &Case, twin: Option<&Twice>, from: usize) {
        let baseline = self.options.wanted.baseline;
        // A second run of the baseline has its row before the first one's.
        let own = self.run.behaviour[from..].iter().rposition(|row| row.bus == baseline);
        let Some(own) = own.map(|at| from + at) else { return };
        if self.run.behaviour[own].kept_in.is_some() {
            return;
        }
        let directory = self.folder(case).join(baseline.as_str());
        let kept = self.run.behaviour[from..].iter().filter(|row| row.kept_in.is_some());
        let named: Vec<String> = kept.flat_map(evidence::named).collect();
        let is_twin = self.run.behaviour[from..].iter().any(|row| row.kept_in.is_some());
        if !is_twin || !directory.is_dir() {
            self.discard(&directory);
            return;
        }
        let told = evidence::told(&self.run.behaviour[own]);
        self.run.behaviour[own].kept_in = Some(self.named(&directory));
        self.write_evidence(case, (told, None), &directory, twin.map(|twin| &twin.first), &named);
    }

    fn write_evidence(
        &mut self,
        case: &Case,
        (told, beside): (String, Option<Bus>),
        directory: &Path,
        history: Option<&History>,
        named: &[String],
    ) {
        let wanted = &self.options.wanted;
        let asked = (wanted.profile, wanted.seed);
        let effective = evidence::effective(&self.selection.scenarios, asked, case);
        let page = Page { told, beside, effective: &effective };
        if let Err(error) = evidence::keep(directory, &page, case, history, named) {
            let shown = directory.display();
            self.run.infrastructure.push(format!("cannot write {shown}: {error}"));
        }
    }

    /// A folder of a trial as the report names it.
    pub(super) fn named(&self, directory: &Path) -> String {
        let inside = directory.strip_prefix(&self.options.out).unwrap_or(directory);
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
    }

    /// Removes a folder of records, and those around it that hold nothing else.
    pub(super) fn discard(&self, directory: &Path) {
        // What cannot be removed only takes room.
        let _ = std::fs::remove_dir_all(directory);
        let trials = self.options.out.join(TRIALS);
        let around = directory.ancestors().skip(1).take_while(|above| above.starts_with(&trials));
        for above in around {
            if std::fs::remove_dir(above).is_err() {
                return;
            }
        }
    }
}
