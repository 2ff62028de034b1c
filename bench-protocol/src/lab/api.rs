//! The tables of the laboratory's guest and host. A loader checks them like those of a pair.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};

use super::batch::{Batch, BatchHandle};
use super::grow::{GrowBuffer, GrowHandle};
use super::rust_buffer::{RustBuffer, RustBufferHandle};
use super::spec::LabSpec;
use crate::api::{DrainReport, Header, LAYOUT, fold};
use crate::build_info::RawBuildInfo;
use crate::counts::GuestCounts;
use crate::handle::StreamHandle;
use crate::spec::StreamSpec;

/// Version of both tables. Every change of meaning or layout increases it.
pub const LAB_ABI_VERSION: u32 = 2;

/// Name of the symbol that a guest exports: `extern "C" fn() -> *const LabGuestApi`.
pub const LAB_GUEST_SYMBOL: &str = "bench_lab_guest_api";
/// Name of the symbol that the host exports: `extern "C" fn() -> *const LabHostApi`.
pub const LAB_HOST_SYMBOL: &str = "bench_lab_host_api";

/// First eight bytes of a guest's table.
pub const LAB_GUEST_MAGIC: u64 = u64::from_le_bytes(*b"labGUEST");
/// First eight bytes of the host's table.
pub const LAB_HOST_MAGIC: u64 = u64::from_le_bytes(*b"labBHOST");

/// [`LAYOUT`], extended by the laboratory's structs.
pub const LAB_LAYOUT: u64 = {
    let mut hash = LAYOUT;
    hash = fold(hash, size_of::<LabSpec<'_>>());
    hash = fold(hash, offset_of!(LabSpec<'_>, variant));
    hash = fold(hash, size_of::<GrowBuffer>());
    hash = fold(hash, offset_of!(GrowBuffer, grow));
    hash = fold(hash, size_of::<GrowHandle>());
    hash = fold(hash, size_of::<RustBuffer>());
    hash = fold(hash, size_of::<RustBufferHandle>());
    hash = fold(hash, size_of::<Batch>());
    hash = fold(hash, size_of::<BatchHandle>());
    hash
};

/// The functions of the laboratory's guest.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct LabGuestApi {
    /// Checked before anything else.
    pub header: Header,
    /// How the guest was built.
    pub build: RawBuildInfo,
    /// Opens a stream: `(variant, codec, spec, out) -> status`. On `OK`, `*out` is a handle of the
    /// variant; all handles have the layout of a [`StreamHandle`], and only `next` differs.
    pub open: unsafe extern "C" fn(u32, u32, *const StreamSpec<'_>, *mut *mut StreamHandle) -> i32,
    /// Frees a buffer of `alloc-own-writer`: `(pointer, length)` as returned.
    pub free_buffer: unsafe extern "C" fn(*mut u8, u32),
    /// Frees a buffer of `rust-buffer`, as returned.
    pub free_rust_buffer: unsafe extern "C" fn(RustBuffer),
    /// Copies the counts of a stream opened as `counted`: `(state, out)`.
    pub counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts),
}

/// The functions of the laboratory's host; see [`HostApi`](crate::api::HostApi).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct LabHostApi {
    /// Checked before anything else.
    pub header: Header,
    /// How the host was built.
    pub build: RawBuildInfo,
    /// Opens a stream of the guest and a session on it:
    /// `(spec, guest, out, report) -> status`. If it is not `OK`, the report says why.
    pub open: unsafe extern "C" fn(
        *const LabSpec<'_>,
        *const LabGuestApi,
        *mut *mut c_void,
        *mut DrainReport,
    ) -> i32,
    /// Opens a session on a [`Floor`](super::spec::Floor), which has no guest:
    /// `(floor, spec, out, report) -> status`. Variant and batch of the spec are ignored.
    pub open_floor:
        unsafe extern "C" fn(u32, *const LabSpec<'_>, *mut *mut c_void, *mut DrainReport) -> i32,
    /// Takes up to `items` items: `(session, items, report) -> status`.
    pub drain: unsafe extern "C" fn(*mut c_void, u64, *mut DrainReport) -> i32,
    /// Copies what the guest has counted: `(session, out) -> status`.
    pub guest_counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts) -> i32,
    /// Ends the session: cancels the stream if it is still running, and frees everything.
    pub close: unsafe extern "C" fn(*mut c_void),
}
