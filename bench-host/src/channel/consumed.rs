//! Sessions in which the guest takes the items: a drain is one call.

use core::ffi::c_void;
use std::sync::Arc;

use bench_protocol::api::DrainReport;
use bench_protocol::channel::api::GuestChannels;
use bench_protocol::channel::{REENTERED, Way};
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::spec::SessionConfig;
use bench_protocol::status;

use super::functions::Served;
use super::ledger::Ledger;
use super::producer;
use crate::drain::Drain;
use crate::error::{StreamError, of_status};
use crate::report;

/// A consumer of the guest, and what the host notes while it is called.
pub(super) struct Consumed {
    guest: GuestChannels,
    consumer: *mut c_void,
    ledger: Arc<Ledger>,
    counted: bool,
    report: Box<DrainReport>,
    /// Outlives the consumer.
    _served: Option<Served>,
}

impl Consumed {
    /// Lets the guest take the host's stream.
    pub(super) fn client(
        way: Way,
        guest: &GuestChannels,
        config: &SessionConfig,
    ) -> Result<Self, StreamError> {
        let ledger = Arc::default();
        let input = producer::open(way, &config.stream, &ledger).ok_or(StreamError::InvalidSpec)?;
        // SAFETY: the spec borrows `config`, the table was checked, and the handle is given away.
        Self::open(guest, config, ledger, None, |out| unsafe {
            (guest.open_client)(way as u32, &config.spec(), input, out)
        })
    }

    /// Lets the guest call the host's functions.
    pub(super) fn callback(
        way: Way,
        guest: &GuestChannels,
        config: &SessionConfig,
    ) -> Result<Self, StreamError> {
        let ledger = Arc::default();
        let served = Served::new(way, &config.stream, &ledger).ok_or(StreamError::InvalidSpec)?;
        let functions = served.as_ptr();
        // SAFETY: the spec borrows `config`, the table was checked, and the functions live as long
        // as the consumer.
        Self::open(guest, config, ledger, Some(served), |out| unsafe {
            (guest.open_callback)(way as u32, &config.spec(), functions, out)
        })
    }

    fn open(
        guest: &GuestChannels,
        config: &SessionConfig,
        ledger: Arc<Ledger>,
        served: Option<Served>,
        open: impl FnOnce(*mut *mut c_void) -> i32,
    ) -> Result<Self, StreamError> {
        let mut consumer = std::ptr::null_mut();
        let status = open(&mut consumer);
        if status != status::OK {
            return Err(StreamError::OpenFailed { status });
        }
        if consumer.is_null() {
            return Err(StreamError::NullHandle);
        }
        Ok(Self {
            guest: *guest,
            consumer,
            ledger,
            counted: config.stream.counted,
            report: Box::default(),
            _served: served,
        })
    }
}

impl Drain for Consumed {
    fn drain(&mut self, max: u64) -> Result<(), StreamError> {
        // SAFETY: the consumer is alive until `drop`, in no other call, and the report is
        // writable.
        let status = unsafe { (self.guest.take)(self.consumer, max, &raw mut *self.report) };
        if status == status::OK {
            // The guest may have gone on after an answer that was none.
            return self.ledger.fault().map_or(Ok(()), Err);
        }
        Err(self.ledger.fault().unwrap_or_else(|| match status {
            REENTERED => StreamError::Reentered,
            status::PLUGIN_ERROR => {
                report::read(&self.report).unwrap_or(StreamError::MalformedPluginError)
            }
            status => of_status(status),
        }))
    }

    fn counts(&self) -> HostCounts {
        self.report.counts
    }

    fn ended(&self) -> bool {
        self.report.ended != 0
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.counted.then(|| self.ledger.counts())
    }
}

impl Drop for Consumed {
    fn drop(&mut self) {
        // SAFETY: the consumer is this session's, and this is its last use.
        unsafe { (self.guest.close)(self.consumer) }
    }
}
