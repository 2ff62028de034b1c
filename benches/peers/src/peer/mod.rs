//! The peers: each a way to get a stream's items to somebody else, with the same
//! items and owned values at the end.

pub mod abi_stable;
pub mod arrow;
pub mod channel;
pub mod converted;
pub mod sessions;
pub mod socket;
pub mod stabby;
pub mod wasm;

use std::path::{Path, PathBuf};

use anyhow::Result;
use arena_bench::case::Case;
use arena_bench::pair::PairFiles;
use arena_bench::verify::{self, Expected};
use bench_host::loader;
use bench_host::pair::Pair;
use bench_protocol::payload::{Payload, PayloadKind, PayloadVisitor};
use bench_protocol::spec::{Decode, ENDLESS, ProducerKind, Protocol};
use bench_protocol::step::Step;
use bench_protocol::wire;
use serde::{Deserialize, Serialize};

use crate::pull::{Of, Stream};
use crate::{fidius, releases};
use sessions::Sessions;

/// Rows of Arrow's larger batches.
pub const BATCH: u64 = 1024;

/// A way to stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// Our guest by the arena protocol.
    Arena,
    /// Our guest by the alloc protocol.
    Alloc,
    /// Our guest by the arena protocol, encoding through a writer of its own.
    OwnWriter,
    /// A Fidius plugin's raw handle by our drain.
    FidiusRaw,
    /// A Fidius plugin by its own `call_streaming`.
    Fidius,
    /// An abi_stable guest.
    AbiStable,
    /// A stabby guest.
    Stabby,
    /// An Arrow C stream, 1,024 rows a batch.
    Arrow1024,
    /// An Arrow C stream, one row a batch.
    Arrow1,
    /// A WebAssembly guest in wasmtime.
    Wasm,
    /// A producer's process at the other end of a socket.
    Socket,
    /// A producer's thread at the other end of a channel.
    Channel,
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

    /// The libraries that it loads, in the order that [`Arm::open`] expects: those of
    /// the pair, and in `folder` those of others.
    #[must_use]
    pub fn libraries(&self, folder: &Path, pair: &PairFiles) -> Vec<PathBuf> {
        let file = |name: &str| {
            let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
            folder.join(format!("{prefix}{name}{suffix}"))
        };
        match self.peer {
            Peer::Arena | Peer::Alloc | Peer::OwnWriter => {
                vec![pair.guest.clone(), pair.host.clone()]
            }
            Peer::FidiusRaw => vec![file("fidius_plugin"), pair.host.clone()],
            Peer::Fidius => vec![file("fidius_plugin")],
            Peer::AbiStable => vec![file("abi_stable_guest")],
            Peer::Stabby => vec![file("stabby_guest")],
            Peer::Arrow1024 | Peer::Arrow1 => vec![file("arrow_guest")],
            Peer::Wasm | Peer::Socket | Peer::Channel => Vec::new(),
        }
    }

    /// Opens a stream. A producer that runs at the same time as its consumer
    /// makes `items` items; the others go on as long as they are asked.
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
                let plugin = fidius::Plugin::load(library, Some(plugin))?;
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
            (Peer::AbiStable, [library]) => abi_stable::open(library, kind, bytes),
            (Peer::Stabby, [library]) => stabby::open(library, kind, bytes),
            (Peer::Arrow1024, [library]) => arrow::open(library, kind, bytes, BATCH as u32),
            (Peer::Arrow1, [library]) => arrow::open(library, kind, bytes, 1),
            (Peer::Wasm, []) => wasm::open(kind, bytes),
            (Peer::Socket, []) => kind.dispatch(Framed { bytes, items }),
            (Peer::Channel, []) => kind.dispatch(Sent { bytes, items }),
            (peer, libraries) => {
                anyhow::bail!("{peer:?} does not load {} libraries", libraries.len())
            }
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

