//! The guest: a cdylib that streams items by both protocols and by the arms of the ladder.
//!
//! The arena's `next` is in `bench_protocol::guest::arena`, as every arena guest uses it.
//! `alloc` has the alloc protocol's `next`, `step` those of the ladder, `channel` the channels beside
//! the server stream. They share the producers
//! and the code of `bench_protocol::guest::boundary`, and nothing else.

// Linked for its allocator alone.
#[cfg(feature = "bench-allocator")]
use bench_allocator as _;

use bench_protocol::api::GuestApi;

mod alloc;
mod channel;
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

/// Returns the table. `channel` exports one more.
#[unsafe(no_mangle)]
pub extern "C" fn bench_guest_api() -> *const GuestApi {
    &raw const API
}
