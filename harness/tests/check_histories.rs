//! The checkers, shown to pass what is right and to fail each thing that is wrong.

#[path = "check_histories/perfect_bus.rs"]
mod perfect_bus;
#[path = "check_histories/planted.rs"]
mod planted;
#[path = "check_histories/random.rs"]
mod random;
