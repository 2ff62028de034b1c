//! The tables of the channels. A loader checks them like those of a pair.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};

use crate::api::{DrainReport, Header, LAYOUT, fold};
use crate::build_info::RawBuildInfo;
use crate::counts::GuestCounts;
use crate::handle::StreamHandle;
use crate::spec::SessionSpec;

/// Version of both tables. Every change of meaning or layout increases it.
pub const CHANNELS_ABI_VERSION: u32 = 1;

/// Name of the symbol that a guest exports: `extern "C" fn() -> *const GuestChannels`.
pub const GUEST_CHANNELS_SYMBOL: &str = "bench_guest_channels";
/// Name of the symbol that the host exports: `extern "C" fn() -> *const HostChannels`.
pub const HOST_CHANNELS_SYMBOL: &str = "bench_host_channels";

/// First eight bytes of a guest's table.
pub const GUEST_CHANNELS_MAGIC: u64 = u64::from_le_bytes(*b"chnGUEST");
/// First eight bytes of the host's table.
pub const HOST_CHANNELS_MAGIC: u64 = u64::from_le_bytes(*b"chnBHOST");

/// The number in [`DrainReport::fault`] of an error that the text explains: it is the bincode of a
/// [`PluginError`](crate::error::PluginError).
pub const PLUGIN_FAULT: u32 = 13;

/// [`LAYOUT`], extended by the structs of the channels.
pub const CHANNELS_LAYOUT: u64 = {
    let mut hash = LAYOUT;
    hash = fold(hash, size_of::<CallHandle>());
    hash = fold(hash, offset_of!(CallHandle, state));
    hash = fold(hash, size_of::<HostFunctions>());
    hash = fold(hash, offset_of!(HostFunctions, free_buffer));
    hash
};

/// A call that is answered in a buffer of who answers: `(handle, input, input_len, out_ptr,
/// out_len) -> status`. Of `boxed`, the buffer belongs to the caller until it returns it through
/// `free_buffer`; of `lend`, it stays as it is until the next call.
pub type BoxedCall<H> = unsafe extern "C" fn(*mut H, *const u8, u32, *mut *mut u8, *mut u32) -> i32;

/// A call that is answered in the caller's buffer: `(handle, input, input_len, buffer, capacity,
/// out_offset, out_len) -> status`. With `BUFFER_TOO_SMALL`, the length is what is needed.
pub type BufferCall<H> =
    unsafe extern "C" fn(*mut H, *const u8, u32, *mut u8, u32, *mut u32, *mut u32) -> i32;

/// A method of the guest. The arguments of a call are the bincode of `(number,)`.
#[repr(C)]
#[derive(Debug)]
pub struct CallHandle {
    /// Answers in a box: for the way `boxed`.
    pub boxed: BoxedCall<CallHandle>,
    /// Answers in the caller's buffer: for the other ways.
    pub buffer: BufferCall<CallHandle>,
    /// Drops the method and frees the handle. Called exactly once.
    pub drop_fn: unsafe extern "C" fn(*mut CallHandle),
    /// Private to the guest; the host only passes it on.
    pub state: *mut c_void,
}

/// The host's functions that a guest may call. They stay where they are as long as the consumer
/// that was opened with them. The arguments of a call are the bincode of `(number,)`.
#[repr(C)]
#[derive(Debug)]
pub struct HostFunctions {
    /// Answers in a buffer of the host: for the ways `boxed` and `lend`.
    pub boxed: BoxedCall<HostFunctions>,
    /// Answers in the guest's buffer: for the way `direct`.
    pub buffer: BufferCall<HostFunctions>,
    /// Frees an answer of `boxed`: `(pointer, length)` as returned.
    pub free_buffer: unsafe extern "C" fn(*mut u8, u32),
    /// Private to the host.
    pub state: *mut c_void,
}

/// The functions of a guest. Ways are those of [`Channel::ways`](super::Channel::ways); of a
/// spec, a guest reads the stream, what it observes and the memory limit.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct GuestChannels {
    /// Checked before anything else.
    pub header: Header,
    /// How the guest was built.
    pub build: RawBuildInfo,
    /// Opens a consumer of the host's stream: `(way, spec, input, out) -> status`. The input is an
    /// [`AllocHandle`](crate::handle::AllocHandle) for the way `lend`, else a [`StreamHandle`].
    pub open_client: unsafe extern "C" fn(
        u32,
        *const SessionSpec<'_>,
        *mut StreamHandle,
        *mut *mut c_void,
    ) -> i32,
    /// Opens a consumer of the answers of the host's functions:
    /// `(way, spec, functions, out) -> status`.
    pub open_callback: unsafe extern "C" fn(
        u32,
        *const SessionSpec<'_>,
        *mut HostFunctions,
        *mut *mut c_void,
    ) -> i32,
    /// Lets a consumer take up to so many items: `(consumer, items, report) -> status`. With
    /// `PLUGIN_ERROR`, the report has a [`PLUGIN_FAULT`].
    pub take: unsafe extern "C" fn(*mut c_void, u64, *mut DrainReport) -> i32,
    /// Drops a consumer, and its input.
    pub close: unsafe extern "C" fn(*mut c_void),
    /// Opens a stream of the host's own items: `(way, spec, input, out) -> status`. The handle
    /// that it stores is one of the arena protocol.
    pub open_bidi: unsafe extern "C" fn(
        u32,
        *const SessionSpec<'_>,
        *mut StreamHandle,
        *mut *mut StreamHandle,
    ) -> i32,
    /// Opens a method: `(way, spec, out) -> status`.
    pub open_unary: unsafe extern "C" fn(u32, *const SessionSpec<'_>, *mut *mut CallHandle) -> i32,
    /// Frees an answer of a method: `(pointer, length)` as returned.
    pub free_buffer: unsafe extern "C" fn(*mut u8, u32),
    /// Copies the counts of a method or of a stream of `open_bidi` that was opened as `counted`:
    /// `(state, out)`.
    pub counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts),
}

/// The functions of the host; see [`HostApi`](crate::api::HostApi).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct HostChannels {
    /// Checked before anything else.
    pub header: Header,
    /// How the host was built.
    pub build: RawBuildInfo,
    /// Opens a session on a channel: `(channel, way, spec, guest, out, report) -> status`. If it
    /// is not `OK`, the report says why. The spec's protocol and growth strategy are ignored.
    pub open: unsafe extern "C" fn(
        u32,
        u32,
        *const SessionSpec<'_>,
        *const GuestChannels,
        *mut *mut c_void,
        *mut DrainReport,
    ) -> i32,
    /// Takes up to `items` items: `(session, items, report) -> status`.
    pub drain: unsafe extern "C" fn(*mut c_void, u64, *mut DrainReport) -> i32,
    /// Copies what the side that makes the items has counted: `(session, out) -> status`.
    pub guest_counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts) -> i32,
    /// Ends the session: cancels what still runs, and frees everything.
    pub close: unsafe extern "C" fn(*mut c_void),
}
