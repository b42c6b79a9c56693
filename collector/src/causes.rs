//! An error in one line, with everything that led to it: what failed says what to look at, its
//! causes say what to do.

use std::error::Error;
use std::iter::successors;

/// For logs and reasons; `%error` alone leaves the causes out.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let causes = successors(error.source(), |cause| (**cause).source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use thiserror::Error;

    use super::*;

    #[derive(Debug, Error)]
    #[error("cannot tidy")]
    struct Untidy(#[source] Unwritten);

    #[derive(Debug, Error)]
    #[error("cannot write")]
    struct Unwritten(#[source] io::Error);

    #[test]
    fn every_cause_is_told_the_last_one_at_the_end() {
        let full = io::Error::other("no space is left");
        let told = with_causes(&Untidy(Unwritten(full)));
        assert_eq!(told, "cannot tidy: cannot write: no space is left");
    }

    #[test]
    fn an_error_without_a_cause_is_told_alone() {
        assert_eq!(with_causes(&io::Error::other("alone")), "alone");
    }
}
