//! Links `peers` to a fixed address.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Each of the thousands of processes that a run starts would apply 66,000 relocations
    // first: several milliseconds, more than it measures for. The libraries, which hold what
    // is compared, are loaded at random addresses as ever. musl is left alone, as for the
    // workbench's own executable.
    if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
