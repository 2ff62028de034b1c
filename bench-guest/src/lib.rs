//! The plugin side: a cdylib that streams prepared items, by either protocol.
//!
//! The arena's `next` is that of every arena guest, `bench_protocol::guest::arena`;
//! `alloc` is the other protocol's, `step` has those on the way to them. They
//! share the producers and what every function at the boundary does, and nothing
//! that belongs to only one of them.

use bench_protocol::api::GuestApi;

mod alloc;
mod open;
mod step;

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
    counts: bench_protocol::guest::boundary::counts,
    open_step: step::open_step,
};

/// The one symbol of this cdylib: where its table is.
#[unsafe(no_mangle)]
pub extern "C" fn bench_guest_api() -> *const GuestApi {
    &raw const API
}
