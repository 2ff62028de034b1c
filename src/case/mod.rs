//! Cases: what is measured, by names that a person can type.
//!
//! A case is data. [`catalog`] lists those that exist, [`filter`] picks from
//! them, and [`Case::session`] says what to ask of a pair; nothing here
//! measures.

mod byte_size;
pub mod catalog;
pub mod filter;
pub mod plans;
pub mod recorded;

use std::fmt;

use bench_host::channels::OpenError;
use bench_host::pair::{Pair, Session};
use bench_protocol::channel::{Channel, Way};
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{
    BufferConfig, Decode, ENDLESS, ProducerKind, Protocol, SEED, SessionConfig, StreamConfig,
};

use serde::{Deserialize, Serialize};

use bench_record::wire::Params;

pub use byte_size::ByteSize;

/// What a case is about: the first word of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The cost of an item in a running stream.
    Drain,
    /// The cost of opening, cancelling and dropping a stream.
    Lifecycle(Stage),
    /// The cost of items that do not fit, from a stream's first item on.
    Growth,
    /// The cost of an item of another channel than the server stream.
    Channel(Channel, Way),
}

impl Group {
    /// What the host makes of an item where a name does not say it.
    pub fn usual_decode(self) -> Decode {
        match self {
            Self::Drain | Self::Lifecycle(_) | Self::Channel(..) => Decode::Owned,
            Self::Growth => Decode::None,
        }
    }
}

/// A part of a stream's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    OpenDrop,
    /// Open, take the first item, drop; the first item is what counts.
    FirstItem,
    /// Open, take one item, cancel while more would come.
    Cancel,
}

impl Stage {
    /// Every stage, in the order of a stream's life.
    pub const ALL: [Self; 3] = [Self::OpenDrop, Self::FirstItem, Self::Cancel];

    /// The name in case ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenDrop => "open-drop",
            Self::FirstItem => "first-item",
            Self::Cancel => "cancel",
        }
    }

    /// The stream that the stage opens, and the items that it takes of it: one of
    /// one item, or the first of a stream that would go on.
    pub fn stream(self, case: &Case) -> (SessionConfig, u64) {
        match self {
            Self::OpenDrop => (case.session(1), 0),
            Self::FirstItem => (case.session(1), 1),
            Self::Cancel => (case.session(ENDLESS), 1),
        }
    }
}

/// One case: payload, sizes, protocol and everything else that matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// What it is about.
    pub group: Group,
    /// What an item is.
    pub payload: PayloadKind,
    /// How its sizes run.
    pub plan: SizePlan,
    /// How an item's buffer is owned.
    pub protocol: Protocol,
    /// What the host makes of an item.
    pub decode: Decode,
    /// How the guest comes by it.
    pub producer: ProducerKind,
    /// How the host's buffer behaves.
    pub buffer: BufferConfig,
}

impl Case {
    /// A drain of items of one size: prepared, decoded to owned values.
    pub fn drain(payload: PayloadKind, bytes: u32, protocol: Protocol) -> Self {
        Self {
            group: Group::Drain,
            payload,
            plan: SizePlan::Constant { bytes },
            protocol,
            decode: Decode::Owned,
            producer: ProducerKind::Prepared,
            buffer: BufferConfig::default(),
        }
    }

    /// Content bytes of the largest item.
    ///
    /// # Panics
    /// If the plan is a recorded one without sizes.
    pub fn item_bytes(&self) -> u32 {
        match self.plan {
            SizePlan::Constant { bytes } => bytes,
            _ => self.plan.table(SEED).expect("the plan has sizes").max(),
        }
    }

    /// A channel with items of a plan: prepared, decoded to owned values by whoever takes them.
    pub fn channel(channel: Channel, way: Way, payload: PayloadKind, plan: SizePlan) -> Self {
        Self {
            group: Group::Channel(channel, way),
            plan,
            ..Self::drain(payload, 0, Protocol::Arena)
        }
    }

    /// Content bytes of the items that a stream goes on with: those of the last entry of its
    /// sizes.
    ///
    /// # Panics
    /// If the plan is a recorded one without sizes.
    pub fn later_bytes(&self) -> u32 {
        let sizes = self.plan.table(SEED).expect("the plan has sizes");
        sizes.sizes().last().copied().unwrap_or_default()
    }

    /// Payload and size as ids name them, such as `bytes-4KiB`.
    pub fn item(&self) -> String {
        let name = self.payload.name();
        match &self.plan {
            SizePlan::Constant { .. } if self.payload == PayloadKind::U64 => name.to_owned(),
            SizePlan::Constant { bytes } => format!("{name}-{}", ByteSize(u64::from(*bytes))),
            plan => format!("{name}-{}", plan.name()),
        }
    }

    pub fn id(&self) -> String {
        self.to_string()
    }

