//! See `countersign_fuzz::progress`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::progress(data));
