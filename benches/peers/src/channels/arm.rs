//! The arms of the channels: their ids, plugins and methods.

use anyhow::{Context, Result};
use arena_bench::case::{ByteSize, Case};
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::Protocol;
use bench_record::wire::Params;
use serde::{Deserialize, Serialize};

use super::kind::{AFTER, CAPACITIES, Channel, LARGE, SIZES, Way};
use crate::peer::Library;

/// One arm: a channel, which sides of it are changed, and the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The channel.
    pub channel: Channel,
    /// What is changed.
    pub way: Way,
    /// What an item is.
    pub payload: PayloadKind,
    /// Content bytes of an item.
    pub bytes: u32,
    /// Content bytes of one item that comes before all others; 0 for none.
    pub after: u32,
    /// Capacity of the pump's channel; 0 where there is none of ours.
    pub capacity: u32,
}

/// The arms that are measured: every way of every channel with every size, and those after a
/// large item.
pub fn arms() -> impl Iterator<Item = Arm> {
    let sizes = Channel::ALL.into_iter().flat_map(|channel| {
        let ways = channel.ways().iter();
        ways.flat_map(move |&way| SIZES.map(|size| Arm::new(channel, way, size)))
    });
    sizes.chain(after()).chain(pumps())
}

/// The arms of items after a large one: of the channels that keep something from item to item.
pub fn after() -> impl Iterator<Item = Arm> {
    [Channel::Client, Channel::UnaryArena]
        .into_iter()
        .flat_map(|channel| {
            let ways = [Way::Released, Way::Both].into_iter();
            ways.flat_map(move |way| LARGE.map(|large| Arm::new(channel, way, AFTER).after(large)))
        })
}

/// The arms of the server stream through pumps with channels of other capacities.
pub fn pumps() -> impl Iterator<Item = Arm> {
    CAPACITIES
        .into_iter()
        .map(|capacity| Arm::new(Channel::Pump, Way::Released, SIZES[0]).with(capacity))
}

/// The pair's models of the channels, with every size.
pub fn models() -> impl Iterator<Item = Arm> {
    Channel::ALL
        .into_iter()
        .flat_map(|channel| SIZES.map(|size| Arm::new(channel, Way::Pair, size)))
}

impl Arm {
    /// An arm of items of one size.
    pub fn new(channel: Channel, way: Way, (payload, bytes): (PayloadKind, u32)) -> Self {
        Self {
            channel,
            way,
            payload,
            bytes,
            after: 0,
            capacity: 0,
        }
    }

    /// The same items in another way.
    pub fn by(self, way: Way) -> Self {
        Self { way, ..self }
    }

    /// The same items through another channel.
    pub fn through(self, channel: Channel) -> Self {
        Self { channel, ..self }
    }

    /// What the pair's model of it must be at par with: the release where the consumer pulls.
    pub fn counterpart(self) -> Self {
        self.by(match self.channel {
            Channel::Bidi => Way::Pull,
            _ => Way::Released,
        })
    }

    /// The same items after one of so many content bytes.
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }

    /// The same items through a pump with a channel of so many.
    pub fn with(self, capacity: u32) -> Self {
        Self { capacity, ..self }
    }

    /// The name of the arm, as case ids are written.
    pub fn id(&self) -> String {
        let item = Case::drain(self.payload, self.bytes, Protocol::Arena).item();
        let (channel, way) = (self.channel.name(), self.way.name());
        let mut id = format!("channels/{item}/{channel}-{way}");
        if self.after > 0 {
            id += &format!("/after-{}", ByteSize(self.after.into()));
        }
        if self.capacity > 0 {
            id += &format!("/capacity-{}", self.capacity);
        }
        id
    }

    /// What its id stands for.
    pub fn params(&self, items: u64) -> Params {
        Params {
            protocol: format!("{}-{}", self.channel.name(), self.way.name()),
            ..Case::drain(self.payload, self.bytes, Protocol::Arena).params(items)
        }
    }

    /// Whether producer and consumer run at once.
    pub fn runs_aside(&self) -> bool {
        match self.channel {
            Channel::Pump => true,
            Channel::Bidi => self.way == Way::Released,
            _ => false,
        }
    }

    /// The libraries that it loads.
    pub fn libraries(&self) -> &'static [Library] {
        match (self.channel, self.way) {
            (_, Way::Pair) => &[Library::Guest, Library::Host],
            (Channel::Bidi, Way::Pull | Way::Host | Way::Both) => {
                &[Library::Package("fidius-plugin"), Library::Host]
            }
            _ => &[Library::Package("fidius-plugin")],
        }
    }

    /// The plugin of the library.
    pub(super) fn plugin(&self) -> &'static str {
        match (self.channel, self.way.changes_plugin()) {
            (Channel::Pump, _) => "PreparedItems",
            (Channel::Client, false) => "Consumes",
            (Channel::Client, true) => "PatchedConsumes",
            (Channel::Bidi, false) => "Echoes",
            (Channel::Bidi, true) => "PatchedEchoes",
            (Channel::Unary, _) => "Answers",
            (Channel::UnaryArena, false) => "AnswersInArena",
            (Channel::UnaryArena, true) => "PatchedAnswersInArena",
            (Channel::Callback, true) => "PatchedCallsBack",
            (Channel::Callback, false) if self.way.changes_host() => "CallsBackByTable",
            (Channel::Callback, false) => "CallsBack",
        }
    }

    /// The place of the payload's method in the interfaces of the channels.
    pub(super) fn method(&self) -> Result<usize> {
        let place = SIZES
            .iter()
            .position(|(payload, _)| *payload == self.payload);
        place.with_context(|| format!("no channel has {}", self.payload.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_all_arms_are_different_and_readable() {
        let mut ids: Vec<String> = arms().map(|arm| arm.id()).collect();
        assert!(
            ids.contains(&"channels/blob-4KiB/client-both".to_owned()),
            "{ids:?}"
        );
        assert!(ids.contains(&"channels/blob-64B/unary-arena-released/after-1MiB".to_owned()));
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
