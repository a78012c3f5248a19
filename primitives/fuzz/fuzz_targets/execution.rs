//! See `assay_fuzz::execution`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assay_fuzz::execution::run(bytes));
