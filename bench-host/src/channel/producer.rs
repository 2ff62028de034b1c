//! The host's streams: handles that a guest takes over and asks for items.

use std::sync::Arc;

use bench_protocol::channel::{Way, wire};
use bench_protocol::error::PluginError;
use bench_protocol::guest::boundary::guard;
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::producer::{self, BoxedProducer};
use bench_protocol::spec::{Fault, StreamConfig};
use bench_protocol::status;
use serde::Serialize;

use super::ledger::{Entrance, Ledger};

/// A status and its length.
type Answer = (i32, u32);

/// A handle on the items of a stream; `None` if a stream of the host has no such way. By the way
/// `lend`, it is an [`AllocHandle`].
pub(super) fn open(
    way: Way,
    config: &StreamConfig,
    ledger: &Arc<Ledger>,
) -> Option<*mut StreamHandle> {
    let (fault, at) = config.fault;
    if fault != Fault::None {
        let items = producer::faulty(config.seed, &config.sizes, fault, at);
        return of_items(way, Box::new(items), config.counted, ledger);
    }
    config.payload.dispatch(Open {
        way,
        config,
        ledger,
    })
}

struct Open<'a> {
    way: Way,
    config: &'a StreamConfig,
    ledger: &'a Arc<Ledger>,
}

impl PayloadVisitor for Open<'_> {
    type Output = Option<*mut StreamHandle>;
    fn visit<P: Payload>(self) -> Self::Output {
        let StreamConfig {
            seed, sizes, items, ..
        } = self.config;
        let items = producer::lend::<P>(*seed, sizes, *items);
        of_items(self.way, items, self.config.counted, self.ledger)
    }
}

/// A handle on any items.
fn of_items<T: Serialize + Send + 'static>(
    way: Way,
    items: BoxedProducer<T>,
    counted: bool,
    ledger: &Arc<Ledger>,
) -> Option<*mut StreamHandle> {
    let items = Items(items);
    Some(match way {
        Way::Framework => into_buffer(Encoded::new(items), counted, ledger),
        Way::Reused => {
            let (pending, error) = (None, None);
            let values = Values {
                items,
                pending,
                error,
            };
            into_buffer(values, counted, ledger)
        }
        Way::Lend => {
            let bytes = Vec::new();
            lending(Lent { items, bytes }, counted, ledger)
        }
        Way::Boxed | Way::Pool | Way::Direct => return None,
    })
}

/// Items that end, perhaps with an error.
struct Items<T>(BoxedProducer<T>);

impl<T: Send + 'static> Items<T> {
    /// The next item; `None` after the last, and after the error.
    #[inline(always)]
    fn next(&mut self) -> Result<Option<T>, PluginError> {
        match self.0.next() {
            Some(item) => Ok(Some(item)),
            None => self.ended(),
        }
    }

    #[cold]
    fn ended(&mut self) -> Result<Option<T>, PluginError> {
        let fault = self.0.fault();
        // After `None`, an iterator may yield items again; an empty one does not.
        self.0 = producer::ended();
        fault.map_or(Ok(None), Err)
    }
}

/// What fills a guest's buffer.
trait Fill: 'static {
    fn fill(&mut self, buffer: &mut [u8]) -> Answer;
}

/// The end of a stream, or its error: bytes that wait for a buffer.
#[cold]
fn end(error: &mut Option<Vec<u8>>, found: Option<&PluginError>, buffer: &mut [u8]) -> Answer {
    if let Some(found) = found {
        *error = wire::serialize(found).ok();
    }
    let Some(bytes) = error else {
        return (status::STREAM_END, 0);
    };
    let len = bytes.len() as u32;
    let Some(room) = buffer.get_mut(..bytes.len()) else {
        return (status::BUFFER_TOO_SMALL, len);
    };
    room.copy_from_slice(bytes);
    *error = None;
    (status::PLUGIN_ERROR, len)
}

/// The next item's bytes; `None` at the end. The error is the stream's, or none if the item cannot
/// be encoded.
type NextEncoded = Box<dyn FnMut() -> Result<Option<Vec<u8>>, Option<PluginError>>>;

/// Encodes each item to a `Vec`, and copies it: Fidius' `ProducerState`.
struct Encoded {
    next: NextEncoded,
    pending: Option<Vec<u8>>,
    error: Option<Vec<u8>>,
}

impl Encoded {
    fn new<T: Serialize + Send + 'static>(mut items: Items<T>) -> Self {
        let next = move || match items.next() {
            Ok(Some(item)) => match wire::serialize(&item) {
                Ok(bytes) if bytes.len() <= u32::MAX as usize => Ok(Some(bytes)),
                _ => Err(None),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(Some(error)),
        };
        Self {
            next: Box::new(next),
            pending: None,
            error: None,
        }
    }
}

