//! The list of a guest's streams, where it exports several by name.
//!
//! Each stream has a whole [`GuestApi`] of its own, so that a host drives one as it drives a
//! guest with a single stream. The table of the first is also the guest's table.

use crate::api::GuestApi;
use crate::build_info::StaticStr;

/// Name of the symbol that returns the list: `extern "C" fn() -> *const Streams`.
pub const STREAMS_SYMBOL: &str = "bench_guest_streams";
/// First eight bytes of the list.
pub const STREAMS_MAGIC: u64 = u64::from_le_bytes(*b"arnSTRMS");

/// The streams of a guest.
#[repr(C)]
#[derive(Debug)]
pub struct Streams {
    /// [`STREAMS_MAGIC`].
    pub magic: u64,
    /// The first stream.
    pub streams: *const Stream,
    /// The number of streams.
    pub count: usize,
}

// SAFETY: it is never written to, and points to a `&'static [Stream]`.
unsafe impl Sync for Streams {}

/// A stream that has a name.
#[repr(C)]
#[derive(Debug)]
pub struct Stream {
    /// The name.
    pub name: StaticStr,
    /// The functions that drive it.
    pub api: *const GuestApi,
}

// SAFETY: it is never written to, and points to a `&'static GuestApi`.
unsafe impl Sync for Stream {}

impl Streams {
    /// The list of these streams.
    #[must_use]
    pub const fn new(streams: &'static [Stream]) -> Self {
        Self {
            magic: STREAMS_MAGIC,
            streams: streams.as_ptr(),
            count: streams.len(),
        }
    }
}

impl Stream {
    /// A stream of this name.
    #[must_use]
    pub const fn new(name: &'static str, api: &'static GuestApi) -> Self {
        Self {
            name: StaticStr::new(name),
            api,
        }
    }
}
