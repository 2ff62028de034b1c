//! The peers: each a way to get a stream's items to somebody else, with the same
//! items and owned values at the end.

pub mod sessions;

use std::path::{Path, PathBuf};

use anyhow::Result;
use arena_bench::case::Case;
use arena_bench::pair::PairFiles;
use arena_bench::verify::{self, Expected};
use bench_host::pair::Pair;
use bench_protocol::payload::{Payload, PayloadKind, PayloadVisitor};
use bench_protocol::spec::{ENDLESS, ProducerKind, Protocol};
use bench_protocol::wire;
use serde::{Deserialize, Serialize};

use crate::fidius;
use crate::pull::{Of, Stream};
use sessions::Sessions;

/// A way to stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// Our guest by the arena protocol.
    Arena,
    /// Our guest by the alloc protocol.
    Alloc,
    /// A Fidius plugin's raw handle by our drain.
    FidiusRaw,
    /// A Fidius plugin by its own `call_streaming`.
    Fidius,
}

/// One arm: a peer with a payload, and who owns the items at the producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The way.
    pub peer: Peer,
    /// Number of the payload.
    kind: u32,
    /// Content bytes of an item.
    pub bytes: u32,
    /// Whether the producer allocates each item.
    pub owned: bool,
}

impl Arm {
    /// An arm of prepared items.
    #[must_use]
    pub fn new(peer: Peer, payload: PayloadKind, bytes: u32) -> Self {
        Self {
            peer,
            kind: payload as u32,
            bytes,
            owned: false,
        }
    }

    /// The same with a producer that allocates each item.
    #[must_use]
    pub fn owned(self) -> Self {
        Self { owned: true, ..self }
    }

    /// What an item is.
    ///
    /// # Panics
    /// Never: an arm is made of a payload.
    #[must_use]
    pub fn payload(&self) -> PayloadKind {
        PayloadKind::from_number(self.kind).expect("an arm is made of a payload")
    }

    /// The workbench's case with the same items.
    #[must_use]
    pub fn case(&self, protocol: Protocol) -> Case {
        let mut case = Case::drain(self.payload(), self.bytes, protocol);
        if self.owned {
            case.producer = ProducerKind::Owned;
        }
        case
    }

    /// What `items` items of the stream must be.
    #[must_use]
    pub fn expected(&self, items: u64) -> Expected {
        verify::expected(&self.case(Protocol::Arena).session(items).stream)
    }

    /// The name of the arm, as case ids are written.
    #[must_use]
    pub fn id(&self) -> String {
        let case = self.case(Protocol::Arena).id();
        case.replacen("arena", self.peer.name(), 1)
            .replacen("drain", "peers", 1)
    }

    /// The libraries that it loads, in the order that [`Arm::open`] expects.
    #[must_use]
    pub fn libraries(&self, folder: &Path) -> Vec<PathBuf> {
        let pair = PairFiles::in_folder(folder);
        let file = |name: &str| {
            let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
            folder.join(format!("{prefix}{name}{suffix}"))
        };
        match self.peer {
            Peer::Arena | Peer::Alloc => vec![pair.guest, pair.host],
            Peer::FidiusRaw => vec![file("fidius_plugin"), pair.guest, pair.host],
            Peer::Fidius => vec![file("fidius_plugin")],
        }
    }

    /// Opens an endless stream.
    ///
    /// # Errors
    /// When a library cannot be loaded or refuses.
    pub fn open(&self, libraries: &[PathBuf]) -> Result<Box<dyn Stream>> {
        let arm = *self;
        let plugin = if arm.owned { "OwnedItems" } else { "PreparedItems" };
        match (arm.peer, libraries) {
            (Peer::Arena, [guest, host]) => session(arm, Protocol::Arena, guest, host),
            (Peer::Alloc, [guest, host]) => session(arm, Protocol::Alloc, guest, host),
            (Peer::FidiusRaw, [library, guest, host]) => {
                let pair = Pair::load(guest, host)?;
                let plugin = fidius::Plugin::load(library, Some(plugin))?;
                let method = plugin.method(arm.payload().name())?;
                let arguments = wire::serialize(&(ENDLESS, arm.bytes))?;
                Sessions::boxed(Box::new(move |observe| {
                    let mut config = arm.case(Protocol::Arena).session(ENDLESS);
                    config.observe = observe;
                    Ok(Box::new(plugin.open(&pair, &config, method, &arguments)?))
                }))
            }
            (Peer::Fidius, [library]) => arm.payload().dispatch(Pumped {
                library,
                plugin,
                arm,
            }),
            (peer, libraries) => anyhow::bail!("{peer:?} does not load {} libraries", libraries.len()),
        }
    }
}

fn session(arm: Arm, protocol: Protocol, guest: &Path, host: &Path) -> Result<Box<dyn Stream>> {
    let pair = Pair::load(guest, host)?;
    Sessions::boxed(Box::new(move |observe| {
        let mut config = arm.case(protocol).session(ENDLESS);
        config.observe = observe;
        Ok(Box::new(pair.open(&config)?))
    }))
}

struct Pumped<'a> {
    library: &'a Path,
    plugin: &'a str,
    arm: Arm,
}

impl PayloadVisitor for Pumped<'_> {
    type Output = Result<Box<dyn Stream>>;
    fn visit<P: Payload>(self) -> Self::Output {
        let index = fidius::Plugin::load(self.library, Some(self.plugin))?.method(P::KIND.name())?;
        let arguments = (ENDLESS, self.arm.bytes);
        let source = fidius::pump::Pumped::open::<P>(self.library, self.plugin, index, &arguments)?;
        Ok(Of::<P, _>::boxed(source))
    }
}

impl Peer {
    /// Every peer, in the order of the tables.
    pub const ALL: [Self; 4] = [Self::Arena, Self::Alloc, Self::FidiusRaw, Self::Fidius];

    /// The name in ids and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arena => "arena",
            Self::Alloc => "alloc",
            Self::FidiusRaw => "fidius-raw",
            Self::Fidius => "fidius",
        }
    }
}
