//! Real plugins and other ways to stream items, measured by the workbench's
//! engine with the workbench's items.

pub mod beside;
pub mod channels;
pub mod child;
pub mod claims;
pub mod cmd;
pub mod count;
pub mod counted;
pub mod drive;
pub mod fidius;
pub mod files;
mod notes;
pub mod page;
pub mod parts;
pub mod peer;
pub mod pull;
pub mod releases;
mod row;
pub mod table;
pub mod timed;
pub mod tried;
pub mod work;
