//! See `countersign_fuzz::requested_actions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::requested_actions(data));
