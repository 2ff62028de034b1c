//! The allocator of the library that this crate is linked into, chosen by a cargo feature. Without
//! one it is the system's, and no library depends on this crate.
//!
//! A library has one allocator: with both features, mimalloc.

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(all(feature = "jemalloc", not(feature = "mimalloc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
