//! The checkers, shown to pass what is right and to fail each thing that is wrong.

#[path = "check_histories/access.rs"]
mod access;
#[path = "check_histories/accounts.rs"]
mod accounts;
#[path = "check_histories/arrivals.rs"]
mod arrivals;
#[path = "check_histories/causality.rs"]
mod causality;
#[path = "check_histories/circuit.rs"]
mod circuit;
#[path = "check_histories/claims.rs"]
mod claims;
#[path = "check_histories/departed.rs"]
mod departed;
#[path = "check_histories/gaps.rs"]
mod gaps;
#[path = "check_histories/overflow.rs"]
mod overflow;
#[path = "check_histories/perfect_bus.rs"]
mod perfect_bus;
#[path = "check_histories/random.rs"]
mod random;
#[path = "check_histories/recalls.rs"]
mod recalls;
#[path = "check_histories/refusals.rs"]
mod refusals;
#[path = "check_histories/right.rs"]
mod right;
#[path = "check_histories/twins.rs"]
mod twins;