    /// The case of items of a plan that may not fit, by the arena. Nothing is
    /// decoded: what owned values cost depends on what the allocator has free, which
    /// is of the same order as growth itself.
    pub fn growth(plan: SizePlan, buffer: BufferConfig) -> Self {
        let group = Group::Growth;
        Self {
            group,
            plan,
            buffer,
            decode: group.usual_decode(),
            ..Self::drain(PayloadKind::Blob, 0, Protocol::Arena)
        }
    }

    /// The buffer's name in ids.
    pub fn buffer_name(&self) -> String {
        buffer_name(&self.buffer, plans::wire_bytes(self.item_bytes()))
    }

    /// The same case by another protocol; by alloc there is no buffer to
    /// configure.
    pub fn with_protocol(&self, protocol: Protocol) -> Self {
        let buffer = match protocol {
            Protocol::Arena => self.buffer,
            Protocol::Alloc => BufferConfig::default(),
        };
        Self {
            protocol,
            buffer,
            ..self.clone()
        }
    }

    /// What it is compared with in a run; itself where it is what others are compared with.
    pub fn baseline(&self) -> Self {
        match self.group {
            Group::Channel(channel, _) => Self {
                group: Group::Channel(channel, channel.ways()[0]),
                ..self.clone()
            },
            _ => self.with_protocol(Protocol::Alloc),
        }
    }

    /// Whether it is about items of a running stream.
    pub fn is_drain(&self) -> bool {
        self.group == Group::Drain
    }

    /// Whether it is about another channel than the server stream.
    pub fn is_channel(&self) -> bool {
        matches!(self.group, Group::Channel(..))
    }

    /// How its items cross, as ids and tables name it: the protocol, or the way of a channel.
    pub fn arm(&self) -> &'static str {
        match self.group {
            Group::Channel(_, way) => way.name(),
            _ => self.protocol.name(),
        }
    }

    /// Opens a session of this case on a pair.
    ///
    /// # Errors
    /// If the pair refuses.
    pub fn open(&self, pair: &Pair, session: &SessionConfig) -> Result<Session, OpenError> {
        match self.group {
            Group::Channel(channel, way) => pair.open_channel(channel, way, session),
            _ => Ok(pair.open(session)?),
        }
    }

    /// What to ask of a pair for a stream of `items` items.
    ///
    /// # Panics
    /// If the plan is a recorded one without sizes.
    pub fn session(&self, items: u64) -> SessionConfig {
        let sizes = self.plan.table(SEED).expect("the plan has sizes");
        let stream = StreamConfig {
            producer: self.producer,
            seed: SEED,
            items,
            ..StreamConfig::new(self.payload, sizes)
        };
        SessionConfig {
            decode: self.decode,
            buffer: self.buffer,
            ..SessionConfig::new(stream, self.protocol)
        }
    }

    /// Items that make about `bytes` bytes of content, at least two and at most
    /// `most`; of a growth case its whole stream, as its beginning is the case.
    pub fn items_for(&self, bytes: u64, most: u64) -> u64 {
        if self.group == Group::Growth {
            return plans::stream_items(&self.plan);
        }
        (bytes / u64::from(self.item_bytes().max(1))).clamp(2, most.max(2))
    }

    /// What the id stands for, as it goes into a record.
    pub fn params(&self, items: u64) -> Params {
        let arena = self.protocol == Protocol::Arena && !self.is_channel();
        let of_arena = |text: &str| if arena { text } else { "" }.to_owned();
        Params {
            payload: self.payload.name().to_owned(),
            item_bytes: u64::from(self.item_bytes()),
            size_plan: self.plan.name().to_owned(),
            protocol: self.arm().to_owned(),
            decode: self.decode.name().to_owned(),
            producer: self.producer.name().to_owned(),
            growth: of_arena(self.buffer.growth.name()),
            regrow: of_arena(self.buffer.regrow.name()),
            shrink: of_arena(self.buffer.shrink.name()),
            initial_capacity: u64::from(self.buffer.initial_capacity) * u64::from(arena),
            items,
        }
    }
}

impl fmt::Display for Case {
    /// Only what differs from the usual is in the id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = self.item();
        let protocol = self.protocol.name();
        match self.group {
            Group::Drain => write!(f, "drain/{payload}/{protocol}")?,
            Group::Lifecycle(stage) => {
                write!(f, "lifecycle/{payload}/{protocol}/{}", stage.name())?;
            }
            Group::Growth => {
                write!(f, "growth/{}/{protocol}", self.plan.name())?;
                if self.payload != PayloadKind::Blob {
                    write!(f, "/{}", self.payload.name())?;
                }
            }
            Group::Channel(channel, way) => {
                write!(f, "{}/{payload}/{}", channel.name(), way.name())?;
            }
        }
        if self.protocol == Protocol::Arena && self.group == Group::Growth {
            write!(f, "/{}", self.buffer_name())?;
        }
        if self.decode != self.group.usual_decode() {
            write!(f, "/{}", self.decode.name())?;
        }
        if self.producer != ProducerKind::Prepared {
            write!(f, "/{}-producer", self.producer.name())?;
        }
        Ok(())
    }
}

