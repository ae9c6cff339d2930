#![no_main]

#[path = "../targets/search.rs"]
mod search;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| search::run(bytes));
