//! An empty call across the boundary, and the two arms that add one.

use std::ops::Deref;

use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::status;

use super::values::Values;
use crate::decode::Decoder;
use crate::error::{StreamError, of_status};
use crate::handle::OwnedHandle;
use crate::source::Source;

/// A guest function that does nothing; this owns its handle.
pub(crate) struct EmptyCall {
    handle: OwnedHandle,
}

impl EmptyCall {
    /// # Safety
    /// The handle must be that of an empty call.
    pub(crate) unsafe fn new(handle: OwnedHandle) -> Self {
        Self { handle }
    }

    #[inline(always)]
    fn call(&self) -> i32 {
        let mut len = 0;
        // SAFETY: the handle is alive until `drop`. A capacity of 0 lends no byte, so the
        // pointer need not point to a buffer.
        unsafe {
            let buffer = std::ptr::dangling_mut();
            let handle = self.handle.as_ptr();
            ((*handle).next)(handle, buffer, 0, &mut len)
        }
    }
}

/// Values, with an empty call for each.
pub(crate) struct WithCall<V> {
    values: V,
    call: EmptyCall,
    /// Calls without a value: the end and errors.
    fruitless: u64,
    fault: Option<StreamError>,
}

impl<V> WithCall<V> {
    pub(crate) fn new(values: V, call: EmptyCall) -> Self {
        Self {
            values,
            call,
            fruitless: 0,
            fault: None,
        }
    }
}

impl<V: Values> Values for WithCall<V> {
    type Decoder = V::Decoder;

    #[inline(always)]
    fn next(&mut self) -> Option<<V::Decoder as Decoder>::Value<'static>> {
        // First, so that no value has to be kept across the call.
        let status = self.call.call();
        if status != status::OK {
            self.fault = Some(of_status(status));
            self.fruitless += 1;
            return None;
        }
        let value = self.values.next();
        if value.is_none() {
            self.fruitless += 1;
        }
        value
    }

    fn fault(&mut self) -> Option<StreamError> {
        self.fault.take().or_else(|| self.values.fault())
    }

    fn calls(&self, items: u64) -> u64 {
        items + self.fruitless
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.call.handle.guest_counts()
    }
}

/// A source with an empty call per item, made where the alloc protocol frees the item's buffer.
pub(crate) struct SecondCall<S> {
    source: S,
    call: EmptyCall,
}

impl<S> SecondCall<S> {
    pub(crate) fn new(source: S, call: EmptyCall) -> Self {
        Self { source, call }
    }
}

/// An item whose drop makes the empty call.
pub(crate) struct Lent<'a, I> {
    item: I,
    call: &'a EmptyCall,
}

impl<I: Deref<Target = [u8]>> Deref for Lent<'_, I> {
    type Target = [u8];
    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.item
    }
}

impl<I> Drop for Lent<'_, I> {
    #[inline(always)]
    fn drop(&mut self) {
        // The answer is ignored: `free_buffer` has none.
        self.call.call();
    }
}

impl<S: Source> Source for SecondCall<S> {
    type Item<'a>
        = Lent<'a, S::Item<'a>>
    where
        S: 'a;

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(Self::Item<'_>, u64)>, StreamError> {
        let call = &self.call;
        let item = self.source.pull()?;
        Ok(item.map(|(item, held)| (Lent { item, call }, held)))
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.source.count(items, counts);
        counts.calls += items;
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        let empty = self.call.handle.guest_counts()?;
        let mut counts = self.source.guest_counts()?;
        counts.calls += empty.calls;
        Some(counts)
    }
}
