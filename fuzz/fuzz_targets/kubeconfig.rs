#![no_main]

#[path = "../targets/kubeconfig.rs"]
mod kubeconfig;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kubeconfig::run(bytes));
