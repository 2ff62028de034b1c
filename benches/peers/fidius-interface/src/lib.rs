//! The five payloads as streams of two Fidius interfaces: items that are lent
//! and items that the plugin allocates. [`channels`] has the framework's other channels,
//! [`patched`] the framework with the changes that are proposed to its authors.
//!
//! Every method takes the number of items and the content bytes of each; the
//! contents are those of every other guest of the workbench.

pub mod channels;
pub mod patched;

use bench_protocol::payload::{Record, RecordView};
use bench_protocol::size_plan::SizePlan;
use fidius::Stream;

/// Bytes through `serde_bytes`, lent.
pub type BlobView = <bench_protocol::payload::Blob as bench_protocol::payload::Payload>::View;
/// Bytes through `serde_bytes`, owned.
pub type BlobOwned = <bench_protocol::payload::Blob as bench_protocol::payload::Payload>::Owned;

/// Sizes that outgrow every buffer that holds exactly the item before.
pub fn ramp(bytes: u32) -> SizePlan {
    SizePlan::Ramp {
        from: 8,
        to: bytes,
        every: 1,
    }
}

/// Items prepared before the stream opens and lent without a clone.
#[fidius::plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Prepared: Send + Sync {
    /// Numbers.
    fn u64(&self, items: u64, bytes: u32) -> Stream<u64>;
    /// Records.
    fn record(&self, items: u64, bytes: u32) -> Stream<RecordView>;
    /// Sequences of bytes, element by element.
    fn bytes(&self, items: u64, bytes: u32) -> Stream<&'static [u8]>;
    /// Slices of bytes.
    fn blob(&self, items: u64, bytes: u32) -> Stream<BlobView>;
    /// Columns.
    fn f64s(&self, items: u64, bytes: u32) -> Stream<&'static [f64]>;
    /// Slices of bytes, each one byte longer than the one before, up to `bytes`.
    fn ramp(&self, items: u64, bytes: u32) -> Stream<BlobView>;
}

/// Items allocated one by one, as most plugins make them.
#[fidius::plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Owned: Send + Sync {
    /// Numbers.
    fn u64(&self, items: u64, bytes: u32) -> Stream<u64>;
    /// Records.
    fn record(&self, items: u64, bytes: u32) -> Stream<Record>;
    /// Sequences of bytes, element by element.
    fn bytes(&self, items: u64, bytes: u32) -> Stream<Vec<u8>>;
    /// Slices of bytes.
    fn blob(&self, items: u64, bytes: u32) -> Stream<BlobOwned>;
    /// Columns.
    fn f64s(&self, items: u64, bytes: u32) -> Stream<Vec<f64>>;
}
