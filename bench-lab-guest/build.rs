//! Stamps the cdylib with its commit, compiler, profile and flags.

include!("../bench-protocol/build_support.rs");
