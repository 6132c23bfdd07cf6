//! See `countersign_fuzz::wire_envelope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::wire_envelope(data));
