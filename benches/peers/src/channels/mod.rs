//! Fidius' other channels: client stream, both streams, unary calls and host functions, as
//! released and with each side changed so that no item allocates.
//!
//! The plugin is the real one (`fidius-plugin`), with the items of every other guest. Of a
//! channel, who takes the items may be the plugin; it is then asked what it has seen.

mod callback;
mod client;
mod kind;
mod lean;
mod unary;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use arena_bench::case::{ByteSize, Case};
use arena_bench::verify::Expected;
use bench_protocol::digest::StreamDigest;
use bench_protocol::payload::{Payload, PayloadKind, PayloadVisitor};
use bench_protocol::producer::lend_constant;
use bench_protocol::spec::Protocol;
use bench_protocol::wire;
use bench_record::wire::Params;
use fidius_host::{LoadedPlugin, loader};
use serde::{Deserialize, Serialize};

use crate::peer::Library;
use crate::pull::Stream;

pub use kind::{AFTER, Channel, LARGE, SIZES, Way};

/// Items after which the contents repeat.
const REPEAT: usize = crate::peer::REPEAT as usize;

/// One arm: a channel, which sides of it are changed, and the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The channel.
    pub channel: Channel,
    /// What is changed.
    pub way: Way,
    /// Number of the payload.
    kind: u32,
    /// Content bytes of an item.
    pub bytes: u32,
    /// Content bytes of one item that comes before all others; 0 for none.
    pub after: u32,
}

/// The arms that are measured: every way of every channel with every size, and those after a
/// large item.
pub fn arms() -> impl Iterator<Item = Arm> {
    let sizes = Channel::ALL.into_iter().flat_map(|channel| {
        let ways = channel.ways().iter();
        ways.flat_map(move |&way| SIZES.map(|size| Arm::new(channel, way, size)))
    });
    sizes.chain(after())
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

impl Arm {
    /// An arm of items of one size.
    #[must_use]
    pub fn new(channel: Channel, way: Way, (payload, bytes): (PayloadKind, u32)) -> Self {
        Self {
            channel,
            way,
            kind: payload as u32,
            bytes,
            after: 0,
        }
    }

    /// The same items in another way.
    #[must_use]
    pub fn by(self, way: Way) -> Self {
        Self { way, ..self }
    }

    /// The same items through another channel.
    #[must_use]
    pub fn through(self, channel: Channel) -> Self {
        Self { channel, ..self }
    }

    /// The same items after one of so many content bytes.
    #[must_use]
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }

    /// What an item is.
    ///
    /// # Panics
    /// Never: an arm is made of a payload.
    #[must_use]
    pub fn payload(&self) -> PayloadKind {
        PayloadKind::from_number(self.kind).expect("an arm is made of a payload")
    }

    /// The name of the arm, as case ids are written.
    #[must_use]
    pub fn id(&self) -> String {
        let item = Case::drain(self.payload(), self.bytes, Protocol::Arena).item();
        let (channel, way) = (self.channel.name(), self.way.name());
        let after = match self.after {
            0 => String::new(),
            bytes => format!("/after-{}", ByteSize(bytes.into())),
        };
        format!("channels/{item}/{channel}-{way}{after}")
    }

    /// What its id stands for.
    #[must_use]
    pub fn params(&self, items: u64) -> Params {
        Params {
            protocol: format!("{}-{}", self.channel.name(), self.way.name()),
            ..Case::drain(self.payload(), self.bytes, Protocol::Arena).params(items)
        }
    }

    /// Whether producer and consumer run at once.
    #[must_use]
    pub fn runs_aside(&self) -> bool {
        (self.channel, self.way) == (Channel::Bidi, Way::Released)
    }

    /// The libraries that it loads.
    #[must_use]
    pub fn libraries(&self) -> &'static [Library] {
        match (self.channel, self.way.changes_host()) {
            (Channel::Bidi, true) => &[Library::Package("fidius-plugin"), Library::Host],
            _ => &[Library::Package("fidius-plugin")],
        }
    }

    /// The plugin of the library.
    fn plugin(&self) -> &'static str {
        match (self.channel, self.way.changes_plugin()) {
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
    fn method(&self) -> Result<usize> {
        let place = SIZES
            .iter()
            .position(|(payload, _)| *payload == self.payload());
        place.with_context(|| format!("no channel has {}", self.payload().name()))
    }

    /// What `items` items of the stream must be.
    #[must_use]
    pub fn expected(&self, items: u64) -> Expected {
        self.payload().dispatch(Generator { arm: *self, items })
    }

    /// Opens the channel.
    ///
    /// # Errors
    /// When the plugin cannot be loaded or refuses.
    pub fn open(&self, libraries: &[PathBuf], items: u64) -> Result<Box<dyn Stream>> {
        let arm = *self;
        self.payload().dispatch(Opener {
            arm,
            libraries,
            items,
        })
    }
}

