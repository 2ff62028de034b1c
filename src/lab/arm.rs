//! An arm of the laboratory: an item, a way to hand it over, a codec and a way to decode; as
//! data, with an id.

use std::fmt;

use bench_protocol::lab::batch::PREFIX;
use bench_protocol::lab::spec::{Codec, Floor, LabConfig, Variant};
use bench_protocol::payload::{Payload, PayloadKind, PayloadVisitor};
use bench_protocol::producer;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{Decode, Protocol, SEED, SessionConfig};
use bench_protocol::wire;
use serde::{Deserialize, Serialize};

use crate::allocator::Allocators;
use crate::case::Case;

/// Content bytes of a checkpoint.
const CHECKPOINT: u32 = 64;

/// A kind of item: a payload and its content size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// What an item is.
    pub payload: PayloadKind,
    /// Content bytes.
    pub bytes: u32,
    /// Whether a small checkpoint record follows each item, as an item of its own. With `bytes`
    /// this is `table`: batches of rows in a `Vec<u8>`.
    pub checkpoints: bool,
}

impl Item {
    /// The case with the same stream.
    #[must_use]
    pub fn case(self, protocol: Protocol) -> Case {
        Case::drain(self.payload, self.bytes, protocol)
    }

    /// The name of the payload.
    #[must_use]
    pub fn payload_name(self) -> &'static str {
        match self.checkpoints {
            true => "table",
            false => self.payload.name(),
        }
    }

    /// Items after which their sizes repeat.
    #[must_use]
    pub fn period(self) -> u32 {
        if self.checkpoints { 2 } else { 1 }
    }

    /// Content bytes of an item, as a mean.
    #[must_use]
    pub fn mean_bytes(self) -> u32 {
        match self.checkpoints {
            true => (self.bytes + CHECKPOINT) / 2,
            false => self.bytes,
        }
    }

    /// The sizes of a stream.
    fn sizes(self, session: &mut SessionConfig) {
        if self.checkpoints {
            let sizes = vec![self.bytes, CHECKPOINT];
            let table = SizePlan::Recorded { sizes }.table(SEED);
            session.stream.sizes = table.expect("two sizes make a table");
        }
    }

    /// Bytes of an item on the wire, the checkpoints left out; all others of a stream have the
    /// same.
    #[must_use]
    pub fn wire_bytes(self) -> u32 {
        struct First(SessionConfig);
        impl PayloadVisitor for First {
            type Output = usize;
            fn visit<P: Payload>(self) -> usize {
                let stream = self.0.stream;
                let mut items = producer::views::<P>(stream.seed, &stream.sizes, 1);
                let item = items.next().expect("a stream of one item has one");
                wire::serialize(&item)
                    .expect("a prepared item encodes")
                    .len()
            }
        }
        let session = self.case(Protocol::Arena).session(1);
        self.payload.dispatch(First(session)) as u32
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = self.case(Protocol::Arena).item();
        match self.checkpoints {
            true => f.write_str(&item.replacen(self.payload.name(), self.payload_name(), 1)),
            false => f.write_str(&item),
        }
    }
}

/// How many items a batch has at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Batch {
    /// So many; the buffer has room for all of them.
    Items(u32),
    /// As many as fit into a buffer of [`ROOM`] bytes.
    Room,
}

/// Buffer of a batch that is limited by it alone, bytes.
pub const ROOM: u32 = 64 << 10;

/// A way to hand over an item, or the floor below all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Today's protocol, by the ordinary pair.
    Today(Protocol),
    /// A variant of the laboratory other than a batch.
    Variant(Variant),
    /// A batch.
    Batch(Batch),
    /// Work without a guest.
    Floor(Floor),
}

impl Way {
    /// The name in ids and tables.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Today(protocol) => protocol.name().to_owned(),
            Self::Variant(variant) => variant.name().to_owned(),
            Self::Batch(Batch::Items(items)) => format!("batch-{items}"),
            Self::Batch(Batch::Room) => format!("batch-{}KiB", ROOM >> 10),
            Self::Floor(floor) => floor.name().to_owned(),
        }
    }
}

/// An arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LabArm {
    /// What is handed over.
    pub item: Item,
    /// What the host makes of it.
    pub decode: Decode,
    /// How it is handed over.
    pub way: Way,
    /// What encodes and decodes it. Today's protocols have bincode alone.
    pub codec: Codec,
    /// Whether only a stream's first item is taken, in place of a running stream's items.
    pub first: bool,
    /// What guest and host allocate by.
    pub allocators: Allocators,
}

impl LabArm {
    /// The stable, readable id.
    #[must_use]
    pub fn id(&self) -> String {
        self.to_string()
    }

    /// The largest number of items of a call.
    #[must_use]
    pub fn items_per_call(&self) -> u32 {
        match self.way {
            Way::Batch(Batch::Items(items)) => items,
            Way::Batch(Batch::Room) => (ROOM / self.prefixed()).max(1),
            _ => 1,
        }
    }

    /// Items of whole calls after which the sizes repeat.
    #[must_use]
    pub fn unit(&self) -> u32 {
        let (call, period) = (self.items_per_call(), self.item.period());
        if call.is_multiple_of(period) {
            call
        } else {
            call * period
        }
    }

    /// Bytes of the items of a call at most, with their lengths.
    #[must_use]
    pub fn bytes_per_call(&self) -> u64 {
        u64::from(self.items_per_call()) * u64::from(self.prefixed())
    }

    /// Bytes of an item in a batch.
    fn prefixed(&self) -> u32 {
        self.item.wire_bytes() + PREFIX as u32
    }

    /// What to ask of the ordinary pair or, see [`Self::config`], of the laboratory's for a
    /// stream of so many items.
    #[must_use]
    pub fn session(&self, items: u64) -> SessionConfig {
        let protocol = match self.way {
            Way::Today(protocol) => protocol,
            _ => Protocol::Arena,
        };
        let mut session = self.item.case(protocol).session(items);
        session.decode = self.decode;
        session.stream.seed = SEED;
        self.item.sizes(&mut session);
        match self.way {
            Way::Batch(Batch::Items(items)) => {
                session.buffer.initial_capacity = self.prefixed().saturating_mul(items);
            }
            Way::Batch(Batch::Room) => session.buffer.initial_capacity = ROOM,
            _ => {}
        }
        session
    }

    /// What to ask of the laboratory's pair.
    #[must_use]
    pub fn config(&self, items: u64) -> LabConfig {
        LabConfig {
            session: self.session(items),
            variant: match self.way {
                Way::Variant(variant) => variant,
                Way::Batch(_) => Variant::Batch,
                Way::Today(_) | Way::Floor(_) => Variant::ArenaOwnWriter,
            },
            batch: match self.way {
                Way::Batch(Batch::Items(items)) => items,
                _ => u32::MAX,
            },
            codec: self.codec,
        }
    }
}

impl fmt::Display for LabArm {
    /// Only what differs from the usual is in the id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lab/{}/{}", self.item, self.way.name())?;
        if self.codec != Codec::Bincode {
            write!(f, "/{}", self.codec.name())?;
        }
        if self.decode != Decode::Owned {
            write!(f, "/{}", self.decode.name())?;
        }
        if self.first {
            f.write_str("/first-item")?;
        }
        if let Some(allocators) = self.allocators.id() {
            write!(f, "/{allocators}")?;
        }
        Ok(())
    }
}
