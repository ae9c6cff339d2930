#![no_main]

#[path = "../targets/screen.rs"]
mod screen;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| screen::run(bytes));
