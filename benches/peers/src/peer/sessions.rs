//! The workbench's own two protocols, and a Fidius plugin by our drain: streams
//! that are sessions of the pair's host.

use anyhow::Result;
use arena_bench::verify::Expected;
use bench_protocol::counts::HostCounts;
use bench_protocol::spec::Observe;

use crate::pull::Stream;
use arena_bench::guest::OpenStream;

/// Opens sessions that observe as they are told.
pub type Open = Box<dyn Fn(Observe) -> Result<Box<dyn OpenStream>>>;

/// A stream of sessions: one that is timed, another that verifies.
pub struct Sessions {
    open: Open,
    timed: Box<dyn OpenStream>,
}

impl Sessions {
    /// Opens the session that will be timed.
    ///
    /// # Errors
    /// When the guest refuses.
    pub fn boxed(open: Open) -> Result<Box<dyn Stream>> {
        let timed = open(Observe::Time)?;
        Ok(Box::new(Self { open, timed }))
    }
}

impl Stream for Sessions {
    fn drain(&mut self, items: u64) -> Result<()> {
        Ok(self.timed.drain(items)?)
    }

    fn verify(&mut self, items: u64) -> Result<Expected> {
        let mut session = (self.open)(Observe::Verify)?;
        session.drain(items)?;
        let HostCounts {
            items,
            bytes,
            digest,
            ..
        } = session.counts();
        Ok(Expected {
            items,
            bytes,
            digest,
        })
    }
}
