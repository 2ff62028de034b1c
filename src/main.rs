//! `arena-bench`: the command line. Each verb is a file of [`arena_bench::cmd`].

use std::process::ExitCode;

fn main() -> ExitCode {
    arena_bench::cmd::main()
}
