//! See `assay_fuzz::opening`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assay_fuzz::opening::run(bytes));
