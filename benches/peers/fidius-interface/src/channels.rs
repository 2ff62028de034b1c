//! The channels beside the server stream: interfaces with a method for each of three payloads.

use bench_protocol::payload::{Record, RecordView};
use fidius::Stream;

use crate::{BlobOwned, BlobView};

/// What somebody made of items: how many there were, their bytes and their digest; no bytes
/// and no digest where nobody was to look.
pub type Seen = (u64, u64, u64);

/// The host streams, the plugin answers once.
#[fidius::plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Client: Send + Sync {
    /// Takes numbers.
    fn u64(&self, look: bool, items: Stream<u64>) -> Seen;
    /// Takes records.
    fn record(&self, look: bool, items: Stream<Record>) -> Seen;
    /// Takes slices of bytes.
    fn blob(&self, look: bool, items: Stream<BlobOwned>) -> Seen;
}

/// Both stream: the plugin gives each item back.
#[fidius::plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Bidi: Send + Sync {
    /// Numbers.
    fn u64(&self, items: Stream<u64>) -> Stream<u64>;
    /// Records.
    fn record(&self, items: Stream<Record>) -> Stream<Record>;
    /// Slices of bytes.
    fn blob(&self, items: Stream<BlobOwned>) -> Stream<BlobOwned>;
}

/// The plugin answers each call with an item, in a box that the host frees.
#[fidius::plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Unary: Send + Sync {
    /// A number.
    fn u64(&self, k: u64) -> u64;
    /// A record.
    fn record(&self, k: u64) -> RecordView;
    /// A slice of bytes.
    fn blob(&self, k: u64) -> BlobView;
    /// So many bytes.
    fn large(&self, bytes: u32) -> BlobOwned;
}

/// The same, in a buffer that the host lends.
#[fidius::plugin_interface(version = 1, buffer = Arena)]
pub trait UnaryArena: Send + Sync {
    /// A number.
    fn u64(&self, k: u64) -> u64;
    /// A record.
    fn record(&self, k: u64) -> RecordView;
    /// A slice of bytes.
    fn blob(&self, k: u64) -> BlobView;
    /// So many bytes.
    fn large(&self, bytes: u32) -> BlobOwned;
}

/// The plugin calls the host for each item, so often as it is told.
#[fidius::plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Callback: Send + Sync {
    /// Numbers.
    fn u64(&self, items: u64, look: bool) -> Seen;
    /// Records.
    fn record(&self, items: u64, look: bool) -> Seen;
    /// Slices of bytes.
    fn blob(&self, items: u64, look: bool) -> Seen;
}

/// The host's functions. A library binds each of them once, so each way to call has its own.
macro_rules! host_items {
    ($($name:ident $krate:tt)*) => {$(
        /// Functions of the host that answer with item `k`.
        #[fidius::host_interface(version = 1, crate = $krate)]
        pub trait $name: Send + Sync {
            /// A number.
            fn u64(&self, k: u64) -> u64;
            /// A record.
            fn record(&self, k: u64) -> Record;
            /// A slice of bytes.
            fn blob(&self, k: u64) -> BlobOwned;
        }
    )*};
}

host_items! {
    HostItems "fidius"
    HostItemsByTable "fidius"
    PatchedHostItems "crate::patched"
}
