//! See `assay_fuzz::program`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assay_fuzz::program::run(bytes));
