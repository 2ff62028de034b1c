//! Stamps the cdylib with its commit, compiler, profile and flags.

include!("build_support.rs");