/// The place of a payload's method in the interfaces of our plugin, which have one for
/// each payload in the order of their numbers. To look it up by name, all symbols of
/// the library would be read in every process.
fn method(payload: PayloadKind) -> usize {
    payload as usize
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

struct Sent {
    bytes: u32,
    items: u64,
}

impl PayloadVisitor for Sent {
    type Output = Result<Box<dyn Stream>>;
    fn visit<P: Payload>(self) -> Self::Output {
        Ok(Of::<P, _>::boxed(channel::Channel::<P>::open(
            self.bytes, self.items,
        )))
    }
}

impl Peer {
    /// Every peer, in the order of the tables.
    pub const ALL: [Self; 12] = [
        Self::Arena,
        Self::Alloc,
        Self::OwnWriter,
        Self::FidiusRaw,
        Self::Fidius,
        Self::AbiStable,
        Self::Stabby,
        Self::Arrow1024,
        Self::Arrow1,
        Self::Wasm,
        Self::Socket,
        Self::Channel,
    ];

    /// The name in ids and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arena => "arena",
            Self::Alloc => "alloc",
            Self::OwnWriter => "arena-own-writer",
            Self::FidiusRaw => "fidius-raw",
            Self::Fidius => "fidius",
            Self::AbiStable => "abi-stable",
            Self::Stabby => "stabby",
            Self::Arrow1024 => "arrow-1024",
            Self::Arrow1 => "arrow-1",
            Self::Wasm => "wasm",
            Self::Socket => "socket",
            Self::Channel => "channel",
        }
    }

    /// Whether producer and consumer run at once, so that times jump with where
    /// the system puts them.
    #[must_use]
    pub fn runs_aside(self) -> bool {
        matches!(self, Self::Fidius | Self::Socket | Self::Channel)
    }

    /// Items of a drain that is timed, where it is not for the drain's time to say:
    /// a stream that is opened for each drain must outlast the wake of its producer,
    /// and batches come whole. `bytes` are those of an item.
    #[must_use]
    pub fn items_of_a_drain(self, bytes: u32) -> Option<u64> {
        match self {
            Self::Fidius => Some(512),
            Self::Socket | Self::Channel => Some(2048),
            Self::Arrow1024 => Some(BATCH * u64::from(1024 / bytes.max(1)).clamp(1, 32)),
            _ => None,
        }
    }

    /// Whether all of its code lies in the pair, which there are many link layouts of.
    #[must_use]
    pub fn is_the_pairs(self) -> bool {
        matches!(self, Self::Arena | Self::Alloc | Self::OwnWriter)
    }

    /// What it is, and by which release.
    #[must_use]
    pub fn describe(self) -> String {
        let by = |package: &str, what: &str| format!("{package} {}, {what}", releases::of(package));
        let fidius = releases::of("fidius");
        match self {
            Self::Arena => "this workbench's guest and host, arena protocol".to_owned(),
            Self::Alloc => "this workbench's guest and host, alloc protocol".to_owned(),
            Self::OwnWriter => {
                "the same by arena, but the guest hands bincode a writer of its own".to_owned()
            }
            Self::FidiusRaw => {
                format!("a Fidius {fidius} plugin, its raw handle, this workbench's drain")
            }
            Self::Fidius => {
                format!("a Fidius {fidius} plugin by `call_streaming` and `from_value`")
            }
            Self::AbiStable => by(
                "abi_stable",
                "a trait object that yields `RVec` and `RString`",
            ),
            Self::Stabby => by(
                "stabby",
                "its own `Iterator` that yields its own `Vec` and `String`",
            ),
            Self::Arrow1024 => by(
                "arrow",
                "C stream, 1,024 rows a batch, a value made of each row",
            ),
            Self::Arrow1 => by(
                "arrow",
                "C stream, one row a batch, a value made of each row",
            ),
            Self::Wasm => by(
                "wasmtime",
                "a core module written by hand in WAT and compiled by its Cranelift",
            ),
            Self::Socket => {
                "std's Unix socket pair, a process, length-prefixed frames, 64 KiB buffers"
                    .to_owned()
            }
            Self::Channel => by("crossbeam-channel", "bounded to 1,024, a thread"),
        }
    }

    /// What it demands of both sides.
    #[must_use]
    pub fn demands(self) -> &'static str {
        match self {
            Self::Arena | Self::OwnWriter => {
                "a C ABI, a handle of three pointers, one codec; a copy out of the buffer"
            }
            Self::Alloc => "a C ABI, one codec, and the guest's allocator for each buffer",
            Self::FidiusRaw => "Fidius' macros and an interface crate; a copy out of the buffer",
            Self::Fidius => "Fidius on both sides, a pump thread, an async runtime, serde values",
            Self::AbiStable | Self::Stabby => {
                "shared Rust types of the framework, on both sides; no encoding, no copy"
            }
            Self::Arrow1024 => {
                "a fixed schema, columns, many rows at once before the first is seen"
            }
            Self::Arrow1 => "a fixed schema, columns; a batch's overhead for each row",
            Self::Wasm => {
                "a guest compiled to wasm, a runtime in the host; a copy out of its memory"
            }
            Self::Socket => "a process of its own, one codec, two copies through the kernel",
            Self::Channel => "one program: shared types, one allocator, no boundary at all",
        }
    }
}
