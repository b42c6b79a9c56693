//! What the roles of a case are called on the bus, whatever their scenario calls them.

/// The publisher with this index.
pub fn publisher(index: usize) -> String {
    format!("p{index}")
}

/// The subscriber with this index.
pub fn subscriber(index: usize) -> String {
    format!("s{index}")
}
