//! How each variant that hands over one item per call delivers an encoded value.

use std::marker::PhantomData;

use bench_protocol::lab::codec::Codec;
use bench_protocol::lab::cursor::{Failed, Fixed, More, Room, room};
use bench_protocol::lab::grow::GrowBuffer;
use bench_protocol::lab::rust_buffer::RustBuffer;
use bench_protocol::same_bytes::Item;

/// Whether a value was delivered.
pub(crate) enum Delivery {
    /// Delivered, in this number of bytes.
    Done(u32),
    /// Not delivered: the host's buffer needs this number of bytes.
    Needs(u32),
    /// The value can never be delivered.
    Never,
}

/// A variant.
pub(crate) trait Deliver: Default + Send + 'static {
    /// What the host passes to `next`: places to write to.
    type Lent: Copy;
    /// Whether each delivery hands over a heap buffer.
    const BUFFERS: bool;

    /// Encodes a value to where the variant's contract says.
    ///
    /// # Safety
    /// `lent` must be as the contract says, and used by this call alone.
    unsafe fn deliver<V: Item>(&mut self, value: &V, lent: Self::Lent) -> Delivery;
}

/// Lengths have 32 bits: a longer value cannot be delivered.
#[inline(always)]
fn done(len: usize) -> Delivery {
    u32::try_from(len).map_or(Delivery::Never, Delivery::Done)
}

#[cold]
fn needs(len: u64) -> Delivery {
    u32::try_from(len).map_or(Delivery::Never, Delivery::Needs)
}

/// `arena-own-writer`: the size first.
#[derive(Default)]
pub(crate) struct SizeFirst<C>(PhantomData<C>);

impl<C: Codec> Deliver for SizeFirst<C> {
    type Lent = Room;
    const BUFFERS: bool = false;

    #[inline(always)]
    unsafe fn deliver<V: Item>(&mut self, value: &V, lent: Room) -> Delivery {
        let Some(size) = C::size(value) else {
            return Delivery::Never;
        };
        if size > lent.capacity as u64 {
            return needs(size);
        }
        // SAFETY: the host lends the room.
        match unsafe { C::encode(value, lent, Fixed) } {
            Ok(len) => done(len),
            Err(_) => Delivery::Never,
        }
    }
}

/// `single-pass`: the size only if the value does not fit.
#[derive(Default)]
pub(crate) struct SinglePass<C>(PhantomData<C>);

impl<C: Codec> Deliver for SinglePass<C> {
    type Lent = Room;
    const BUFFERS: bool = false;

    #[inline(always)]
    unsafe fn deliver<V: Item>(&mut self, value: &V, lent: Room) -> Delivery {
        // SAFETY: the host lends the room.
        match unsafe { C::encode(value, lent, Fixed) } {
            Ok(len) => done(len),
            Err(Failed::Lacking(_)) => size_of_unfit::<C, V>(value, lent.capacity),
            Err(Failed::Unencodable) => Delivery::Never,
        }
    }
}

/// The demand of a value that did not fit into `capacity` bytes.
#[cold]
pub(crate) fn size_of_unfit<C: Codec, V: Item>(value: &V, capacity: usize) -> Delivery {
    match C::size(value) {
        Some(size) if size > capacity as u64 => needs(size),
        // It has no size, or encodes in another way each time.
        _ => Delivery::Never,
    }
}

/// `grow`: the host enlarges its buffer meanwhile.
#[derive(Default)]
pub(crate) struct Grow<C>(PhantomData<C>);

struct Host(*mut GrowBuffer);

impl More for Host {
    #[cold]
    #[inline(never)]
    fn more(&mut self, _written: usize, needed: usize) -> Option<Room> {
        let asked = u32::try_from(needed).ok()?;
        // SAFETY: the host lends the buffer for this call of `next`, and `grow` is its function.
        let (start, capacity) = unsafe {
            let start = ((*self.0).grow)(self.0, asked);
            (start, (*self.0).capacity as usize)
        };
        // The host refuses, or breaks its promise.
        (!start.is_null() && capacity >= needed).then_some(Room { start, capacity })
    }
}

impl<C: Codec> Deliver for Grow<C> {
    type Lent = *mut GrowBuffer;
    const BUFFERS: bool = false;

    #[inline(always)]
    unsafe fn deliver<V: Item>(&mut self, value: &V, lent: *mut GrowBuffer) -> Delivery {
        // SAFETY: the host lends the buffer for this call.
        let room = unsafe {
            Room {
                start: (*lent).data,
                capacity: (*lent).capacity as usize,
            }
        };
        // SAFETY: the host lends the room, and larger ones through `grow`.
        match unsafe { C::encode(value, room, Host(lent)) } {
            Ok(len) => done(len),
            Err(Failed::Lacking(needed)) => needs(needed as u64),
            Err(Failed::Unencodable) => Delivery::Never,
        }
    }
}

