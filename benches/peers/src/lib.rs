//! Real plugins and other ways to stream items, measured by the workbench's
//! engine with the workbench's items.

pub mod fidius;
pub mod peer;
pub mod pull;
