//! The laboratory's host: a cdylib that drains streams by the protocols of
//! `bench_protocol::lab`.
//!
//! `arena-own-writer`, `single-pass` and `alloc-own-writer` look like arena and alloc to a host,
//! so that `bench-host` drives them. `batch`, `grow`, `lend` and `rust_buffer` take one item by
//! their protocol. `floor` does their work without a guest. The drain loop, the buffer and the rest of the table are `bench-host`'s.

// Linked for its allocator alone.
#[cfg(feature = "bench-allocator")]
use bench_allocator as _;

mod batch;
mod floor;
mod grow;
mod lend;
mod observed;
mod open;
mod rust_buffer;

use bench_host::table;
use bench_protocol::api::Header;
use bench_protocol::lab::api::{LAB_ABI_VERSION, LAB_HOST_MAGIC, LAB_LAYOUT, LabHostApi};

/// This host's table.
static API: LabHostApi = LabHostApi {
    header: Header {
        magic: LAB_HOST_MAGIC,
        abi_version: LAB_ABI_VERSION,
        table_size: size_of::<LabHostApi>() as u32,
        layout: LAB_LAYOUT,
    },
    build: bench_protocol::build_info!(),
    open: open::open,
    open_floor: open::open_floor,
    drain: table::drain,
    guest_counts: table::guest_counts,
    close: table::close,
};

/// Returns the table.
#[unsafe(no_mangle)]
pub extern "C" fn bench_lab_host_api() -> *const LabHostApi {
    &raw const API
}
