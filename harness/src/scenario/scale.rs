//! The values of an axis as numbers: what a curve is drawn over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Value, unit};

/// What the values of an axis are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Plain numbers: how many there are of something.
    Count,
    /// Sizes, bytes.
    Bytes,
    /// Rates, events per second.
    PerSecond,
}

impl Scale {
    /// A value as a number, and what it is counted in; `None` for words, and for a time, which nothing
    /// here grows with.
    pub(crate) fn of(value: &Value) -> Option<(f64, Self)> {
        match value {
            Value::Integer(number) => Some((*number as f64, Self::Count)),
            Value::Text(text) => {
                let size = unit::size(text).ok().map(|bytes| (bytes as f64, Self::Bytes));
                size.or_else(|| unit::rate(text).ok().map(|rate| (rate, Self::PerSecond)))
            }
            _ => None,
        }
    }

    /// Values as numbers; `None` unless all are above zero, of one scale and in ascending order.
    pub(crate) fn ascending(values: &[Value]) -> Option<(Vec<f64>, Self)> {
        let read: Option<Vec<(f64, Self)>> = values.iter().map(Self::of).collect();
        let read = read?;
        let (first, scale) = *read.first()?;
        let rises = read.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let is_one = read.iter().all(|(_, other)| *other == scale);
        let numbers = read.into_iter().map(|(number, _)| number).collect();
        (first > 0.0 && rises && is_one).then_some((numbers, scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<Value> {
        values.iter().map(|value| Value::Text((*value).to_owned())).collect()
    }

    #[test]
    fn an_axis_has_numbers_of_one_scale_that_rise_from_above_zero() {
        let counts = [1, 10, 100].map(Value::Integer);
        assert_eq!(Scale::ascending(&counts), Some((vec![1.0, 10.0, 100.0], Scale::Count)));
        let sizes = texts(&["64B", "1KiB", "1MiB"]);
        let bytes = vec![64.0, 1024.0, 1_048_576.0];
        assert_eq!(Scale::ascending(&sizes), Some((bytes, Scale::Bytes)));
        let rates = texts(&["1000/s", "2000/s"]);
        assert_eq!(Scale::ascending(&rates), Some((vec![1e3, 2e3], Scale::PerSecond)));
    }

    #[test]
    fn what_has_no_place_on_a_logarithmic_axis_is_none() {
        assert_eq!(Scale::ascending(&[0, 1].map(Value::Integer)), None, "zero");
        assert_eq!(Scale::ascending(&[10, 1].map(Value::Integer)), None, "falling");
        assert_eq!(Scale::ascending(&texts(&["1KiB", "1000/s"])), None, "two scales");
        assert_eq!(Scale::ascending(&texts(&["few", "many"])), None, "words");
        assert_eq!(Scale::ascending(&texts(&["1s", "2s"])), None, "times");
        assert_eq!(Scale::ascending(&[]), None, "nothing");
    }
}
