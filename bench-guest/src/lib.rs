//! The plugin side: a cdylib that streams prepared items, by either protocol.
//!
//! `arena` and `alloc` are the two `next` functions; they share the
//! producers of `bench-protocol` and the `boundary`, and nothing that belongs
//! to only one of them.

use bench_protocol::api::GuestApi;

mod alloc;
mod arena;
mod boundary;
mod open;

/// This guest's table.
static API: GuestApi = GuestApi {
    header: bench_protocol::api::Header {
        magic: bench_protocol::api::GUEST_MAGIC,
        abi_version: bench_protocol::api::ABI_VERSION,
        table_size: size_of::<GuestApi>() as u32,
        layout: bench_protocol::api::LAYOUT,
    },
    build: bench_protocol::build_info!(),
    open_arena: open::open_arena,
    open_alloc: open::open_alloc,
    free_buffer: alloc::free_buffer,
    counts: boundary::counts,
};

/// The one symbol of this cdylib: where its table is.
#[unsafe(no_mangle)]
pub extern "C" fn bench_guest_api() -> *const GuestApi {
    &raw const API
}
