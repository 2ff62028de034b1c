//! The workbench's own two protocols, and a Fidius plugin by our drain: streams
//! that are sessions of the pair's host.

use anyhow::Result;
use arena_bench::case::Case;
use arena_bench::guest::OpenStream;
use arena_bench::verify::Expected;
use bench_protocol::spec::{ENDLESS, Observe, SessionConfig};

use crate::pull::Stream;

/// Opens sessions as they are configured.
type Open = Box<dyn Fn(&SessionConfig) -> Result<Box<dyn OpenStream>>>;

/// A stream of sessions: one that is timed, another that verifies.
pub struct Sessions {
    case: Case,
    open: Open,
    timed: Box<dyn OpenStream>,
}

impl Sessions {
    /// Opens the session of a case that will be timed.
    ///
    /// # Errors
    /// When the guest refuses.
    pub fn boxed<S: OpenStream + 'static>(
        case: Case,
        open: impl Fn(&SessionConfig) -> Result<S> + 'static,
    ) -> Result<Box<dyn Stream>> {
        let open: Open = Box::new(move |config| Ok(Box::new(open(config)?)));
        let timed = open(&config(&case, Observe::Time))?;
        Ok(Box::new(Self { case, open, timed }))
    }
}

/// An endless session of a case.
fn config(case: &Case, observe: Observe) -> SessionConfig {
    let mut config = case.session(ENDLESS);
    config.observe = observe;
    config
}

impl Stream for Sessions {
    fn drain(&mut self, items: u64) -> Result<()> {
        Ok(self.timed.drain(items)?)
    }

    fn verify(&mut self, items: u64) -> Result<Expected> {
        let mut session = (self.open)(&config(&self.case, Observe::Verify))?;
        session.drain(items)?;
        Ok(Expected::of(&session.counts()))
    }
}
