//! A whole connection: whatever a peer says from its hello on, the broker tells it or closes it, and
//! goes on (W1–W3, A4).
#![no_main]

use std::cell::RefCell;

use daemoneye_eventbus::fuzzing::Door;

thread_local! {
    static DOOR: RefCell<Door> = RefCell::new(Door::open());
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| DOOR.with_borrow_mut(|door| door.say(bytes)));
