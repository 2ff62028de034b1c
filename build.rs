//! Links `arena-bench` to a fixed address.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A run starts thousands of processes, and each would relocate the executable first: a
    // tenth of the time that a comparison has. The libraries, whose code is compared, are
    // loaded at random addresses as ever. Of a static executable, musl wants to know itself.
    if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") {
        println!("cargo::rustc-link-arg-bin=arena-bench=-no-pie");
    }
}
