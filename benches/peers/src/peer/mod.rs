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

use std::path::PathBuf;

use anyhow::{Result, bail};
use arena_bench::case::Case;
use arena_bench::verify::{self, Expected};
use bench_host::loader;
use bench_host::pair::Pair;
use bench_protocol::payload::{Payload, PayloadKind, PayloadVisitor};
use bench_protocol::spec::{Decode, ENDLESS, ProducerKind, Protocol};
use bench_protocol::step::Step;
use bench_protocol::wire;
use serde::{Deserialize, Serialize};

use crate::fidius::{self, pump::Pumped};
use crate::pull::{Of, Stream};
use sessions::Sessions;
use socket::Frames;

use kind::method;
pub use kind::{BATCH, Library, Peer, REPEAT, SIZES};

/// One arm: a peer with a payload, and who owns the items at the producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The way.
    pub peer: Peer,
    /// What an item is.
    pub payload: PayloadKind,
    /// Content bytes of an item.
    pub bytes: u32,
    /// Whether the producer allocates each item.
    pub owned: bool,
    /// Whether the consumer takes the bytes as they are.
    pub raw: bool,
}

impl Arm {
    /// An arm of prepared items.
    pub fn new(peer: Peer, payload: PayloadKind, bytes: u32) -> Self {
        Self {
            peer,
            payload,
            bytes,
            owned: false,
            raw: false,
        }
    }

    /// The same items by another peer.
    pub fn by(self, peer: Peer) -> Self {
        Self { peer, ..self }
    }

    /// The same with a producer that allocates each item.
    pub fn owned(self) -> Self {
        Self {
            owned: true,
            ..self
        }
    }

    /// The same with a consumer that decodes nothing, for the peers that cross in
    /// encoded bytes and a session of ours.
    pub fn raw(self) -> Self {
        Self { raw: true, ..self }
    }

    /// The workbench's case with the same items.
    pub fn case(&self, protocol: Protocol) -> Case {
        let mut case = Case::drain(self.payload, self.bytes, protocol);
        if self.owned {
            case.producer = ProducerKind::Owned;
        }
        if self.raw {
            case.decode = Decode::None;
        }
        case
    }

    /// What `items` items of the stream must be.
    pub fn expected(&self, items: u64) -> Expected {
        verify::expected(&self.case(Protocol::Arena).session(items).stream)
    }

    /// The name of the arm, as case ids are written.
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
        self.payload.dispatch(Opener {
            arm: *self,
            libraries,
            items,
        })
    }
}

struct Opener<'a> {
    arm: Arm,
    libraries: &'a [PathBuf],
    items: u64,
}

impl PayloadVisitor for Opener<'_> {
    type Output = Result<Box<dyn Stream>>;
    fn visit<P: Payload>(self) -> Self::Output {
        let Self { arm, items, .. } = self;
        let (kind, bytes) = (arm.payload, arm.bytes);
        let plugin = match arm.owned {
            true => "OwnedItems",
            false => "PreparedItems",
        };
        let case = arm.case(match arm.peer {
            Peer::Alloc => Protocol::Alloc,
            _ => Protocol::Arena,
        });
        Ok(match (arm.peer, self.libraries) {
            (Peer::Arena | Peer::Alloc, [guest, host]) => {
                let pair = Pair::load(guest, host)?;
                Sessions::boxed(case, move |config| Ok(pair.open(config)?))?
            }
            (Peer::OwnWriter, [guest, host]) => {
                let pair = Pair::load(guest, host)?;
                Sessions::boxed(
                    case,
                    move |config| Ok(pair.open_step(Step::Writer, config)?),
                )?
            }
            (Peer::FidiusRaw, [library, host]) => {
                let host = loader::host(host)?;
                let plugin = fidius::Plugin::load(library, plugin, &[])?;
                let arguments = wire::serialize(&(ENDLESS, bytes))?;
                Sessions::boxed(case, move |config| {
                    // SAFETY: the methods of our plugin take two numbers.
                    Ok(unsafe { plugin.open(&host, config, method(kind), &arguments)? })
                })?
            }
            (Peer::Fidius, [library]) => {
                let arguments = (items, bytes);
                Of::<P, _>::boxed(Pumped::open::<P>(
                    library,
                    plugin,
                    method(kind),
                    &arguments,
                )?)
            }
            (Peer::Socket, []) => Of::<P, _>::boxed(Frames::open(kind, bytes, items)?),
            #[cfg(feature = "others")]
            (Peer::AbiStable, [library]) => abi_stable::open(library, kind, bytes)?,
            #[cfg(feature = "others")]
            (Peer::Stabby, [library]) => stabby::open(library, kind, bytes)?,
            #[cfg(feature = "others")]
            (Peer::Arrow1024, [library]) => arrow::open(library, kind, bytes, BATCH as u32)?,
            #[cfg(feature = "others")]
            (Peer::Arrow1, [library]) => arrow::open(library, kind, bytes, 1)?,
            #[cfg(feature = "others")]
            (Peer::Wasm, []) => Of::<P, _>::boxed(wasm::Wasm::open(kind, bytes)?),
            #[cfg(feature = "fidius-wasm")]
            (Peer::FidiusWasm, files) => fidius_wasm::open::<P>(bytes, items, files)?,
            #[cfg(feature = "others")]
            (Peer::Channel, []) => Of::<P, _>::boxed(channel::Channel::<P>::open(bytes, items)),
            (peer, libraries) => match peer.lacks() {
                Some(feature) => bail!(
                    "{} is not in this build: build with `--features {feature}`",
                    peer.name()
                ),
                None => bail!("{peer:?} does not load {} libraries", libraries.len()),
            },
        })
    }
}
