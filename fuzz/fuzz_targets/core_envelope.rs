//! See `countersign_fuzz::core_envelope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::core_envelope(data));
