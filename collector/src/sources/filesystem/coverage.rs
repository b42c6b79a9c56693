//! What the source cannot do as it should, in words for people.

/// Folders named in a problem; the others are counted.
pub(super) const MOST_NAMED: usize = 3;

/// What to do when the system has no watch left.
pub(super) const MORE_WATCHES: &str = if cfg!(target_os = "linux") {
    "raise `fs.inotify.max_user_watches` with sysctl, or exclude folders"
} else {
    "raise the limit of open files, or exclude folders"
};

/// How well everything is watched that should be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    /// Whether anything is watched at all.
    pub(super) is_watching: bool,
    /// How often notifications were lost so far.
    pub(super) overflows: u64,
    /// Folders that should be watched and are not.
    pub(super) unwatched: usize,
    /// The first of them, each with its reason.
    pub(super) unwatched_named: Vec<String>,
    /// Whether one of them is not because no watch is left.
    pub(super) is_out_of_watches: bool,
    /// The limit of known paths, once there are more.
    pub(super) exceeded_paths: Option<usize>,
    /// What was watched and is gone.
    pub(super) gone: Vec<String>,
}

impl Coverage {
    /// One sentence for each thing that is not as it should be; lost notifications count until
    /// they have been asked about.
    pub(super) fn problems(&self, overflows_before: u64) -> Vec<String> {
        let mut problems = Vec::new();
        let overflows = self.overflows.saturating_sub(overflows_before);
        if overflows > 0 {
            problems.push(format!("notifications were lost {overflows} times"));
        }
        if self.unwatched > 0 {
            problems.push(self.unwatched_sentence());
        }
        if let Some(limit) = self.exceeded_paths {
            problems.push(format!(
                "more than {limit} paths: nothing is compared after notifications were lost; \
                 raise `fsmond.max_known_paths` and start again"
            ));
        }
        if !self.gone.is_empty() {
            let verb = if self.gone.len() == 1 { "is" } else { "are" };
            problems.push(format!("{} {verb} gone and waited for", self.gone.join(", ")));
        }
        problems
    }

    /// Whether these problems are a failure: more than folders that are left out while others are
    /// watched.
    pub(super) fn has_failed(&self, overflows_before: u64) -> bool {
        !self.is_watching || self.overflows > overflows_before || self.exceeded_paths.is_some()
    }

    fn unwatched_sentence(&self) -> String {
        let mut sentence = format!("{} not watched: ", self.unwatched);
        sentence.push_str(&self.unwatched_named.join(", "));
        if self.unwatched > self.unwatched_named.len() {
            sentence.push_str(", …");
        }
        if self.is_out_of_watches {
            sentence.push_str("; ");
            sentence.push_str(MORE_WATCHES);
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_notifications_count_until_they_have_been_asked_about() {
        let coverage = Coverage { overflows: 3, ..Coverage::default() };
        assert_eq!(coverage.problems(1), ["notifications were lost 2 times"]);
        assert_eq!(coverage.problems(3), [] as [&str; 0]);
    }

    #[test]
    fn folders_that_are_left_out_are_no_failure_while_others_are_watched() {
        let left_out = Coverage { is_watching: true, unwatched: 4, ..Coverage::default() };
        assert!(!left_out.has_failed(0));
        assert!(Coverage { is_watching: false, ..left_out.clone() }.has_failed(0));
        assert!(Coverage { exceeded_paths: Some(7), ..left_out.clone() }.has_failed(0));
        let lost = Coverage { overflows: 3, ..left_out };
        assert!(lost.has_failed(2) && !lost.has_failed(3));
    }

    #[test]
    fn every_problem_has_its_sentence() {
        let coverage = Coverage {
            unwatched: 4,
            unwatched_named: vec!["/a (no watch is left)".to_owned(), "/b (denied)".to_owned()],
            is_out_of_watches: true,
            exceeded_paths: Some(7),
            gone: vec!["/c".to_owned(), "/d".to_owned()],
            ..Coverage::default()
        };
        let problems = coverage.problems(0);
        let unwatched = "4 not watched: /a (no watch is left), /b (denied), …; ";
        assert_eq!(problems[0], format!("{unwatched}{MORE_WATCHES}"));
        assert!(problems[1].starts_with("more than 7 paths"), "{problems:?}");
        assert_eq!(problems[2], "/c, /d are gone and waited for");
        let one = Coverage { gone: vec!["/c".to_owned()], ..Coverage::default() };
        assert_eq!(one.problems(0), ["/c is gone and waited for"]);
    }
}
