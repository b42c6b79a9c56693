//! Values that scenario files and the gate table both name.

use super::Bus;
use crate::scenario::{At, Value};

/// A ratio above zero.
pub(super) fn ratio(at: &At<'_>) -> Option<f64> {
    let ratio = match at.value() {
        Value::Float(number) => *number,
        Value::Integer(number) => *number as f64,
        _ => f64::NAN,
    };
    if ratio.is_finite() && ratio > 0.0 {
        return Some(ratio);
    }
    at.refuse("limit is no ratio", "expected a number above zero, such as 0.80");
    None
}

pub(super) fn bus(at: &At<'_>) -> Option<Bus> {
    at.one_of(&Bus::ALL.map(|bus| (bus.as_str(), bus)))
}
