//! A pair: a guest and a host cdylib, and safe sessions of the one on the other.
//!
//! Every harness goes through here, so that all of them run the machine code of
//! the two loaded files and none of its own.

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
    /// The plugin side.
    pub guest: Guest,
    /// The driving side.
    pub host: Host,
}

impl Pair {
    /// Loads both files.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn load(guest: &Path, host: &Path) -> Result<Self, LoadError> {
        Ok(Self {
            guest: loader::guest(guest)?,
            host: loader::host(host)?,
        })
    }

    /// Opens a stream and a session on it.
    ///
    /// # Errors
    /// When the guest refuses the stream or the first buffer is above the limit.
    pub fn open(&self, config: &SessionConfig) -> Result<Session, StreamError> {
        let guest = self.guest.api;
        // SAFETY: the spec borrows `config`; both tables were checked.
        Session::start(self.host.api, |host, session, report| unsafe {
            (host.open)(&config.spec(), guest, session, report)
        })
    }

    /// Opens a session on an arm of the ladder; of `config`, `protocol` and
    /// `decode` are the step's to say.
    ///
    /// # Errors
    /// As for [`Self::open`]; and when the stream is not one of prepared items,
    /// or guest and host come of different compilers.
    pub fn open_step(&self, step: Step, config: &SessionConfig) -> Result<Session, StreamError> {
        let guest = self.guest.api;
        // SAFETY: the spec borrows `config`; both tables were checked.
        Session::start(self.host.api, |host, session, report| unsafe {
            (host.open_step)(step as u32, &config.spec(), guest, session, report)
        })
    }

    /// See [`Host::adopt`](Loaded::adopt).
    ///
    /// # Errors
    /// When the handle cannot be driven or the first buffer is above the limit.
    ///
    /// # Safety
    /// `handle` must be null or an arena stream handle that nobody else uses, of
    /// a library that stays loaded.
    pub unsafe fn adopt(
        &self,
        config: &SessionConfig,
        handle: *mut StreamHandle,
    ) -> Result<Session, StreamError> {
        // SAFETY: the caller's promise is the same.
        unsafe { self.host.adopt(config, handle) }
    }
}

impl Loaded<HostApi> {
    /// Opens a session on an arena handle made elsewhere, which it then owns.
    ///
    /// # Errors
    /// When the handle cannot be driven or the first buffer is above the limit.
    ///
    /// # Safety
    /// `handle` must be null or an arena stream handle that nobody else uses, of
    /// a library that stays loaded.
    pub unsafe fn adopt(
        &self,
        config: &SessionConfig,
        handle: *mut StreamHandle,
    ) -> Result<Session, StreamError> {
        // SAFETY: the spec borrows `config`, the table was checked, and the
        // caller gives the handle away.
        Session::start(self.api, |host, session, report| unsafe {
            (host.adopt)(&config.spec(), handle, session, report)
        })
    }
}

/// An open session; it ends when dropped.
#[derive(Debug)]
pub struct Session {
    host: &'static HostApi,
    session: *mut c_void,
    report: Box<DrainReport>,
}

// SAFETY: a session owns its stream, whose producer is `Send`, and is used from
// one thread at a time: it is neither `Clone` nor `Sync`.
unsafe impl Send for Session {}

impl Session {
    fn start(
        host: &'static HostApi,
        open: impl FnOnce(&HostApi, *mut *mut c_void, *mut DrainReport) -> i32,
    ) -> Result<Self, StreamError> {
        let mut session = std::ptr::null_mut();
        let mut report = Box::new(DrainReport::default());
        if open(host, &mut session, &raw mut *report) == status::OK {
            Ok(Self {
                host,
                session,
                report,
            })
        } else {
            Err(report::read(&report).unwrap_or(StreamError::InvalidSpec))
        }
    }

    /// Takes up to `items` items: the function that harnesses time.
    /// [`ENDLESS`](bench_protocol::spec::ENDLESS): until the stream ends.
    ///
    /// # Errors
    /// When the guest fails or breaks the protocol.
    #[inline(never)]
    pub fn drain(&mut self, items: u64) -> Result<(), StreamError> {
        // SAFETY: the session is alive until `drop`, and borrowed by this call
        // alone; the report is this session's.
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

    /// What the host had counted when the last drain returned.
    #[must_use]
    pub fn counts(&self) -> HostCounts {
        self.report.counts
    }

    /// Whether the stream had ended cleanly when the last drain returned.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.report.ended != 0
    }

    /// What the guest has counted; `None` unless the stream was opened so.
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
