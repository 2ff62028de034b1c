//! A consumer of the host's items: takes so many a call, and says what it has seen.

use core::ffi::c_void;
use std::cell::{Cell, UnsafeCell};
use std::hint::black_box;

use bench_protocol::api::DrainReport;
use bench_protocol::channel::REENTERED;
use bench_protocol::channel::api::PLUGIN_FAULT;
use bench_protocol::channel::wire;
use bench_protocol::counts::HostCounts;
use bench_protocol::error::PluginError;
use bench_protocol::guest::boundary::guard;
use bench_protocol::status;

use super::input::Input;

/// Bytes of an error on the wire besides its message, at most.
const ROOM: usize = 64;

/// Takes items of any type from anywhere.
trait Consume {
    fn take(&mut self, most: u64, report: &mut DrainReport) -> i32;
}

struct Consumer<I> {
    items: I,
    taken: u64,
    ended: bool,
    fault: Option<String>,
}

impl<I: Input> Consume for Consumer<I> {
    fn take(&mut self, most: u64, report: &mut DrainReport) -> i32 {
        if !self.ended {
            for _ in 0..most {
                let Some(item) = self.items.next() else {
                    self.ended = true;
                    self.fault = self.items.fault();
                    break;
                };
                black_box(&item);
                self.taken += 1;
            }
        }
        report.counts = HostCounts {
            items: self.taken,
            ..HostCounts::default()
        };
        self.items.tally(self.taken, &mut report.counts);
        report.ended = u32::from(self.ended && self.fault.is_none());
        match &self.fault {
            None => status::OK,
            Some(why) => {
                explain(why, report);
                status::PLUGIN_ERROR
            }
        }
    }
}

/// Writes why there are no more items.
#[cold]
fn explain(why: &str, report: &mut DrainReport) {
    // Its code and three lengths need less than the rest.
    let most = why.len().min(report.text.len() - ROOM);
    let mut ends = (0..=most).rev();
    let end = ends.find(|&end| why.is_char_boundary(end)).unwrap_or(0);
    let error = wire::serialize(&PluginError::new("INPUT", &why[..end]));
    let bytes = error.unwrap_or_default();
    report.text[..bytes.len()].copy_from_slice(&bytes);
    report.text_len = bytes.len() as u32;
    report.fault = PLUGIN_FAULT;
}

/// What a consumer's pointer points to.
struct Opened {
    /// Whether it is in a call.
    inside: Cell<bool>,
    consumer: UnsafeCell<Box<dyn Consume>>,
}

/// A consumer of items, as the pointer that the host is given.
pub(super) fn open<I: Input + 'static>(items: I) -> *mut c_void {
    let consumer = Consumer {
        items,
        taken: 0,
        ended: false,
        fault: None,
    };
    let opened = Opened {
        inside: Cell::new(false),
        consumer: UnsafeCell::new(Box::new(consumer)),
    };
    Box::into_raw(Box::new(opened)).cast()
}

/// See [`GuestChannels::take`](bench_protocol::channel::api::GuestChannels::take).
pub(super) unsafe extern "C" fn take(
    consumer: *mut c_void,
    items: u64,
    report: *mut DrainReport,
) -> i32 {
    // SAFETY: `open` made the consumer, and the host has not closed it. Only a shared reference is
    // made of what a call further up the stack may be using.
    let opened = unsafe { &*consumer.cast::<Opened>() };
    if opened.inside.replace(true) {
        return REENTERED;
    }
    let status = guard(move || {
        // SAFETY: no other call is inside, and the host lends a report.
        let (consumer, report) = unsafe { (&mut *opened.consumer.get(), &mut *report) };
        consumer.take(items, report)
    });
    opened.inside.set(false);
    status
}

/// See [`GuestChannels::close`](bench_protocol::channel::api::GuestChannels::close).
pub(super) unsafe extern "C" fn close(consumer: *mut c_void) {
    guard(move || {
        // SAFETY: `open` made the consumer, and this is its last use.
        drop(unsafe { Box::from_raw(consumer.cast::<Opened>()) });
        status::OK
    });
}
