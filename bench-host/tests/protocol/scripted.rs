//! A guest that does what a test tells it to, right or wrong, and counts what the host does.

use core::ffi::c_void;
use std::cell::Cell;
use std::collections::VecDeque;
use std::path::PathBuf;

use bench_host::loader::{Guest, Host};
use bench_host::pair::Pair;
use bench_protocol::api::{
    ABI_VERSION, GUEST_MAGIC, GuestApi, HOST_MAGIC, HOST_SYMBOL, Header, LAYOUT,
};
use bench_protocol::build_info::{BuildInfo, RawBuildInfo, StaticStr};
use bench_protocol::counts::GuestCounts;
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::spec::StreamSpec;
use bench_protocol::status;
use bench_protocol::step::no_steps;

/// What the guest does when it is asked for an item.
#[derive(Debug, Clone)]
pub enum Step {
    /// Delivers these bytes according to the protocol.
    Item(Vec<u8>),
    /// Ends with `PLUGIN_ERROR` and these bytes, according to the protocol.
    Error(Vec<u8>),
    /// Answers a status and a length, whatever the host lends. It writes as much of that
    /// length as there is room for. (An alloc guest returns no buffer.)
    Answer(i32, u32),
    /// Delivers the same item forever.
    Forever(Vec<u8>),
    /// An arena item of these bytes, and zeros so far from the start of what was lent (or,
    /// below 0, before it): within what a verifying host guards, that is.
    Strays(Vec<u8>, isize, usize),
}

/// A stream of steps. After the last one, it ends.
#[derive(Debug, Default)]
pub struct Script {
    steps: VecDeque<Step>,
    /// Calls of `next`.
    pub calls: u64,
    /// Calls of `drop_fn`.
    pub drops: u64,
    /// Answers `BUFFER_TOO_SMALL` for the current item, and the maximum for any item.
    pub too_small: (u64, u64),
    /// Heap buffers that the host has not returned yet.
    pub lent: i64,
}

/// Both handles of one script. The test owns them: `drop_fn` only counts, so that a test
/// notices a second call of it.
pub struct ScriptedGuest {
    script: *mut Script,
    arena: *mut StreamHandle,
    alloc: *mut AllocHandle,
}

impl ScriptedGuest {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let script = Box::into_raw(Box::new(Script {
            steps: steps.into_iter().collect(),
            ..Script::default()
        }));
        let arena = StreamHandle {
            next: next_arena,
            drop_fn: drop_arena,
            state: script.cast(),
        };
        let alloc = AllocHandle {
            next: next_alloc,
            drop_fn: drop_alloc,
            state: script.cast(),
        };
        Self {
            script,
            arena: Box::into_raw(Box::new(arena)),
            alloc: Box::into_raw(Box::new(alloc)),
        }
    }

    /// What has happened so far; no session may be inside a call.
    pub fn script(&self) -> &Script {
        // SAFETY: the script lives as long as this value. Guest functions write to it, but run
        // only inside a session's calls.
        unsafe { &*self.script }
    }

    pub fn arena(&self) -> *mut StreamHandle {
        self.arena
    }

    /// This host, with a guest table that opens this guest's streams.
    pub fn pair(&self) -> Pair {
        HANDLES.set((self.arena, self.alloc));
        pair(&API)
    }
}

impl Drop for ScriptedGuest {
    fn drop(&mut self) {
        // SAFETY: `new` made all three boxes, and the test's sessions have ended.
        unsafe {
            drop(Box::from_raw(self.arena));
            drop(Box::from_raw(self.alloc));
            drop(Box::from_raw(self.script));
        }
    }
}

/// This host with a given guest table; no files are loaded.
pub fn pair(guest: &'static GuestApi) -> Pair {
    let build = BuildInfo::default();
    // SAFETY: the table is a static of the host, which is linked into this test.
    let host = unsafe { &*bench_host::bench_host_api() };
    assert_eq!(host.header.magic, HOST_MAGIC);
    Pair {
        guest: Guest {
            path: PathBuf::from("a guest of this test"),
            build: build.clone(),
            api: guest,
        },
        host: Host {
            path: PathBuf::from(HOST_SYMBOL),
            build,
            api: host,
        },
    }
}

thread_local! {
    /// The handles of the next stream that this thread opens.
    static HANDLES: Cell<(*mut StreamHandle, *mut AllocHandle)> =
        const { Cell::new((std::ptr::null_mut(), std::ptr::null_mut())) };
}

const NOTHING: StaticStr = StaticStr::new("");

static API: GuestApi = GuestApi {
    header: Header {
        magic: GUEST_MAGIC,
        abi_version: ABI_VERSION,
        table_size: size_of::<GuestApi>() as u32,
        layout: LAYOUT,
    },
    build: RawBuildInfo {
        commit: NOTHING,
        rustc: NOTHING,
        profile: NOTHING,
        flags: NOTHING,
    },
    open_arena,
    open_alloc,
    free_buffer,
    counts,
    open_step: no_steps,
};

/// A guest that answers OK with a null handle.
pub static GIVES_NULL: GuestApi = GuestApi {
    open_arena: open_nothing::<StreamHandle, { status::OK }>,
    open_alloc: open_nothing::<AllocHandle, { status::OK }>,
    ..API
};

