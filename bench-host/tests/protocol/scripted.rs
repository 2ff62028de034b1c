//! A guest that does what a test tells it to, right or wrong, and keeps count of
//! what the host does to it.

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

/// What the guest does when it is asked for an item.
#[derive(Debug, Clone)]
pub enum Step {
    /// Hands over these bytes as the protocol says.
    Item(Vec<u8>),
    /// Ends with these bytes behind `PLUGIN_ERROR`, as the protocol says.
    Error(Vec<u8>),
    /// Answers a status and a length, whatever the host lent; as much of that
    /// length as there is room for is written. (An alloc guest gives out no
    /// buffer.)
    Answer(i32, u32),
    /// The same item for ever.
    Forever(Vec<u8>),
}

/// A stream of steps; at their end, the end.
#[derive(Debug, Default)]
pub struct Script {
    steps: VecDeque<Step>,
    /// Calls of `next`.
    pub calls: u64,
    /// Calls of `drop_fn`.
    pub drops: u64,
    /// Answers `BUFFER_TOO_SMALL` to the current item, and the most to any.
    pub too_small: (u64, u64),
    /// Heap buffers given out and not returned yet.
    pub lent: i64,
}

/// Both handles of one script, in the test's hands: `drop_fn` only counts, so
/// that a second call of it is seen and not felt.
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

    /// What has happened to the guest; no session may be inside a call.
    pub fn script(&self) -> &Script {
        // SAFETY: the script lives as long as this value; guest functions, which
        // write to it, run only inside calls of a session's.
        unsafe { &*self.script }
    }

    pub fn arena(&self) -> *mut StreamHandle {
        self.arena
    }

    /// This host, and this guest as the one whose table opens streams.
    pub fn pair(&self) -> Pair {
        HANDLES.set((self.arena, self.alloc));
        pair(&API)
    }
}

impl Drop for ScriptedGuest {
    fn drop(&mut self) {
        // SAFETY: all three are boxes made by `new`; sessions of the test's have
        // ended.
        unsafe {
            drop(Box::from_raw(self.arena));
            drop(Box::from_raw(self.alloc));
            drop(Box::from_raw(self.script));
        }
    }
}

/// This host with a guest of the given table, without a file of either.
pub fn pair(guest: &'static GuestApi) -> Pair {
    let build = BuildInfo {
        commit: String::new(),
        rustc: String::new(),
        profile: String::new(),
        flags: String::new(),
    };
    // SAFETY: the table is a static of the host that this test is linked with.
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
    /// What the next stream that this thread opens gets for a handle.
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
};

/// A guest that answers OK and gives out no handle.
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
    // SAFETY: every state of this guest is a script that lives as long as its
    // test, and the host is inside one call at a time.
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
    // SAFETY: the host lends a place for the length, and `capacity` bytes, of
    // which `len` are written only where there are as many.
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
        Some(Step::Item(bytes) | Step::Forever(bytes)) => (status::OK, bytes),
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
    // In front of the bytes: whose buffer this is.
    let owner: *mut Script = script;
    let mut buffer = owner.addr().to_le_bytes().to_vec();
    buffer.extend(&bytes);
    // SAFETY: the host lends places for pointer and length. The pointer is
    // inside the buffer, behind its owner.
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
    // SAFETY: the host hands back a pointer and a length that `next_alloc` gave
    // out together, in front of which the owner stands; scripts outlive their
    // buffers.
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
