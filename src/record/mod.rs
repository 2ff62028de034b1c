//! Records: one run, one JSON file, readable without this tool.
//!
//! [`wire`] is what stands on disk and what other programs may rely on.
//! Nothing here measures or judges.

pub mod wire;
