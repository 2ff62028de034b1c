//! What a stabby guest and its host share: the items' types, and the trait
//! object that yields them.

use stabby::boxed::Box;
use stabby::string::String;
use stabby::vec::Vec;

/// A record that owns its parts.
#[stabby::stabby]
pub struct Record {
    /// Identity.
    pub id: u64,
    /// Microseconds since the epoch.
    pub timestamp_us: i64,
    /// A sentence.
    pub message: String,
    /// A short list of tags.
    pub tags: Vec<String>,
}

/// A stream of numbers: stabby's own iterator.
pub type U64Stream = stabby::dynptr!(Box<dyn stabby::abi::iter::Iterator<Item = u64>>);
/// A stream of records.
pub type RecordStream = stabby::dynptr!(Box<dyn stabby::abi::iter::Iterator<Item = Record>>);
/// A stream of bytes.
pub type BytesStream = stabby::dynptr!(Box<dyn stabby::abi::iter::Iterator<Item = Vec<u8>>>);
/// A stream of columns.
pub type F64sStream = stabby::dynptr!(Box<dyn stabby::abi::iter::Iterator<Item = Vec<f64>>>);