/// A buffer as ids and tables name it: the strategy, and what differs from the
/// usual. The stream's largest item, of so many bytes on the wire, is called `max`.
pub fn buffer_name(buffer: &BufferConfig, wire_max: u64) -> String {
    let usual = BufferConfig::default();
    let size = |bytes: u64| match bytes == wire_max {
        true => "max".to_owned(),
        false => ByteSize(bytes).to_string(),
    };
    let mut name = buffer.growth.name().to_owned();
    if plans::needs_maximum(buffer.growth) && buffer.growth_param != wire_max {
        name += &format!("-{}", size(buffer.growth_param));
    }
    if buffer.regrow != usual.regrow {
        name += &format!("/{}", buffer.regrow.name());
    }
    if buffer.shrink != usual.shrink {
        name += &format!("/{}-{}", buffer.shrink.name(), buffer.shrink_param);
    }
    if buffer.initial_capacity != usual.initial_capacity {
        name += &format!("/from-{}", size(u64::from(buffer.initial_capacity)));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_protocol::spec::{Growth, Shrink};

    #[test]
    fn ids_name_what_differs_from_the_usual() {
        let case = Case::drain(PayloadKind::Bytes, 4096, Protocol::Arena);
        assert_eq!(case.id(), "drain/bytes-4KiB/arena");
        let borrowed = Case {
            decode: Decode::Borrowed,
            ..case.clone()
        };
        assert_eq!(borrowed.id(), "drain/bytes-4KiB/arena/borrowed");
        let owned = Case {
            producer: ProducerKind::Owned,
            ..case.clone()
        };
        assert_eq!(owned.id(), "drain/bytes-4KiB/arena/owned-producer");
        let number = Case::drain(PayloadKind::U64, 8, Protocol::Alloc);
        assert_eq!(number.id(), "drain/u64/alloc");
        let plan = SizePlan::Uniform { from: 64, to: 99 };
        let presized = Case::growth(plan.clone(), plans::buffer(Growth::Presized, 107));
        assert_eq!(presized.id(), "growth/uniform/arena/presized");
        let hinted = Case::growth(plan.clone(), plans::buffer(Growth::Presized, 64));
        assert_eq!(hinted.id(), "growth/uniform/arena/presized-64B");
        let mut growth = Case::growth(plan, plans::buffer(Growth::Doubling, 107));
        assert_eq!(growth.id(), "growth/uniform/arena/doubling");
        growth.buffer.initial_capacity = 107;
        assert_eq!(growth.id(), "growth/uniform/arena/doubling/from-max");
        growth.buffer.shrink = Shrink::AfterSmall;
        growth.buffer.shrink_param = 64;
        growth.buffer.initial_capacity = 4096;
        assert_eq!(
            growth.id(),
            "growth/uniform/arena/doubling/after-small-64/from-4KiB"
        );
        assert_eq!(
            growth.with_protocol(Protocol::Alloc).id(),
            "growth/uniform/alloc"
        );
        let decoded = Case {
            decode: Decode::Owned,
            ..growth.with_protocol(Protocol::Alloc)
        };
        assert_eq!(decoded.id(), "growth/uniform/alloc/owned");
    }

    #[test]
    fn a_channels_case_is_named_by_its_channel_and_way_and_compared_with_the_frameworks() {
        let plan = SizePlan::Constant { bytes: 1024 };
        let case = Case::channel(Channel::Client, Way::Lend, PayloadKind::Bytes, plan);
        assert_eq!(case.id(), "client/bytes-1KiB/lend");
        assert_eq!(case.baseline().id(), "client/bytes-1KiB/framework");
        let plan = SizePlan::Spike {
            quiet: 64,
            spike: 1 << 20,
            at: 0,
        };
        let cliff = Case::channel(Channel::Unary, Way::Pool, PayloadKind::Blob, plan);
        assert_eq!(cliff.id(), "unary/blob-spike/pool");
        assert_eq!(cliff.baseline().id(), "unary/blob-spike/boxed");
        assert_eq!((cliff.item_bytes(), cliff.later_bytes()), (1 << 20, 64));
        let params = cliff.params(9);
        assert_eq!((&*params.protocol, &*params.growth), ("pool", ""));
    }

    #[test]
    fn growth_is_measured_without_decoding_and_its_record_says_so() {
        let plan = SizePlan::Uniform { from: 64, to: 99 };
        let arena = Case::growth(plan, BufferConfig::default());
        for case in [arena.with_protocol(Protocol::Alloc), arena] {
            assert_eq!(case.session(1).decode, Decode::None, "{case}");
            assert_eq!(case.params(1).decode, "none", "{case}");
        }
    }
}
