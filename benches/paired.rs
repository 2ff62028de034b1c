//! `cargo bench --bench paired [-- FILTER | --quick]`: arena against alloc for every payload and
//! size, by the paired runner.
//!
//! `cargo bench -- <flags>` passes its flags to every target. With flags for criterion, this
//! target does nothing.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The measuring processes are this very executable, and so is the pair's linker.
    if let Some(status) = arena_bench::children::serve() {
        return status;
    }
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    let (filter, quick) = match arguments.as_slice() {
        [] => (None, false),
        [quick] if quick == "--quick" => (None, true),
        [filter] if !filter.starts_with('-') => (Some(filter.clone()), false),
        _ => {
            eprintln!("paired: nothing is compared, as the arguments are criterion's");
            return ExitCode::SUCCESS;
        }
    };
    arena_bench::cmd::paired(filter, quick)
}
