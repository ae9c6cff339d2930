//! The program: hands the command line to the library and returns its exit status.

use std::process::ExitCode;

/// The allocator of the static program.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    acpctl::run(std::env::args_os().skip(1))
}
