//! See `countersign_fuzz::trust`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::trust(data));
