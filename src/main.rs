//! `arena-bench`: the command line. Each verb is a file of [`arena_bench::cmd`].

use std::process::ExitCode;

use arena_bench::{children, cmd};

fn main() -> ExitCode {
    children::serve().unwrap_or_else(cmd::main)
}
