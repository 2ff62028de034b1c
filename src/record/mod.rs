//! Records: one run, one JSON file, readable without this tool.
//!
//! [`wire`] is what stands on disk and what other programs may rely on;
//! [] reads, checks and writes it. Nothing here measures or judges.

pub mod wire;
