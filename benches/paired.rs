//! `cargo bench --bench paired [-- FILTER]`: arena against alloc, every payload
//! and size, by the paired runner.
//!
//! Flags meant for criterion are passed by: `cargo bench -- <flags>` reaches every
//! target.

use std::process::ExitCode;

fn main() -> ExitCode {
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let quick = std::env::args().any(|argument| argument == "--quick");
    arena_bench::cmd::paired(filter, quick)
}
