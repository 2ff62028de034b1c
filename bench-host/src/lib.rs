//! The host: a cdylib whose table every harness times, and an rlib with safe access to it.
//!
//! In the cdylib: [`arena`] and [`alloc`] take one item by their protocol; [`buffer`],
//! [`growth`], [`shrink`] and [`guarded`] are what the host lends the guest; [`drain`] is the loop
//! that is timed, `ladder`
//! has arms that do a part of it, and `table` exports both through the C ABI. `channel` has the
//! channels beside the server stream, in a table of their own.
//!
//! In the rlib alone: [`loader`] and [`streams`] load cdylibs, [`functions`] runs benchmark functions
//! of one, [`pair`], [`channels`] and [`lab`] open safe sessions on two of them, and [`stream`] is an ordinary iterator for hosts that are not benchmarks.
//!
//! The laboratory's host is a crate of its own. It shares the drain, the buffer and the table.

// Linked for its allocator alone.
#[cfg(feature = "bench-allocator")]
use bench_allocator as _;

pub mod alloc;
pub mod arena;
pub mod buffer;
mod channel;
pub mod channels;
pub mod decode;
pub mod drain;
pub mod error;
pub mod functions;
pub mod growth;
pub mod guarded;
pub mod handle;
pub mod lab;
mod ladder;
pub mod loader;
mod observe;
pub mod pair;
mod report;
pub mod shrink;
pub mod source;
pub mod stream;
pub mod streams;
pub mod table;

pub use channel::bench_host_channels;

use bench_protocol::api::{ABI_VERSION, HOST_MAGIC, Header, HostApi, LAYOUT};

/// This host's table.
static API: HostApi = HostApi {
    header: Header {
        magic: HOST_MAGIC,
        abi_version: ABI_VERSION,
        table_size: size_of::<HostApi>() as u32,
        layout: LAYOUT,
    },
    build: bench_protocol::build_info!(),
    open: table::open,
    adopt: table::adopt,
    open_step: table::open_step,
    drain: table::drain,
    guest_counts: table::guest_counts,
    close: table::close,
};

/// Returns the table. `channel` exports one more.
#[unsafe(no_mangle)]
pub extern "C" fn bench_host_api() -> *const HostApi {
    &raw const API
}
