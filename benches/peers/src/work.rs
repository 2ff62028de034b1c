//! What a process drains: a peer's stream, or a channel of Fidius'.

use std::path::PathBuf;

use anyhow::Result;
use arena_bench::verify::Expected;
use bench_protocol::spec::Protocol;
use bench_record::wire::Params;
use serde::{Deserialize, Serialize};

use crate::channels;
use crate::peer::{self, BATCH, Library, Peer, REPEAT};
use crate::pull::Stream;

/// Items of a timed drain where a thread has to start and end with it.
const WHOLE_STREAM: u64 = 512;

/// An arm of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// A way to stream.
    Peer(peer::Arm),
    /// A channel of Fidius'.
    Channel(channels::Arm),
}

impl From<peer::Arm> for Work {
    fn from(arm: peer::Arm) -> Self {
        Self::Peer(arm)
    }
}

impl From<channels::Arm> for Work {
    fn from(arm: channels::Arm) -> Self {
        Self::Channel(arm)
    }
}

impl Work {
    /// The name, as case ids are written.
    pub fn id(&self) -> String {
        match self {
            Self::Peer(arm) => arm.id(),
            Self::Channel(arm) => arm.id(),
        }
    }

    /// What its id stands for.
    pub fn params(&self, items: u64) -> Params {
        match self {
            Self::Peer(arm) => Params {
                protocol: arm.peer.name().to_owned(),
                ..arm.case(Protocol::Arena).params(items)
            },
            Self::Channel(arm) => arm.params(items),
        }
    }

    /// Opens it from its [libraries](Self::libraries).
    ///
    /// # Errors
    /// When a library cannot be loaded or refuses.
    pub fn open(&self, libraries: &[PathBuf], items: u64) -> Result<Box<dyn Stream>> {
        match self {
            Self::Peer(arm) => arm.open(libraries, items),
            Self::Channel(arm) => channels::open(arm, libraries, items),
        }
    }

    /// What `items` items of it must be.
    pub fn expected(&self, items: u64) -> Expected {
        match self {
            Self::Peer(arm) => arm.expected(items),
            Self::Channel(arm) => channels::generated(arm, items),
        }
    }

    /// Whether producer and consumer run at once, so that times jump with where the system
    /// puts them.
    pub fn runs_aside(&self) -> bool {
        match self {
            Self::Peer(arm) => arm.peer.runs_aside(),
            Self::Channel(arm) => arm.runs_aside(),
        }
    }

    /// The libraries that it loads, in the order that they are opened in.
    pub fn libraries(&self) -> &'static [Library] {
        match self {
            Self::Peer(arm) => arm.peer.libraries(),
            Self::Channel(arm) => arm.libraries(),
        }
    }

    /// Why its code has one link layout only, where it has no library to link.
    pub fn why_one_layout(&self) -> Option<&'static str> {
        match self {
            Self::Peer(arm) => arm.peer.why_one_layout(),
            Self::Channel(_) => None,
        }
    }

    /// Items of a timed drain, where its time does not decide.
    pub fn items_of_a_drain(&self) -> Option<u64> {
        match self {
            Self::Peer(arm) => arm.peer.items_of_a_drain(arm.bytes),
            Self::Channel(arm) => arm.runs_aside().then_some(WHOLE_STREAM),
        }
    }

    /// Content bytes of an item.
    pub fn bytes(&self) -> u32 {
        match self {
            Self::Peer(arm) => arm.bytes,
            Self::Channel(arm) => arm.bytes,
        }
    }

    /// Items after which everything repeats.
    pub fn repeat(&self) -> u64 {
        match self {
            Self::Peer(arm) if arm.peer == Peer::Arrow1024 => BATCH,
            _ => REPEAT,
        }
    }
}
