//! See `countersign_fuzz::decision`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::decision(data));
