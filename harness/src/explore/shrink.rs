//! The search: one step after another is kept while the sketch still fails, until none is left.

use super::{Sketch, simpler};

/// Sketches tried, at most: a search that takes longer has what is worth having.
const MAX_TRIES: usize = 1500;

/// What a search came to.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The smallest sketch that failed.
    pub sketch: Sketch,
    /// Sketches tried.
    pub tried: usize,
    /// Steps kept.
    pub kept: usize,
}

/// Makes a failing sketch small. `still_fails` runs a sketch and says whether it fails for the same
/// reason; its error ends the search with what was reached so far.
///
/// Cancel safe only in so far as the sketch is lost with the future.
pub async fn shrink<E>(
    sketch: Sketch,
    mut still_fails: impl AsyncFnMut(&Sketch) -> Result<bool, E>,
) -> (Shrunk, Option<E>) {
    let mut shrunk = Shrunk { sketch, tried: 0, kept: 0 };
    loop {
        let kept_before = shrunk.kept;
        let mut position = 0;
        // A kept step changes what may follow: steps are worked out again, and the search goes on
        // where it was. Only a whole round without one ends it.
        while let Some(next) = simpler(&shrunk.sketch).into_iter().nth(position) {
            if shrunk.tried == MAX_TRIES {
                return (shrunk, None);
            }
            shrunk.tried += 1;
            match still_fails(&next).await {
                Ok(true) => {
                    shrunk.sketch = next;
                    shrunk.kept += 1;
                }
                Ok(false) => position += 1,
                Err(error) => return (shrunk, Some(error)),
            }
        }
        if shrunk.kept == kept_before {
            return (shrunk, None);
        }
    }
}