/// `lend`: into a buffer of the guest's own.
#[derive(Default)]
pub(crate) struct Lend<C> {
    codec: PhantomData<C>,
    /// Always empty: only its capacity is used.
    buffer: Vec<u8>,
}

impl<C: Codec> Deliver for Lend<C> {
    type Lent = *mut *mut u8;
    const BUFFERS: bool = false;

    #[inline(always)]
    unsafe fn deliver<V: Item>(&mut self, value: &V, lent: *mut *mut u8) -> Delivery {
        let room = room(&mut self.buffer);
        // SAFETY: the room is the vector's capacity.
        match unsafe { C::encode(value, room, &mut self.buffer) } {
            Ok(len) => {
                // SAFETY: the host lends a place for the pointer.
                unsafe { *lent = self.buffer.as_mut_ptr() };
                done(len)
            }
            Err(_) => Delivery::Never,
        }
    }
}

/// The value in a vector that has exactly its size.
#[inline(always)]
fn sized_vector<C: Codec, V: Item>(value: &V) -> Option<Vec<u8>> {
    let size = C::size(value)?;
    let mut buffer = Vec::with_capacity(usize::try_from(size).ok()?);
    let room = room(&mut buffer);
    // SAFETY: the room is the vector's capacity, and its first `len` bytes are written.
    unsafe {
        let len = C::encode(value, room, Fixed).ok()?;
        buffer.set_len(len);
    }
    Some(buffer)
}

/// `alloc-own-writer`: a boxed slice of the value's size.
#[derive(Default)]
pub(crate) struct Alloc<C>(PhantomData<C>);

impl<C: Codec> Deliver for Alloc<C> {
    type Lent = *mut *mut u8;
    const BUFFERS: bool = true;

    #[inline(always)]
    unsafe fn deliver<V: Item>(&mut self, value: &V, lent: *mut *mut u8) -> Delivery {
        let Some(bytes) = sized_vector::<C, V>(value) else {
            return Delivery::Never;
        };
        let delivery = done(bytes.len());
        if matches!(delivery, Delivery::Done(_)) {
            // SAFETY: the host lends a place for the pointer. It owns the buffer until it
            // returns it through `free_buffer`.
            unsafe { *lent = Box::into_raw(bytes.into_boxed_slice()).cast() };
        }
        delivery
    }
}

/// Frees a buffer of `alloc-own-writer`.
pub(crate) unsafe extern "C" fn free_buffer(buffer: *mut u8, len: u32) {
    // SAFETY: the host returns a pointer and a length that `next` gave it together, once: those
    // of a boxed slice.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(buffer, len as usize)) });
}

/// `rust-buffer` and `rust-buffer-sized`.
#[derive(Default)]
pub(crate) struct Vector<C, const SIZED: bool>(PhantomData<C>);

impl<C: Codec, const SIZED: bool> Deliver for Vector<C, SIZED> {
    type Lent = *mut RustBuffer;
    const BUFFERS: bool = true;

    #[inline(always)]
    unsafe fn deliver<V: Item>(&mut self, value: &V, lent: *mut RustBuffer) -> Delivery {
        let vector = if SIZED {
            sized_vector::<C, V>(value)
        } else {
            grown_vector::<C, V>(value)
        };
        let Some(vector) = vector else {
            return Delivery::Never;
        };
        let delivery = done(vector.len());
        if matches!(delivery, Delivery::Done(_)) {
            let mut vector = std::mem::ManuallyDrop::new(vector);
            // SAFETY: the host lends a place for the buffer. It owns the buffer until it
            // returns it through `free_rust_buffer`.
            unsafe {
                *lent = RustBuffer {
                    capacity: vector.capacity() as u64,
                    len: vector.len() as u64,
                    data: vector.as_mut_ptr(),
                };
            }
        }
        delivery
    }
}

/// The value in a vector that grew from empty.
#[inline(always)]
fn grown_vector<C: Codec, V: Item>(value: &V) -> Option<Vec<u8>> {
    let mut buffer = Vec::new();
    let room = room(&mut buffer);
    // SAFETY: the room is the vector's capacity, and its first `len` bytes are written.
    unsafe {
        let len = C::encode(value, room, &mut buffer).ok()?;
        buffer.set_len(len);
    }
    Some(buffer)
}

/// Frees a buffer of `rust-buffer`.
pub(crate) unsafe extern "C" fn free_rust_buffer(buffer: RustBuffer) {
    // SAFETY: the host returns a buffer that `next` gave it, once. The bytes need no drop.
    drop(unsafe { Vec::from_raw_parts(buffer.data, 0, buffer.capacity as usize) });
}
