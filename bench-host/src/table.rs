//! The functions of the host's table. A session is an opaque pointer.

use core::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bench_protocol::api::{DrainReport, GuestApi};
use bench_protocol::counts::GuestCounts;
use bench_protocol::guest::boundary::swallow;
use bench_protocol::handle::StreamHandle;
use bench_protocol::spec::SessionSpec;
use bench_protocol::status;
use bench_protocol::step::Step;

use crate::drain::{self, Drain};
use crate::error::StreamError;
use crate::handle::OwnedHandle;
use crate::ladder;
use crate::report;

/// What a session's pointer points to: a box, because only a thin pointer can cross the C ABI.
type Session = Box<dyn Drain>;

/// Runs `body` and turns its error or panic into a report and a status.
fn guard(report: &mut DrainReport, body: impl FnOnce() -> Result<(), StreamError>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        swallow(payload);
        Err(StreamError::HostPanic)
    });
    match result {
        Ok(()) => {
            report.fault = 0;
            status::OK
        }
        Err(error) => {
            report::write(report, &error);
            status::PLUGIN_ERROR
        }
    }
}

/// Runs `open` and stores its session in `out`, or its error in `report`; the result is a status.
///
/// # Safety
/// `out` and `report` must be writable.
pub unsafe fn store(
    out: *mut *mut c_void,
    report: *mut DrainReport,
    open: impl FnOnce() -> Result<Box<dyn Drain>, StreamError>,
) -> i32 {
    // SAFETY: by contract, the report is writable.
    guard(unsafe { &mut *report }, || {
        let session: Session = open()?;
        // SAFETY: by contract, `out` is writable.
        unsafe { *out = Box::into_raw(Box::new(session)).cast() };
        Ok(())
    })
}

/// See [`HostApi::open`](bench_protocol::api::HostApi::open).
///
/// # Safety
/// The spec must be valid, the guest's table checked; `out` and `report` must be writable.
pub(crate) unsafe extern "C" fn open(
    spec: *const SessionSpec<'_>,
    guest: *const GuestApi,
    out: *mut *mut c_void,
    report: *mut DrainReport,
) -> i32 {
    // SAFETY: by contract, the spec is valid, the table checked, and both places are writable.
    unsafe {
        store(out, report, || {
            let config = (*spec).read().ok_or(StreamError::InvalidSpec)?;
            drain::open(&*guest, &config)
        })
    }
}

/// See [`HostApi::adopt`](bench_protocol::api::HostApi::adopt).
///
/// # Safety
/// The spec must be valid, nobody else may use the handle; `out` and `report` must be writable.
pub(crate) unsafe extern "C" fn adopt(
    spec: *const SessionSpec<'_>,
    handle: *mut StreamHandle,
    out: *mut *mut c_void,
    report: *mut DrainReport,
) -> i32 {
    // SAFETY: by contract, the spec is valid, nobody else uses the handle, and both places are
    // writable.
    unsafe {
        store(out, report, || {
            // First, so that the stream is dropped if anything else fails.
            let handle = OwnedHandle::adopt(handle, None)?;
            let config = (*spec).read().ok_or(StreamError::InvalidSpec)?;
            drain::on_arena_handle(handle, &config)
        })
    }
}

/// See [`HostApi::open_step`](bench_protocol::api::HostApi::open_step).
///
/// # Safety
/// As for [`open`].
pub(crate) unsafe extern "C" fn open_step(
    step: u32,
    spec: *const SessionSpec<'_>,
    guest: *const GuestApi,
    out: *mut *mut c_void,
    report: *mut DrainReport,
) -> i32 {
    // SAFETY: by contract, the spec is valid, the table checked, and both places are writable.
    unsafe {
        store(out, report, || {
            let step = Step::from_number(step).ok_or(StreamError::InvalidSpec)?;
            let config = (*spec).read().ok_or(StreamError::InvalidSpec)?;
            ladder::open(step, &*guest, env!("BENCH_RUSTC"), &config)
        })
    }
}

/// See [`HostApi::drain`](bench_protocol::api::HostApi::drain).
///
/// # Safety
/// The session must be of this host and in no other call; `report` must be writable.
pub unsafe extern "C" fn drain(session: *mut c_void, items: u64, report: *mut DrainReport) -> i32 {
    // SAFETY: by contract, `open` or `adopt` made the session, only this call uses it, and the
    // report is writable.
    let (session, report) = unsafe { (&mut *session.cast::<Session>(), &mut *report) };
    let status = guard(report, || session.drain(items));
    report.counts = session.counts();
    report.ended = u32::from(session.ended());
    status
}

/// See [`HostApi::guest_counts`](bench_protocol::api::HostApi::guest_counts).
///
/// # Safety
/// The session must be of this host and in no other call; `out` must be writable.
pub unsafe extern "C" fn guest_counts(session: *const c_void, out: *mut GuestCounts) -> i32 {
    // SAFETY: by contract, `open` or `adopt` made the session, and `out` is writable.
    match unsafe { (*session.cast::<Session>()).guest_counts() } {
        Some(counts) => {
            // SAFETY: as above.
            unsafe { *out = counts };
            status::OK
        }
        None => status::STREAM_END,
    }
}

/// See [`HostApi::close`](bench_protocol::api::HostApi::close).
///
/// # Safety
/// The session must be of this host, and must not be used again.
pub unsafe extern "C" fn close(session: *mut c_void) {
    // SAFETY: by contract, `open` or `adopt` made the session, and this is its last use.
    let session = unsafe { Box::from_raw(session.cast::<Session>()) };
    // A guest that unwinds out of `drop_fn` aborts the process; this catches the host's panics.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(session)));
}
