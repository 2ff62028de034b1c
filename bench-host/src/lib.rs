//! The driving side: a cdylib whose table every harness times, and an rlib with
//! the safe ways to it.
//!
//! Inside the boundary: [`growth`], [`buffer`], [`shrink`] (the host's buffer);
//! [`arena`] and [`alloc`] (one pull of one item); [`drain`] (the loop that is
//! timed); [`ladder`] (arms that do a part of it); `table` (the loop as a function of
//! the C ABI). Around it: [`loader`], [`pair`] (two loaded cdylibs and a safe session on them) and
//! [`stream`] (an ordinary iterator).

pub mod alloc;
pub mod arena;
pub mod buffer;
pub mod decode;
pub mod drain;
pub mod error;
pub mod growth;
mod handle;
pub mod ladder;
pub mod loader;
pub mod observe;
pub mod pair;
mod report;
pub mod shrink;
pub mod source;
pub mod stream;
mod table;

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

/// The one symbol of this cdylib: where its table is.
#[unsafe(no_mangle)]
pub extern "C" fn bench_host_api() -> *const HostApi {
    &raw const API
}