/// The items of an arm, which repeat.
#[derive(Debug)]
struct Items<P: Payload> {
    all: &'static [P::View; REPEAT],
    large: Option<P::View>,
}

impl<P: Payload> Clone for Items<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Payload> Copy for Items<P> {}

impl<P: Payload> Items<P> {
    fn of(arm: &Arm) -> Self {
        let all: Vec<P::View> = lend_constant::<P>(arm.bytes).take(REPEAT).collect();
        let all: &'static [P::View] = all.leak();
        let large = || lend_constant::<P>(arm.after).next();
        Self {
            all: all.try_into().expect("there are so many"),
            large: (arm.after > 0).then(large).flatten(),
        }
    }

    #[inline]
    fn item(&self, k: u64) -> P::View {
        self.all[k as usize % REPEAT]
    }

    /// So many, after the large one.
    fn take(self, items: u64) -> impl Iterator<Item = P::View> + Send + 'static {
        (0..items).map(move |k| self.item(k))
    }
}

struct Generator {
    arm: Arm,
    items: u64,
}

impl PayloadVisitor for Generator {
    type Output = Expected;
    fn visit<P: Payload>(self) -> Expected {
        let items = Items::<P>::of(&self.arm);
        // The plugin sees a host's stream whole; a call's large answer is nobody's item.
        let before = items.large.filter(|_| self.arm.channel == Channel::Client);
        let mut look = Look::default();
        for item in before.into_iter().chain(items.take(self.items)) {
            look.item(&item)
                .expect("the generator's items can be encoded");
        }
        look.seen()
    }
}

/// Hashes items that arrive.
#[derive(Default)]
struct Look {
    items: u64,
    bytes: u64,
    digest: StreamDigest,
}

impl Look {
    fn item<T: Serialize>(&mut self, item: &T) -> Result<()> {
        let encoded = wire::serialize(item)?;
        self.digest.item(&encoded);
        self.bytes += encoded.len() as u64;
        self.items += 1;
        Ok(())
    }

    fn seen(self) -> Expected {
        Expected {
            items: self.items,
            bytes: self.bytes,
            digest: self.digest.finish(),
        }
    }
}

/// What a plugin has seen, as it answers.
fn expected((items, bytes, digest): fidius_interface::channels::Seen) -> Expected {
    Expected {
        items,
        bytes,
        digest,
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
        let arm = self.arm;
        let items = Items::<P>::of(&arm);
        match (arm.channel, self.libraries) {
            (Channel::Client, [library]) => client::open(&arm, library, items),
            (Channel::Bidi, [library]) => client::pumped(&arm, library, items, self.items),
            (Channel::Bidi, [library, host]) => client::pulled(&arm, library, host, items),
            (Channel::Unary | Channel::UnaryArena, [library]) => unary::open(&arm, library, items),
            (Channel::Callback, [library]) => callback::open(&arm, library),
            (channel, libraries) => {
                bail!("{channel:?} does not load {} libraries", libraries.len())
            }
        }
    }
}

/// The plugin of an arm, as the framework loads it.
fn loaded(arm: &Arm, library: &Path) -> Result<LoadedPlugin> {
    let library = loader::load_library(library)?;
    let mut plugins = library.plugins.into_iter();
    let found = plugins.find(|plugin| plugin.info.name == arm.plugin());
    found.with_context(|| format!("no plugin {} in the library", arm.plugin()))
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

    #[test]
    fn the_items_are_those_of_the_server_streams() {
        for size in SIZES {
            let arm = Arm::new(Channel::Client, Way::Released, size);
            let peer = crate::peer::Arm::new(crate::peer::Peer::Arena, size.0, size.1);
            assert_eq!(arm.expected(700), peer.expected(700));
        }
    }
}
