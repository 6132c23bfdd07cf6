//! See `countersign_fuzz::artifact`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::artifact(data));
