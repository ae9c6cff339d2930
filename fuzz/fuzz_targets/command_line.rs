#![no_main]

#[path = "../targets/command_line.rs"]
mod command_line;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| command_line::run(bytes));