impl Fill for Encoded {
    #[inline(always)]
    fn fill(&mut self, buffer: &mut [u8]) -> Answer {
        if self.pending.is_none() {
            match (self.next)() {
                Ok(Some(bytes)) => self.pending = Some(bytes),
                Err(None) => return (status::SERIALIZATION_ERROR, 0),
                Ok(None) => return end(&mut self.error, None, buffer),
                Err(Some(error)) => return end(&mut self.error, Some(&error), buffer),
            }
        }
        let bytes = self.pending.as_ref().expect("pending is filled above");
        let len = bytes.len() as u32;
        let Some(room) = buffer.get_mut(..bytes.len()) else {
            return (status::BUFFER_TOO_SMALL, len);
        };
        room.copy_from_slice(bytes);
        self.pending = None;
        (status::OK, len)
    }
}

/// Encodes each item into the guest's buffer. It keeps the value of one that does not fit.
struct Values<T> {
    items: Items<T>,
    pending: Option<T>,
    error: Option<Vec<u8>>,
}

impl<T: Serialize + Send + 'static> Fill for Values<T> {
    #[inline(always)]
    fn fill(&mut self, buffer: &mut [u8]) -> Answer {
        let item = match self.pending.take() {
            Some(item) => item,
            None => match self.items.next() {
                Ok(Some(item)) => item,
                Ok(None) => return end(&mut self.error, None, buffer),
                Err(error) => return end(&mut self.error, Some(&error), buffer),
            },
        };
        let size = wire::serialized_size(&item).ok();
        let Some(len) = size.and_then(|size| u32::try_from(size).ok()) else {
            return (status::SERIALIZATION_ERROR, 0);
        };
        let Some(room) = buffer.get_mut(..len as usize) else {
            self.pending = Some(item);
            return (status::BUFFER_TOO_SMALL, len);
        };
        match wire::serialize_into(room, &item) {
            Ok(()) => (status::OK, len),
            Err(_) => (status::SERIALIZATION_ERROR, 0),
        }
    }
}

fn into_buffer<F: Fill>(fill: F, counted: bool, ledger: &Arc<Ledger>) -> *mut StreamHandle {
    let state = Box::into_raw(Box::new(Entrance::new(fill, ledger)));
    Box::into_raw(Box::new(StreamHandle {
        next: match counted {
            false => next::<F, false>,
            true => next::<F, true>,
        },
        drop_fn: release::<F>,
        state: state.cast(),
    }))
}

unsafe extern "C" fn next<F: Fill, const COUNTED: bool>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: `into_buffer` of the same type made the handle, and the guest has not dropped it. A
    // call further up the stack shares this reference.
    let entrance = unsafe { &*(*handle).state.cast::<Entrance<F>>() };
    let (status, len) = entrance.call::<COUNTED, false>(move |fill| {
        // SAFETY: the guest lends so many writable bytes for this call.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, capacity as usize) };
        fill.fill(buffer)
    });
    // SAFETY: the guest lends a place for the length.
    unsafe { *out_len = len };
    status
}

unsafe extern "C" fn release<F>(handle: *mut StreamHandle) {
    guard(move || {
        // SAFETY: `into_buffer` of the same type made both boxes, and the guest calls this once.
        unsafe {
            let handle = Box::from_raw(handle);
            drop(Box::from_raw(handle.state.cast::<Entrance<F>>()));
        }
        status::OK
    });
}

/// Encodes each item into one buffer, and lends it.
struct Lent<T> {
    items: Items<T>,
    bytes: Vec<u8>,
}

impl<T: Serialize + Send + 'static> Lent<T> {
    #[inline(always)]
    fn lend(&mut self) -> i32 {
        self.bytes.clear();
        let (status, encoded) = match self.items.next() {
            Ok(Some(item)) => (status::OK, wire::serialize_to(&mut self.bytes, &item)),
            Ok(None) => return status::STREAM_END,
            Err(error) => (
                status::PLUGIN_ERROR,
                wire::serialize_to(&mut self.bytes, &error),
            ),
        };
        match encoded {
            Ok(()) if self.bytes.len() <= u32::MAX as usize => status,
            _ => status::SERIALIZATION_ERROR,
        }
    }
}

fn lending<T: Serialize + Send + 'static>(
    lent: Lent<T>,
    counted: bool,
    ledger: &Arc<Ledger>,
) -> *mut StreamHandle {
    let state = Box::into_raw(Box::new(Entrance::new(lent, ledger)));
    let handle = AllocHandle {
        next: match counted {
            false => next_lent::<T, false>,
            true => next_lent::<T, true>,
        },
        drop_fn: release_lent::<T>,
        state: state.cast(),
    };
    Box::into_raw(Box::new(handle)).cast()
}

