//! A pair: a guest and a host cdylib, and safe sessions on them.
//!
//! Every harness uses it, so that all of them run the machine code of the two loaded files, and
//! no copy of their own.

use core::ffi::c_void;
use std::path::Path;

use bench_protocol::api::{DrainReport, HostApi};
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::handle::StreamHandle;
use bench_protocol::spec::SessionConfig;
use bench_protocol::status;
use bench_protocol::step::Step;

use crate::error::StreamError;
use crate::loader::{self, Guest, Host, LoadError, Loaded};
use crate::report;

/// A loaded guest and a loaded host.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The guest.
    pub guest: Guest,
    /// The host.
    pub host: Host,
}

impl Pair {
    /// Loads both files.
    ///
    /// # Errors
    /// If one of them cannot be used.
    pub fn load(guest: &Path, host: &Path) -> Result<Self, LoadError> {
        Ok(Self {
            guest: loader::guest(guest)?,
            host: loader::host(host)?,
        })
    }

    /// Opens a stream and a session on it.
    ///
    /// # Errors
    /// If the guest refuses the stream or the first buffer is above the limit.
    pub fn open(&self, config: &SessionConfig) -> Result<Session, StreamError> {
        let (guest, host) = (self.guest.api, self.host.api);
        // SAFETY: the spec borrows `config`; both tables were checked.
        Session::start(host.into(), |session, report| unsafe {
            (host.open)(&config.spec(), guest, session, report)
        })
    }

    /// Opens a session on an arm of the ladder. The step determines protocol and decoding;
    /// those of `config` are ignored.
    ///
    /// # Errors
    /// As for [`Self::open`], and if the stream's items are not prepared or different compilers
    /// built guest and host.
    pub fn open_step(&self, step: Step, config: &SessionConfig) -> Result<Session, StreamError> {
        let (guest, host) = (self.guest.api, self.host.api);
        // SAFETY: the spec borrows `config`; both tables were checked.
        Session::start(host.into(), |session, report| unsafe {
            (host.open_step)(step as u32, &config.spec(), guest, session, report)
        })
    }
}

impl Loaded<HostApi> {
    /// Opens a session on an arena handle from elsewhere, and takes ownership of it.
    ///
    /// # Errors
    /// If the handle cannot be driven or the first buffer is above the limit.
    ///
    /// # Safety
    /// `handle` must be null, or an arena stream handle that nobody else uses and whose library
    /// stays loaded.
    pub unsafe fn adopt(
        &self,
        config: &SessionConfig,
        handle: *mut StreamHandle,
    ) -> Result<Session, StreamError> {
        // SAFETY: the spec borrows `config`, the table was checked, and the caller hands over
        // the handle.
        Session::start(self.api.into(), |session, report| unsafe {
            (self.api.adopt)(&config.spec(), handle, session, report)
        })
    }
}

/// The functions of a host's table that a session needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionCalls {
    pub(crate) drain: unsafe extern "C" fn(*mut c_void, u64, *mut DrainReport) -> i32,
    pub(crate) guest_counts: unsafe extern "C" fn(*const c_void, *mut GuestCounts) -> i32,
    pub(crate) close: unsafe extern "C" fn(*mut c_void),
}

impl From<&HostApi> for SessionCalls {
    fn from(host: &HostApi) -> Self {
        Self {
            drain: host.drain,
            guest_counts: host.guest_counts,
            close: host.close,
        }
    }
}

/// An open session. Dropping it ends it.
#[derive(Debug)]
pub struct Session {
    host: SessionCalls,
    session: *mut c_void,
    report: Box<DrainReport>,
}

// SAFETY: a session owns its stream, whose producer is `Send`. It is neither `Clone` nor
// `Sync`, so that one thread at a time uses it.
unsafe impl Send for Session {}

impl Session {
    /// A session on what `open` opens: `(session, report) -> status`. The host's functions are
    /// those of the library that opens it.
    pub(crate) fn start(
        host: SessionCalls,
        open: impl FnOnce(*mut *mut c_void, *mut DrainReport) -> i32,
    ) -> Result<Self, StreamError> {
        let mut session = std::ptr::null_mut();
        let mut report = Box::new(DrainReport::default());
        if open(&mut session, &raw mut *report) == status::OK {
            Ok(Self {
                host,
                session,
                report,
            })
        } else {
            Err(report::read(&report).unwrap_or(StreamError::InvalidSpec))
        }
    }

    /// Takes up to `items` items. [`ENDLESS`](bench_protocol::spec::ENDLESS) means: until the
    /// stream ends. This is the function that harnesses time.
    ///
    /// # Errors
    /// If the guest fails or breaks the protocol.
    #[inline(never)]
    pub fn drain(&mut self, items: u64) -> Result<(), StreamError> {
        // SAFETY: the session is alive until `drop`, and only this call uses it and its
        // report.
        let status = unsafe { (self.host.drain)(self.session, items, &raw mut *self.report) };
        if status == status::OK {
            Ok(())
        } else {
            Err(self.fault())
        }
    }

    #[cold]
    fn fault(&self) -> StreamError {
        report::read(&self.report).unwrap_or(StreamError::InvalidSpec)
    }

    /// The host's counts after the last drain.
    #[must_use]
    pub fn counts(&self) -> HostCounts {
        self.report.counts
    }

    /// Whether the stream had ended cleanly after the last drain.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.report.ended != 0
    }

    /// The guest's counts; `None` unless the stream was opened as `counted`.
    #[must_use]
    pub fn guest_counts(&self) -> Option<GuestCounts> {
        let mut counts = GuestCounts::default();
        // SAFETY: the session is alive and borrowed by this call.
        let status = unsafe { (self.host.guest_counts)(self.session, &mut counts) };
        (status == status::OK).then_some(counts)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the session is alive, and this is its last use.
        unsafe { (self.host.close)(self.session) }
    }
}
