//! See `countersign_fuzz::pairing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::pairing(data));