unsafe extern "C" fn next_lent<T: Serialize + Send + 'static, const COUNTED: bool>(
    handle: *mut AllocHandle,
    out: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: `lending` of the same type made the handle, and the guest has not dropped it. A call
    // further up the stack shares this reference.
    let entrance = unsafe { &*(*handle).state.cast::<Entrance<Lent<T>>>() };
    let (status, _) = entrance.call::<COUNTED, false>(move |lent| {
        let status = lent.lend();
        let len = lent.bytes.len() as u32;
        // SAFETY: the guest lends both places. The bytes stay until the next call.
        unsafe { (*out, *out_len) = (lent.bytes.as_mut_ptr(), len) };
        (status, len)
    });
    status
}

unsafe extern "C" fn release_lent<T>(handle: *mut AllocHandle) {
    guard(move || {
        // SAFETY: `lending` of the same type made both boxes, and the guest calls this once.
        unsafe {
            let handle = Box::from_raw(handle);
            drop(Box::from_raw(handle.state.cast::<Entrance<Lent<T>>>()));
        }
        status::OK
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::StreamError;
    use bench_protocol::channel::REENTERED;
    use std::sync::atomic::{AtomicPtr, Ordering};

    /// A handle on items, and its ledger.
    fn handle<T: Serialize + Send + 'static>(
        way: Way,
        items: impl Iterator<Item = T> + Send + 'static,
    ) -> (*mut StreamHandle, Arc<Ledger>) {
        let ledger = Arc::default();
        let handle = of_items(way, producer::boxed(items), true, &ledger);
        (handle.expect("a stream has this way"), ledger)
    }

    /// Statuses and lengths that a handle answers to buffers of so many bytes.
    fn answers(handle: *mut StreamHandle, rooms: &[usize]) -> Vec<Answer> {
        let answer = |room: &usize| {
            let (mut buffer, mut len) = (vec![0; *room], u32::MAX);
            // SAFETY: the handle is valid, and the buffer as long as is said.
            let status =
                unsafe { ((*handle).next)(handle, buffer.as_mut_ptr(), *room as u32, &mut len) };
            (status, len)
        };
        let answers = rooms.iter().map(answer).collect();
        // SAFETY: the handle is dropped once.
        unsafe { ((*handle).drop_fn)(handle) };
        answers
    }

    const OK: Answer = (status::OK, 8);
    const SMALL: Answer = (status::BUFFER_TOO_SMALL, 8);
    const END: Answer = (status::STREAM_END, 0);

    #[test]
    fn an_item_that_does_not_fit_is_kept_and_the_end_stays() {
        for way in [Way::Framework, Way::Reused] {
            let (all, ledger) = handle(way, 0..2_u64);
            assert_eq!(answers(all, &[4, 8, 8, 8, 8]), [SMALL, OK, OK, END, END]);
            assert_eq!(ledger.fault(), None);
            let counts = ledger.counts();
            assert_eq!((counts.calls, counts.items, counts.too_small), (5, 2, 1));
            let (none, _) = handle(way, 0..0_u64);
            assert_eq!(answers(none, &[8]), [END], "{way:?}");
        }
    }

    #[test]
    fn a_panic_of_the_hosts_iterator_is_a_status_and_is_noted() {
        for way in [Way::Framework, Way::Reused] {
            let items = (0..3_u64).inspect(|&item| assert!(item < 1, "one is too much"));
            let (all, ledger) = handle(way, items);
            assert_eq!(answers(all, &[8, 8]), [OK, (status::PANIC, 0)]);
            assert_eq!(ledger.fault(), Some(StreamError::HostPanic), "{way:?}");
        }
    }

    #[test]
    fn a_stream_that_is_called_from_its_own_items_refuses_and_goes_on() {
        for way in [Way::Framework, Way::Reused] {
            let own = Arc::new(AtomicPtr::new(std::ptr::null_mut()));
            let known = Arc::clone(&own);
            let items = (0..2_u64).inspect(move |_| {
                let handle: *mut StreamHandle = known.load(Ordering::Relaxed);
                let (mut buffer, mut len) = ([0; 8], 0);
                // SAFETY: the handle is alive, and the buffer as long as is said.
                let status = unsafe { ((*handle).next)(handle, buffer.as_mut_ptr(), 8, &mut len) };
                assert_eq!(status, REENTERED);
            });
            let (all, ledger) = handle(way, items);
            own.store(all, Ordering::Relaxed);
            assert_eq!(answers(all, &[8, 8, 8]), [OK, OK, END]);
            assert_eq!(ledger.fault(), Some(StreamError::Reentered), "{way:?}");
        }
    }
}