/// A guest that refuses to open a stream.
pub static REFUSES: GuestApi = GuestApi {
    open_arena: open_nothing::<StreamHandle, { status::PANIC }>,
    open_alloc: open_nothing::<AllocHandle, { status::PANIC }>,
    ..API
};

unsafe extern "C" fn open_nothing<H, const STATUS: i32>(
    _spec: *const StreamSpec<'_>,
    out: *mut *mut H,
) -> i32 {
    // SAFETY: the host lends a place for the handle.
    unsafe { *out = std::ptr::null_mut() };
    STATUS
}

unsafe extern "C" fn open_arena(_spec: *const StreamSpec<'_>, out: *mut *mut StreamHandle) -> i32 {
    // SAFETY: the host lends a place for the handle.
    unsafe { *out = HANDLES.get().0 };
    status::OK
}

unsafe extern "C" fn open_alloc(_spec: *const StreamSpec<'_>, out: *mut *mut AllocHandle) -> i32 {
    // SAFETY: the host lends a place for the handle.
    unsafe { *out = HANDLES.get().1 };
    status::OK
}

unsafe extern "C" fn counts(_state: *const c_void, _out: *mut GuestCounts) {}

/// The script behind a handle's state.
unsafe fn script<'a>(state: *mut c_void) -> &'a mut Script {
    // SAFETY: every state of this guest is a script that lives as long as its test, and the
    // host makes one call at a time.
    unsafe { &mut *state.cast() }
}

unsafe extern "C" fn next_arena(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the handle is one of this guest's.
    let script = unsafe { script((*handle).state) };
    script.calls += 1;
    let (status, bytes, stays) = match script.steps.front() {
        None => return status::STREAM_END,
        Some(Step::Item(bytes)) => (status::OK, bytes.clone(), false),
        Some(Step::Forever(bytes)) => (status::OK, bytes.clone(), true),
        Some(Step::Strays(bytes, at, zeros)) => {
            // SAFETY: only verifying sessions are given this step, whose memory goes on for
            // a page on either side of what is lent.
            unsafe { buffer.offset(*at).write_bytes(0, *zeros) };
            (status::OK, bytes.clone(), false)
        }
        Some(Step::Error(bytes)) => (status::PLUGIN_ERROR, bytes.clone(), false),
        Some(&Step::Answer(status, len)) => {
            script.steps.pop_front();
            // SAFETY: the host lends `capacity` writable bytes and a place for
            // the length; no more than that is written.
            unsafe {
                buffer.write_bytes(0xa5, len.min(capacity) as usize);
                *out_len = len;
            }
            return status;
        }
    };
    let len = bytes.len() as u32;
    // SAFETY: the host lends a place for the length and `capacity` bytes; `len` bytes are
    // written only if that is not more.
    unsafe {
        *out_len = len;
        if len > capacity {
            script.too_small.0 += 1;
            script.too_small.1 = script.too_small.1.max(script.too_small.0);
            return status::BUFFER_TOO_SMALL;
        }
        buffer.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
    }
    script.too_small.0 = 0;
    if !stays {
        script.steps.pop_front();
    }
    status
}

unsafe extern "C" fn next_alloc(
    handle: *mut AllocHandle,
    out_buffer: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the handle is one of this guest's.
    let script = unsafe { script((*handle).state) };
    script.calls += 1;
    let (status, bytes) = match script.steps.front().cloned() {
        None => return status::STREAM_END,
        Some(Step::Item(bytes) | Step::Forever(bytes) | Step::Strays(bytes, ..)) => {
            (status::OK, bytes)
        }
        Some(Step::Error(bytes)) => (status::PLUGIN_ERROR, bytes),
        Some(Step::Answer(status, len)) => {
            script.steps.pop_front();
            // SAFETY: the host lends a place for the length.
            unsafe { *out_len = len };
            return status;
        }
    };
    if !matches!(script.steps.front(), Some(Step::Forever(_))) {
        script.steps.pop_front();
    }
    script.lent += 1;
    // The owner's address is stored in front of the bytes.
    let owner: *mut Script = script;
    let mut buffer = owner.addr().to_le_bytes().to_vec();
    buffer.extend(&bytes);
    // SAFETY: the host lends places for pointer and length. The pointer is inside the buffer,
    // after the owner's address.
    unsafe {
        *out_len = bytes.len() as u32;
        *out_buffer = Box::into_raw(buffer.into_boxed_slice())
            .cast::<u8>()
            .add(size_of::<usize>());
    }
    owner.expose_provenance();
    status
}

unsafe extern "C" fn free_buffer(buffer: *mut u8, len: u32) {
    // SAFETY: the host returns a pointer and a length that `next_alloc` gave it together. The
    // owner's address is in front of them, and scripts outlive their buffers.
    unsafe {
        let start = buffer.sub(size_of::<usize>());
        let owner = start.cast::<usize>().read_unaligned();
        let whole = size_of::<usize>() + len as usize;
        drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(
            start, whole,
        )));
        (*std::ptr::with_exposed_provenance_mut::<Script>(owner)).lent -= 1;
    }
}

unsafe extern "C" fn drop_arena(handle: *mut StreamHandle) {
    // SAFETY: the handle is one of this guest's.
    unsafe { script((*handle).state) }.drops += 1;
}

unsafe extern "C" fn drop_alloc(handle: *mut AllocHandle) {
    // SAFETY: the handle is one of this guest's.
    unsafe { script((*handle).state) }.drops += 1;
}
