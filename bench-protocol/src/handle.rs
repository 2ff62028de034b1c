//! The handles of a guest's streams: two function pointers and a pointer to the state.

use core::ffi::c_void;

/// `next` of the arena protocol: writes one item into the host's buffer.
///
/// `(handle, buf, cap, out_len) -> status`; the statuses are those of
/// [`status`](crate::status).
pub type ArenaNext = unsafe extern "C" fn(*mut StreamHandle, *mut u8, u32, *mut u32) -> i32;

/// `next` of the alloc protocol: `(handle, out_ptr, out_len) -> status`. It stores a heap
/// buffer of the guest and its length; the host returns both through
/// [`free_buffer`](crate::api::GuestApi::free_buffer).
pub type AllocNext = unsafe extern "C" fn(*mut AllocHandle, *mut *mut u8, *mut u32) -> i32;

/// A stream of the arena protocol.
///
/// Layout and meaning are those of `FidiusStreamHandle` in Fidius 0.5, so that the handle
/// of a real plugin can be driven unchanged.
#[repr(C)]
#[derive(Debug)]
pub struct StreamHandle {
    /// Delivers the next item.
    pub next: ArenaNext,
    /// Drops the producer and frees the handle. Called exactly once.
    pub drop_fn: unsafe extern "C" fn(*mut StreamHandle),
    /// Private to the guest; the host only passes it on.
    pub state: *mut c_void,
}

/// A stream of the alloc protocol. Only `next` differs.
#[repr(C)]
#[derive(Debug)]
pub struct AllocHandle {
    /// Delivers the next item.
    pub next: AllocNext,
    /// Drops the producer and frees the handle. Called exactly once.
    pub drop_fn: unsafe extern "C" fn(*mut AllocHandle),
    /// Private to the guest; the host only passes it on.
    pub state: *mut c_void,
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{align_of, offset_of, size_of};

    #[test]
    fn handles_have_the_layout_of_three_pointers() {
        let pointer = size_of::<*mut c_void>();
        assert_eq!(size_of::<StreamHandle>(), 3 * pointer);
        assert_eq!(align_of::<StreamHandle>(), pointer);
        assert_eq!(offset_of!(StreamHandle, next), 0);
        assert_eq!(offset_of!(StreamHandle, drop_fn), pointer);
        assert_eq!(offset_of!(StreamHandle, state), 2 * pointer);

        assert_eq!(size_of::<AllocHandle>(), 3 * pointer);
        assert_eq!(offset_of!(AllocHandle, next), 0);
        assert_eq!(offset_of!(AllocHandle, drop_fn), pointer);
        assert_eq!(offset_of!(AllocHandle, state), 2 * pointer);
    }
}
