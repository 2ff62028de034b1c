//! The two tables of functions: each cdylib exports one symbol that returns its
//! own.
//!
//! A loader reads the [`Header`] first and calls nothing before it agrees.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};

use crate::build_info::RawBuildInfo;
use crate::counts::{GuestCounts, HostCounts};
use crate::handle::{AllocHandle, StreamHandle};
use crate::payload::{Payload, RecordPayload};
use crate::spec::{SessionSpec, StreamSpec};

/// Version of both tables; it changes with any change of meaning or layout.
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
    /// Bytes of the table, header included.
    pub table_size: u32,
    /// [`LAYOUT`].
    pub layout: u64,
}

/// Folds one number into a fingerprint (FNV-1a over its bytes).
const fn fold(mut hash: u64, number: usize) -> u64 {
    let mut byte = 0;
    while byte < 8 {
        hash ^= (number as u64 >> (8 * byte)) & 0xff;
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
        byte += 1;
    }
    hash
}

/// Fingerprint of the sizes, and of the offsets that a size does not tell, of what
/// crosses the boundary by pointer: two sides that differ in one disagree here.
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
    // Raw values cross by pointer in the ladder's arms.
    hash = fold(hash, size_of::<<RecordPayload as Payload>::View>());
    hash
};

/// What a guest offers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct GuestApi {
    /// Checked before anything else.
    pub header: Header,
    /// What the guest says of its own making.
    pub build: RawBuildInfo,
    /// Opens an arena stream: `(spec, out) -> status`; `*out` is valid on `OK`.
    pub open_arena: unsafe extern "C" fn(*const StreamSpec<'_>, *mut *mut StreamHandle) -> i32,
    /// Opens an alloc stream: `(spec, out) -> status`; `*out` is valid on `OK`.
    pub open_alloc: unsafe extern "C" fn(*const StreamSpec<'_>, *mut *mut AllocHandle) -> i32,
    /// Takes back a buffer that an alloc stream gave out, with its length.
    pub free_buffer: unsafe extern "C" fn(*mut u8, u32),
    /// What a stream opened as `counted` has counted; its `state` and where to.
    pub counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts),
    /// Opens a stream that does only what a [`Step`](crate::step::Step) needs of
    /// the guest: `(step, spec, out) -> status`; `*out` is valid on `OK`. Its
    /// `next` writes a raw value, at most
    /// [`RAW_CAPACITY`](crate::step::RAW_CAPACITY) bytes. A step that needs no
    /// stream of its own kind is refused.
    pub open_step: unsafe extern "C" fn(u32, *const StreamSpec<'_>, *mut *mut StreamHandle) -> i32,
}

/// What a drain found; also how it failed.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct DrainReport {
    /// Everything counted in the session so far.
    pub counts: HostCounts,
    /// 1 when the stream has ended cleanly.
    pub ended: u32,
    /// How the drain failed: 0 for not at all, else a number of the host's.
    pub fault: u32,
    /// Two numbers that the fault speaks of.
    pub fault_detail: [u64; 2],
    /// Bytes of `text` in use.
    pub text_len: u32,
    /// Unused; 0.
    pub reserved: u32,
    /// A text that the fault speaks of, UTF-8, cut to fit.
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

/// What the host offers: open, drain and close, so that a harness times the
/// middle one alone.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct HostApi {
    /// Checked before anything else.
    pub header: Header,
    /// What the host says of its own making.
    pub build: RawBuildInfo,
    /// Opens a stream of the guest's and a session on it:
    /// `(spec, guest, out, report) -> OK or not`; a failure is in the report.
    pub open: unsafe extern "C" fn(
        *const SessionSpec<'_>,
        *const GuestApi,
        *mut *mut c_void,
        *mut DrainReport,
    ) -> i32,
    /// Opens a session on an arena handle made elsewhere, and owns it from then
    /// on; of the spec's stream only `payload` and `items` count.
    pub adopt: unsafe extern "C" fn(
        *const SessionSpec<'_>,
        *mut StreamHandle,
        *mut *mut c_void,
        *mut DrainReport,
    ) -> i32,
    /// Opens a session on an arm of the ladder:
    /// `(step, spec, guest, out, report) -> OK or not`; of the spec, `protocol`
    /// and `decode` are the step's to say.
    pub open_step: unsafe extern "C" fn(
        u32,
        *const SessionSpec<'_>,
        *const GuestApi,
        *mut *mut c_void,
        *mut DrainReport,
    ) -> i32,
    /// Takes up to so many items: `(session, items, report) -> OK or not`.
    /// [`ENDLESS`](crate::spec::ENDLESS) means: until the stream ends.
    pub drain: unsafe extern "C" fn(*mut c_void, u64, *mut DrainReport) -> i32,
    /// What the guest of a `counted` stream has counted.
    pub guest_counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts) -> i32,
    /// Ends the session: cancels the stream if it still runs, frees everything.
    pub close: unsafe extern "C" fn(*mut c_void),
}
