//! The program: hands the command line to the library and returns its exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    acpctl::run(std::env::args_os().skip(1))
}
