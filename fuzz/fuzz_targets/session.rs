//! See `countersign_fuzz::session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::session(data));
