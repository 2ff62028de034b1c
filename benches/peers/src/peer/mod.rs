//! The peers: each a way to get a stream's items to somebody else, with the same
//! items and owned values at the end.

#[cfg(feature = "others")]
pub mod abi_stable;
#[cfg(feature = "others")]
pub mod arrow;
#[cfg(feature = "others")]
pub mod channel;
#[cfg(feature = "others")]
pub mod converted;
#[cfg(feature = "fidius-wasm")]
pub mod fidius_wasm;
#[cfg(feature = "others")]
pub mod image;
mod kind;
pub mod sessions;
pub mod socket;
#[cfg(feature = "others")]
pub mod stabby;
#[cfg(feature = "others")]
pub mod wasm;

use std::path::{Path, PathBuf};

use anyhow::Result;
use arena_bench::case::Case;
use arena_bench::verify::{self, Expected};
use bench_host::loader;
use bench_host::pair::Pair;
use bench_protocol::payload::{Payload, PayloadKind, PayloadVisitor};
use bench_protocol::spec::{Decode, ENDLESS, ProducerKind, Protocol};
use bench_protocol::step::Step;
use bench_protocol::wire;
use serde::{Deserialize, Serialize};

use crate::fidius;
use crate::pull::{Of, Stream};
use sessions::Sessions;

use kind::method;
pub use kind::{BATCH, Library, Peer, REPEAT, SIZES};

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
    /// Whether the consumer takes the bytes as they are.
    pub raw: bool,
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
            raw: false,
        }
    }

    /// The same items by another peer.
    #[must_use]
    pub fn by(self, peer: Peer) -> Self {
        Self { peer, ..self }
    }

    /// The same with a producer that allocates each item.
    #[must_use]
    pub fn owned(self) -> Self {
        Self {
            owned: true,
            ..self
        }
    }

    /// The same with a consumer that decodes nothing, for the peers that cross in
    /// encoded bytes and a session of ours.
    #[must_use]
    pub fn raw(self) -> Self {
        Self { raw: true, ..self }
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
        if self.raw {
            case.decode = Decode::None;
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

    /// Opens a stream from the peer's [libraries](Peer::libraries). A producer that runs
    /// at the same time as its consumer makes `items` items; the others go on as long as
    /// they are asked.
    ///
    /// # Errors
    /// When a library cannot be loaded or refuses.
    pub fn open(&self, libraries: &[PathBuf], items: u64) -> Result<Box<dyn Stream>> {
        let arm = *self;
        let (kind, bytes) = (arm.payload(), arm.bytes);
        let plugin = if arm.owned {
            "OwnedItems"
        } else {
            "PreparedItems"
        };
        match (arm.peer, libraries) {
            (Peer::Arena, [guest, host]) => session(arm, Protocol::Arena, guest, host),
            (Peer::Alloc, [guest, host]) => session(arm, Protocol::Alloc, guest, host),
            (Peer::OwnWriter, [guest, host]) => {
                let pair = Pair::load(guest, host)?;
                Sessions::boxed(Box::new(move |observe| {
                    let mut config = arm.case(Protocol::Arena).session(ENDLESS);
                    config.observe = observe;
                    Ok(Box::new(pair.open_step(Step::Writer, &config)?))
                }))
            }
            (Peer::FidiusRaw, [library, host]) => {
                let host = loader::host(host)?;
                let plugin = fidius::Plugin::load(library, plugin, &[])?;
                let method = method(kind);
                let arguments = wire::serialize(&(ENDLESS, arm.bytes))?;
                Sessions::boxed(Box::new(move |observe| {
                    let mut config = arm.case(Protocol::Arena).session(ENDLESS);
                    config.observe = observe;
                    // SAFETY: the methods of our plugin take two numbers.
                    let stream = unsafe { plugin.open(&host, &config, method, &arguments)? };
                    Ok(Box::new(stream))
                }))
            }
            (Peer::Fidius, [library]) => kind.dispatch(Pumped {
                library,
                plugin,
                arguments: (items, bytes),
            }),
            (Peer::Socket, []) => kind.dispatch(Framed { bytes, items }),
            #[cfg(feature = "others")]
            (Peer::AbiStable, [library]) => abi_stable::open(library, kind, bytes),
            #[cfg(feature = "others")]
            (Peer::Stabby, [library]) => stabby::open(library, kind, bytes),
            #[cfg(feature = "others")]
            (Peer::Arrow1024, [library]) => arrow::open(library, kind, bytes, BATCH as u32),
            #[cfg(feature = "others")]
            (Peer::Arrow1, [library]) => arrow::open(library, kind, bytes, 1),
            #[cfg(feature = "others")]
            (Peer::Wasm, []) => kind.dispatch(wasm::Open { bytes }),
            #[cfg(feature = "fidius-wasm")]
            (Peer::FidiusWasm, []) => kind.dispatch(fidius_wasm::Open { bytes, items }),
            #[cfg(feature = "others")]
            (Peer::Channel, []) => kind.dispatch(Sent { bytes, items }),
            (peer, libraries) => match peer.lacks() {
                Some(feature) => anyhow::bail!(
                    "{} is not in this build: build with `--features {feature}`",
                    peer.name()
                ),
                None => anyhow::bail!("{peer:?} does not load {} libraries", libraries.len()),
            },
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
    arguments: (u64, u32),
}

impl PayloadVisitor for Pumped<'_> {
    type Output = Result<Box<dyn Stream>>;
    fn visit<P: Payload>(self) -> Self::Output {
        let (index, arguments) = (method(P::KIND), &self.arguments);
        let source = fidius::pump::Pumped::open::<P>(self.library, self.plugin, index, arguments)?;
        Ok(Of::<P, _>::boxed(source))
    }
}

struct Framed {
    bytes: u32,
    items: u64,
}

impl PayloadVisitor for Framed {
    type Output = Result<Box<dyn Stream>>;
    fn visit<P: Payload>(self) -> Self::Output {
        let source = socket::Frames::open(P::KIND, self.bytes, self.items)?;
        Ok(Of::<P, _>::boxed(source))
    }
}

#[cfg(feature = "others")]
struct Sent {
    bytes: u32,
    items: u64,
}

#[cfg(feature = "others")]
impl PayloadVisitor for Sent {
    type Output = Result<Box<dyn Stream>>;
    fn visit<P: Payload>(self) -> Self::Output {
        Ok(Of::<P, _>::boxed(channel::Channel::<P>::open(
            self.bytes, self.items,
        )))
    }
}
