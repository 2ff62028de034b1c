//! The laboratory's pair: a guest and a host cdylib, and safe sessions on them.

use std::path::Path;

use bench_protocol::lab::api::{LabGuestApi, LabHostApi};
use bench_protocol::lab::spec::{Floor, LabConfig};

use crate::error::StreamError;
use crate::loader::{self, LoadError, Loaded};
use crate::pair::{Session, SessionCalls};

/// A loaded guest and a loaded host of the laboratory.
#[derive(Debug, Clone)]
pub struct LabPair {
    /// The guest.
    pub guest: Loaded<LabGuestApi>,
    /// The host.
    pub host: Loaded<LabHostApi>,
}

impl LabPair {
    /// Loads both files. This runs the libraries' initialisers: load only libraries that you
    /// trust.
    ///
    /// # Errors
    /// If one of them cannot be used.
    pub fn load(guest: &Path, host: &Path) -> Result<Self, LoadError> {
        Ok(Self {
            guest: loader::load(guest)?,
            host: loader::load(host)?,
        })
    }

    /// Opens a stream and a session on it.
    ///
    /// # Errors
    /// If the guest refuses the stream, the first buffer is above the limit, or the
    /// configuration asks for batches of 0 items.
    pub fn open(&self, config: &LabConfig) -> Result<Session, StreamError> {
        let (guest, host) = (self.guest.api, self.host.api);
        // SAFETY: the spec borrows `config`; both tables were checked.
        Session::start(calls(host), |session, report| unsafe {
            (host.open)(&config.spec(), guest, session, report)
        })
    }

    /// Opens a session on a floor, which has no guest. Variant and batch are ignored.
    ///
    /// # Errors
    /// If the stream is not one of prepared items without faults.
    pub fn open_floor(&self, floor: Floor, config: &LabConfig) -> Result<Session, StreamError> {
        let host = self.host.api;
        // SAFETY: the spec borrows `config`; the table was checked.
        Session::start(calls(host), |session, report| unsafe {
            (host.open_floor)(floor as u32, &config.spec(), session, report)
        })
    }
}

fn calls(host: &LabHostApi) -> SessionCalls {
    SessionCalls {
        drain: host.drain,
        guest_counts: host.guest_counts,
        close: host.close,
    }
}
