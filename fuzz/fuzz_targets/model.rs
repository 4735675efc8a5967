#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| edgefit_fuzz_targets::model::run(bytes));
