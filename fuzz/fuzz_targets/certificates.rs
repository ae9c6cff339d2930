#![no_main]

#[path = "../targets/certificates.rs"]
mod certificates;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| certificates::run(bytes));
