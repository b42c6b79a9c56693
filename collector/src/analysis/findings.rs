//! What an analysis found: named values, few and short enough to be given on.

use std::collections::BTreeMap;

use thiserror::Error;

/// Values one stage may find.
pub const MAX_FINDINGS: usize = 64;
/// Names and values of one stage together, bytes: what all stages of a workflow found fits in one
/// event.
pub const MAX_FINDINGS_BYTES: usize = 8 << 10;

/// Named values, within the limits.
///
/// ```
/// use collector_core::analysis::Findings;
///
/// let findings = Findings::new([("sha256", "ba7816bf"), ("bytes", "3")])?;
/// assert_eq!(findings.get("bytes"), Some("3"));
/// # Ok::<(), collector_core::analysis::FindingsError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(BTreeMap<String, String>);

/// Why values are no findings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FindingsError {
    /// There are too many.
    #[error("{values} findings, the limit is {MAX_FINDINGS}")]
    TooMany {
        /// How many.
        values: usize,
    },
    /// They are too long.
    #[error("findings of {bytes} bytes, the limit is {MAX_FINDINGS_BYTES}")]
    TooLong {
        /// Names and values together.
        bytes: usize,
    },
}

impl Findings {
    /// Checks the limits; of values of one name the last counts.
    pub fn new<N, V>(values: impl IntoIterator<Item = (N, V)>) -> Result<Self, FindingsError>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let pairs = values.into_iter().map(|(name, value)| (name.into(), value.into()));
        let values: BTreeMap<String, String> = pairs.collect();
        if values.len() > MAX_FINDINGS {
            return Err(FindingsError::TooMany { values: values.len() });
        }
        let bytes: usize = values.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_FINDINGS_BYTES {
            return Err(FindingsError::TooLong { bytes });
        }
        Ok(Self(values))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values, to be sent.
    pub(super) fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_end_at_their_limits() {
        let many = |values: usize| Findings::new((0..values).map(|n| (n.to_string(), "")));
        assert!(many(MAX_FINDINGS).is_ok());
        let values = MAX_FINDINGS + 1;
        assert_eq!(many(values), Err(FindingsError::TooMany { values }));

        let long = |bytes: usize| Findings::new([("n", "x".repeat(bytes - 1))]);
        assert!(long(MAX_FINDINGS_BYTES).is_ok());
        let bytes = MAX_FINDINGS_BYTES + 1;
        assert_eq!(long(bytes), Err(FindingsError::TooLong { bytes }));
    }

    #[test]
    fn of_two_values_of_a_name_the_last_counts() {
        let findings = Findings::new([("a", "1"), ("b", "2"), ("a", "3")]).unwrap();
        assert_eq!(findings.iter().collect::<Vec<_>>(), [("a", "3"), ("b", "2")]);
    }
}
