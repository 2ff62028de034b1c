//! Guests that this workbench did not make: any library whose streams speak the
//! arena protocol.
//!
//! What an item of theirs is, nobody here knows: items are counted, hashed and
//! timed as bytes. A foreign guest may crash, hang or lie, so [`process`] runs
//! everything of it in a child ([`child`]), which is told what to do by a
//! [`Target`] and a task. [`table`] knows the guests that export our own table;
//! other frameworks bring a [`Guest`] of their own. [`saved`] keeps a build to
//! hold later ones against, [`against`] says in what they are worse.

pub mod against;
pub mod child;
pub mod display;
pub mod measure;
pub mod process;
pub mod report;
pub mod saved;
pub mod table;

use std::path::PathBuf;

use anyhow::Result;
use bench_host::error::StreamError;
use bench_host::pair::Session;
use bench_protocol::counts::HostCounts;
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{Decode, ENDLESS, Observe, Protocol, SEED, SessionConfig, StreamConfig};
use serde::{Deserialize, Serialize};

use paired::job::ArmJob;

/// A foreign guest and what is asked of it; plain data, as it goes to a child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    #[serde(with = "paired::paths")]
    pub library: PathBuf,
    /// The host library; without one, the host that is part of this program.
    #[serde(default, with = "paired::paths::option")]
    pub host: Option<PathBuf>,
    /// The largest buffer that the guest may demand, bytes.
    pub memory_limit: u64,
    /// Which stream; only the guest's framework understands it.
    pub request: serde_json::Value,
}

impl Target {
    /// A session on this guest: its items are bytes, and end when they end.
    ///
    /// # Panics
    /// Never: a plan of one size has a size.
    pub fn session(&self, observe: Observe) -> SessionConfig {
        let sizes = SizePlan::Constant { bytes: 8 }.table(SEED);
        let sizes = sizes.expect("a plan of one size has a size");
        let stream = StreamConfig {
            items: ENDLESS,
            ..StreamConfig::new(PayloadKind::U64, sizes)
        };
        let mut config = SessionConfig::new(stream, Protocol::Arena);
        config.decode = Decode::None;
        config.observe = observe;
        config.buffer.memory_limit = self.memory_limit;
        config
    }

    /// As the workload of an arm of the paired runner, whose libraries are the guest, and
    /// the host where it is a library.
    pub fn workload(&self) -> serde_json::Value {
        serde_json::json!({ "guest": self })
    }

    /// The target of an arm: that of its workload, with the arm's own files.
    pub fn of_arm(&self, arm: &ArmJob) -> Result<Self> {
        let (library, host) = match arm.libraries.as_slice() {
            [library] => (library, None),
            [library, host] => (library, Some(host)),
            libraries => anyhow::bail!(
                "a guest and its host are at most two libraries, not {}",
                libraries.len()
            ),
        };
        Ok(Self {
            library: library.clone(),
            host: host.cloned(),
            ..self.clone()
        })
    }
}

/// An open stream of a foreign guest.
pub trait OpenStream {
    /// Takes up to so many items.
    fn drain(&mut self, items: u64) -> Result<(), StreamError>;
    fn counts(&self) -> HostCounts;
    fn ended(&self) -> bool;
}

impl OpenStream for Session {
    fn drain(&mut self, items: u64) -> Result<(), StreamError> {
        Session::drain(self, items)
    }
    fn counts(&self) -> HostCounts {
        Session::counts(self)
    }
    fn ended(&self) -> bool {
        Session::ended(self)
    }
}

/// A loaded foreign guest, whatever its framework.
pub trait Guest {
    /// Opens the stream that its target asks for.
    fn open(&self, observe: Observe) -> Result<Box<dyn OpenStream>>;
}

/// Loads a guest; each framework has one.
pub type Load = dyn Fn(&Target) -> Result<Box<dyn Guest>>;

/// The arm of the paired runner that drains a foreign guest. A stream that ends
/// is opened again, within the timed span, as every arm does alike.
pub struct Endless {
    guest: Box<dyn Guest>,
    stream: Option<Box<dyn OpenStream>>,
    taken: u64,
}

impl Endless {
    /// An arm on a loaded guest.
    pub fn new(guest: Box<dyn Guest>) -> Self {
        Self {
            guest,
            stream: None,
            taken: 0,
        }
    }
}

impl paired::child::Drive for Endless {
    fn drain(&mut self, items: u64) -> Result<()> {
        let mut left = items;
        while left > 0 {
            let stream = match &mut self.stream {
                Some(stream) => stream,
                None => {
                    self.taken = 0;
                    self.stream.insert(self.guest.open(Observe::Time)?)
                }
            };
            stream.drain(left)?;
            let (ended, counted) = (stream.ended(), stream.counts().items);
            anyhow::ensure!(!ended || counted > 0, "the stream has no items");
            left -= (counted - self.taken).min(left);
            self.taken = counted;
            if ended {
                self.stream = None;
            }
        }
        Ok(())
    }
}
