//! Which ways to stream there are: their names, and what each is and demands.

use bench_protocol::payload::PayloadKind;
use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};

use crate::releases;

/// The sizes that peers are measured at: one of each payload, content bytes.
pub const SIZES: [(PayloadKind, u32); 5] = [
    (PayloadKind::U64, 8),
    (PayloadKind::Record, 256),
    (PayloadKind::Bytes, 1 << 10),
    (PayloadKind::Blob, 4 << 10),
    (PayloadKind::F64s, 1 << 10),
];

/// Items after which the contents repeat.
pub const REPEAT: u64 = 256;

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
    /// A component of Fidius' wasm backend by the same `call_streaming`.
    FidiusWasm,
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

/// A library that a peer loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// The pair's guest.
    Guest,
    /// The pair's host.
    Host,
    /// That of a package in this workspace.
    Package(&'static str),
}

impl Peer {
    /// Every peer, in the order of the tables.
    pub const ALL: [Self; 13] = [
        Self::Arena,
        Self::Alloc,
        Self::OwnWriter,
        Self::FidiusRaw,
        Self::Fidius,
        Self::FidiusWasm,
        Self::AbiStable,
        Self::Stabby,
        Self::Arrow1024,
        Self::Arrow1,
        Self::Wasm,
        Self::Socket,
        Self::Channel,
    ];

    /// Those that this program was built with.
    pub fn built() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|peer| peer.lacks().is_none())
    }

    /// The feature of this package that it needs, where this program was built without.
    pub fn lacks(self) -> Option<&'static str> {
        let (feature, is_on) = match self {
            Self::Arena | Self::Alloc | Self::OwnWriter => return None,
            Self::FidiusRaw | Self::Fidius | Self::Socket => return None,
            Self::FidiusWasm => ("fidius-wasm", cfg!(feature = "fidius-wasm")),
            _ => ("others", cfg!(feature = "others")),
        };
        (!is_on).then_some(feature)
    }

    /// The name in ids and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arena => "arena",
            Self::Alloc => "alloc",
            Self::OwnWriter => "arena-own-writer",
            Self::FidiusRaw => "fidius-raw",
            Self::Fidius => "fidius",
            Self::FidiusWasm => "fidius-wasm",
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
    pub fn runs_aside(self) -> bool {
        matches!(
            self,
            Self::Fidius | Self::FidiusWasm | Self::Socket | Self::Channel
        )
    }

    /// Items of a timed drain, where its time does not decide: a stream that is opened
    /// for each drain must outlast its producer's wake-up, and batches come whole.
    /// `bytes` are those of an item.
    pub fn items_of_a_drain(self, bytes: u32) -> Option<u64> {
        let items =
            |all: u32, fewest, most| Some(u64::from(all / bytes.max(1)).clamp(fewest, most));
        match self {
            Self::Fidius => items(1 << 17, 128, 512),
            // An item of 4 KiB takes as long as hundreds by the other backend.
            Self::FidiusWasm => items(1 << 16, 16, 512),
            Self::Socket | Self::Channel => items(1 << 19, 256, 2048),
            Self::Arrow1024 => Some(BATCH * u64::from(1024 / bytes.max(1)).clamp(1, 32)),
            _ => None,
        }
    }

    /// The libraries that it loads, in the order that they are opened in.
    pub fn libraries(self) -> &'static [Library] {
        match self {
            Self::Arena | Self::Alloc | Self::OwnWriter => &[Library::Guest, Library::Host],
            Self::FidiusRaw => &[Library::Package("fidius-plugin"), Library::Host],
            Self::Fidius => &[Library::Package("fidius-plugin")],
            Self::AbiStable => &[Library::Package("abi-stable-guest")],
            Self::Stabby => &[Library::Package("stabby-guest")],
            Self::Arrow1024 | Self::Arrow1 => &[Library::Package("arrow-guest")],
            Self::FidiusWasm | Self::Wasm | Self::Socket | Self::Channel => &[],
        }
    }

    /// Why its code has one link layout only, where it has no library to link.
    pub fn why_one_layout(self) -> Option<&'static str> {
        match self {
            Self::Wasm | Self::FidiusWasm => Some("Cranelift compiles the guest"),
            Self::Socket | Self::Channel => Some("producer and consumer are in the executable"),
            _ => None,
        }
    }

    /// What it is, and by which release.
    pub fn describe(self) -> String {
        let what = match self {
            Self::Arena => "this workbench's guest and host, arena protocol",
            Self::Alloc => "this workbench's guest and host, alloc protocol",
            Self::OwnWriter => "the same by arena, but the guest hands bincode a writer of its own",
            Self::FidiusRaw => "a Fidius {fidius} plugin, its raw handle, this workbench's drain",
            Self::Fidius => "a Fidius {fidius} plugin by `call_streaming` and `from_value`",
            Self::FidiusWasm => {
                "a component by Fidius {fidius}'s wasm backend, wasmtime {wasmtime}, \
                 `call_streaming` and `from_value`; written by hand in WAT, compiled ahead of time"
            }
            Self::AbiStable => {
                "abi_stable {abi_stable}, a trait object that yields `RVec` and `RString`"
            }
            Self::Stabby => {
                "stabby {stabby}, its own `Iterator` that yields its own `Vec` and `String`"
            }
            Self::Arrow1024 => {
                "arrow {arrow}, C stream, 1,024 rows a batch, a value made of each row"
            }
            Self::Arrow1 => "arrow {arrow}, C stream, one row a batch, a value made of each row",
            Self::Wasm => {
                "wasmtime {wasmtime}, a core module written by hand in WAT and compiled by its \
                 Cranelift"
            }
            Self::Socket => {
                "std's Unix socket pair, a process, length-prefixed frames, 64 KiB buffers"
            }
            Self::Channel => "crossbeam-channel {crossbeam-channel}, bounded to 1,024, a thread",
        };
        // A package in braces stands for its release.
        let package = Regex::new(r"\{(.+?)\}").expect("it is a regular expression");
        let release = |found: &Captures<'_>| releases::of(&found[1]);
        package.replace_all(what, release).into_owned()
    }

    /// What it demands of both sides.
    pub fn demands(self) -> &'static str {
        match self {
            Self::Arena | Self::OwnWriter => {
                "a C ABI, a handle of three pointers, one codec; a copy out of the buffer"
            }
            Self::Alloc => "a C ABI, one codec, and the guest's allocator for each buffer",
            Self::FidiusRaw => "Fidius' macros and an interface crate; a copy out of the buffer",
            Self::Fidius => "Fidius on both sides, a pump thread, an async runtime, serde values",
            Self::FidiusWasm => {
                "Fidius on both sides, a guest compiled to wasm, a pump thread, two trees of values"
            }
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

/// The place of a payload's method in the interfaces of our plugin, which have one for
/// each payload in the order of their numbers. To look it up by name, all symbols of
/// the library would be read in every process.
pub fn method(payload: PayloadKind) -> usize {
    payload as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_of_a_package_is_described_by_its_release() {
        for (peer, package) in [
            (Peer::FidiusRaw, "fidius"),
            (Peer::Fidius, "fidius"),
            (Peer::FidiusWasm, "wasmtime"),
            (Peer::AbiStable, "abi_stable"),
            (Peer::Stabby, "stabby"),
            (Peer::Arrow1024, "arrow"),
            (Peer::Arrow1, "arrow"),
            (Peer::Wasm, "wasmtime"),
            (Peer::Channel, "crossbeam-channel"),
        ] {
            let described = peer.describe();
            assert!(described.contains(releases::of(package)), "{described}");
        }
    }
}
