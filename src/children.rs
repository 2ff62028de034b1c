//! The children of this program: code of a guest runs only in them. A child is the running
//! executable again; its first argument says what it is for.

use std::process::ExitCode;

use crate::guest;
use crate::lab;
use crate::pair_process;
use crate::subject::child;
use crate::subject::framework::Own;
use crate::workload::Opener;

/// Does the work of this process, if it was started as a child. Every executable that
/// measures calls this first.
pub fn serve() -> Option<ExitCode> {
    // Compiles and links the pair, in a build that this program started.
    if let Some(status) = paired::layouts::serve() {
        return Some(status);
    }
    let mut arms = Opener::default();
    // Measures arms that take turns.
    paired::child::serve(&mut |arm| arms.open(arm))
        // Verifies and describes a pair.
        .or_else(pair_process::serve)
        // Verifies and drains the laboratory's arms.
        .or_else(lab::child::serve)
        // Does tasks with somebody's library.
        .or_else(|| child::serve(&Own))
        // Does tasks with a guest from elsewhere.
        .or_else(|| guest::child::serve(&guest::table::load))
}
