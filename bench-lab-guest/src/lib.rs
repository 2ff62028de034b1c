//! The laboratory's guest: a cdylib that streams the pair's items by the protocols of
//! `bench_protocol::lab`.
//!
//! `stream` is what every driver needs: the items, and how they end. `deliver` has the variants that
//! hand over one item per call, `single` their driver and their `next` functions, `batch` both of
//! the variant that hands over several. All encode by a codec of `bench_protocol::lab::codec`.

// Linked for its allocator alone.
#[cfg(feature = "bench-allocator")]
use bench_allocator as _;

use bench_protocol::api::Header;
use bench_protocol::lab::api::{LAB_ABI_VERSION, LAB_GUEST_MAGIC, LAB_LAYOUT, LabGuestApi};

mod batch;
mod deliver;
mod open;
mod single;
mod stream;

/// This guest's table.
static API: LabGuestApi = LabGuestApi {
    header: Header {
        magic: LAB_GUEST_MAGIC,
        abi_version: LAB_ABI_VERSION,
        table_size: size_of::<LabGuestApi>() as u32,
        layout: LAB_LAYOUT,
    },
    build: bench_protocol::build_info!(),
    open: open::open,
    free_buffer: deliver::free_buffer,
    free_rust_buffer: deliver::free_rust_buffer,
    counts: bench_protocol::guest::boundary::counts,
};

/// The only exported symbol: returns the table.
#[unsafe(no_mangle)]
pub extern "C" fn bench_lab_guest_api() -> *const LabGuestApi {
    &raw const API
}
