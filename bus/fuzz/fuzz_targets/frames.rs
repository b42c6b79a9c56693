//! Bytes as either side reads them: frames, envelopes, events (W3).
#![no_main]

use daemoneye_eventbus::fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzing::read_frames(bytes));
