//! The two tables of functions. Each cdylib exports one symbol that returns its table.
//!
//! A loader reads the [`Header`] first and calls nothing until every field of it matches.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};

use crate::build_info::RawBuildInfo;
use crate::counts::{GuestCounts, HostCounts};
use crate::handle::{AllocHandle, StreamHandle};
use crate::payload::{Payload, RecordPayload};
use crate::spec::{SessionSpec, StreamSpec};

/// Version of both tables. Every change of meaning or layout increases it.
pub const ABI_VERSION: u32 = 2;

/// Name of the symbol that a guest exports: `extern "C" fn() -> *const GuestApi`.
pub const GUEST_SYMBOL: &str = "bench_guest_api";
/// Name of the symbol that the host exports: `extern "C" fn() -> *const HostApi`.
pub const HOST_SYMBOL: &str = "bench_host_api";

/// First eight bytes of a guest's table.
pub const GUEST_MAGIC: u64 = u64::from_le_bytes(*b"arnGUEST");
/// First eight bytes of a host's table.
pub const HOST_MAGIC: u64 = u64::from_le_bytes(*b"arnBHOST");

/// What a loader checks before it calls anything.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// [`GUEST_MAGIC`] or [`HOST_MAGIC`].
    pub magic: u64,
    /// [`ABI_VERSION`].
    pub abi_version: u32,
    /// Size of the table in bytes, including the header.
    pub table_size: u32,
    /// [`LAYOUT`].
    pub layout: u64,
}

/// Folds one number into a fingerprint (FNV-1a over its bytes).
pub(crate) const fn fold(mut hash: u64, number: usize) -> u64 {
    let mut byte = 0;
    while byte < 8 {
        hash ^= (number as u64 >> (8 * byte)) & 0xff;
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
        byte += 1;
    }
    hash
}

/// Fingerprint of every struct that crosses the boundary by pointer: its size, and the
/// offsets that the size does not determine. Two builds that differ in one of them have
/// different fingerprints.
pub const LAYOUT: u64 = {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    hash = fold(hash, size_of::<StreamHandle>());
    hash = fold(hash, offset_of!(StreamHandle, state));
    hash = fold(hash, size_of::<AllocHandle>());
    hash = fold(hash, size_of::<StreamSpec<'_>>());
    hash = fold(hash, offset_of!(StreamSpec<'_>, sizes));
    hash = fold(hash, offset_of!(StreamSpec<'_>, fault_at));
    hash = fold(hash, size_of::<SessionSpec<'_>>());
    hash = fold(hash, offset_of!(SessionSpec<'_>, growth_param));
    hash = fold(hash, offset_of!(SessionSpec<'_>, memory_limit));
    hash = fold(hash, size_of::<GuestCounts>());
    hash = fold(hash, size_of::<HostCounts>());
    hash = fold(hash, size_of::<DrainReport>());
    hash = fold(hash, size_of::<RawBuildInfo>());
    // The ladder's arms pass raw values by pointer.
    hash = fold(hash, size_of::<<RecordPayload as Payload>::View>());
    hash
};

/// The functions of a guest.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct GuestApi {
    /// Checked before anything else.
    pub header: Header,
    /// How the guest was built.
    pub build: RawBuildInfo,
    /// Opens an arena stream: `(spec, out) -> status`; `*out` is valid on `OK`.
    pub open_arena: unsafe extern "C" fn(*const StreamSpec<'_>, *mut *mut StreamHandle) -> i32,
    /// Opens an alloc stream: `(spec, out) -> status`; `*out` is valid on `OK`.
    pub open_alloc: unsafe extern "C" fn(*const StreamSpec<'_>, *mut *mut AllocHandle) -> i32,
    /// Frees a buffer that an alloc stream returned: `(pointer, length)` as returned.
    pub free_buffer: unsafe extern "C" fn(*mut u8, u32),
    /// Copies the counts of a stream opened as `counted`: `(state, out)`.
    pub counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts),
    /// Opens a stream that does only the guest's part of a [`Step`](crate::step::Step):
    /// `(step, spec, out) -> status`; `*out` is valid on `OK`. Where the step encodes
    /// nothing, `next` writes a raw value of at most
    /// [`RAW_CAPACITY`](crate::step::RAW_CAPACITY) bytes. A step without a stream of its
    /// own is refused.
    pub open_step: unsafe extern "C" fn(u32, *const StreamSpec<'_>, *mut *mut StreamHandle) -> i32,
}

/// Result of a drain, including how it failed.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct DrainReport {
    /// Everything counted in the session so far.
    pub counts: HostCounts,
    /// 1 when the stream has ended cleanly.
    pub ended: u32,
    /// 0 if the drain succeeded, else the host's number for the error.
    pub fault: u32,
    /// Two numbers that belong to the error.
    pub fault_detail: [u64; 2],
    /// Bytes of `text` in use.
    pub text_len: u32,
    /// Unused; 0.
    pub reserved: u32,
    /// Text that belongs to the error: UTF-8, truncated to fit.
    pub text: [u8; 512],
}

impl Default for DrainReport {
    fn default() -> Self {
        Self {
            counts: HostCounts::default(),
            ended: 0,
            fault: 0,
            fault_detail: [0; 2],
            text_len: 0,
            reserved: 0,
            text: [0; 512],
        }
    }
}

/// The functions of the host. Opening, draining and closing are separate, so that a
/// harness can time the drain alone.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct HostApi {
    /// Checked before anything else.
    pub header: Header,
    /// How the host was built.
    pub build: RawBuildInfo,
    /// Opens a stream of the guest and a session on it:
    /// `(spec, guest, out, report) -> status`. If it is not `OK`, the report says why.
    pub open: unsafe extern "C" fn(
        *const SessionSpec<'_>,
        *const GuestApi,
        *mut *mut c_void,
        *mut DrainReport,
    ) -> i32,
    /// Opens a session on an arena handle from elsewhere and takes ownership of it. Of
    /// the spec's stream, only `payload` and `items` are used.
    pub adopt: unsafe extern "C" fn(
        *const SessionSpec<'_>,
        *mut StreamHandle,
        *mut *mut c_void,
        *mut DrainReport,
    ) -> i32,
    /// Opens a session on an arm of the ladder:
    /// `(step, spec, guest, out, report) -> status`. The step determines protocol and
    /// decoding; those of the spec are ignored.
    pub open_step: unsafe extern "C" fn(
        u32,
        *const SessionSpec<'_>,
        *const GuestApi,
        *mut *mut c_void,
        *mut DrainReport,
    ) -> i32,
    /// Takes up to `items` items: `(session, items, report) -> status`.
    /// [`ENDLESS`](crate::spec::ENDLESS) means: until the stream ends.
    pub drain: unsafe extern "C" fn(*mut c_void, u64, *mut DrainReport) -> i32,
    /// Copies what the guest has counted: `(session, out) -> status`. It is `OK` only for a
    /// stream opened as `counted`.
    pub guest_counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts) -> i32,
    /// Ends the session: cancels the stream if it is still running, and frees everything.
    pub close: unsafe extern "C" fn(*mut c_void),
}
