//! Which channels and ways there are: their names, and what each is.

use bench_protocol::channel;
use bench_protocol::payload::PayloadKind;
use serde::{Deserialize, Serialize};

/// The sizes that channels are measured at, content bytes.
pub const SIZES: [(PayloadKind, u32); 3] = [
    (PayloadKind::U64, 8),
    (PayloadKind::Record, 256),
    (PayloadKind::Blob, 4 << 10),
];
/// The items that come after a large one.
pub const AFTER: (PayloadKind, u32) = (PayloadKind::Blob, 64);
/// Content bytes of the large one.
pub const LARGE: [u32; 4] = [64, 4 << 10, 64 << 10, 1 << 20];

/// Capacities of the pump's channel, in items.
pub const CAPACITIES: [u32; 4] = [1, CAPACITY, 64, 1024];
/// That of the framework, which nobody can set.
pub const CAPACITY: u32 = 4;

/// A channel of Fidius, beside the server stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The plugin streams, through a pump like the framework's with a channel of another
    /// capacity.
    Pump,
    /// The host streams, the plugin answers once.
    Client,
    /// Both stream.
    Bidi,
    /// One answer a call, in a box of the plugin's.
    Unary,
    /// One answer a call, in a buffer of the host's.
    UnaryArena,
    /// The plugin calls the host.
    Callback,
}

/// Which sides of a channel are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// None: the release, by its own interface.
    Released,
    /// The host's: the released plugin, driven by a host that allocates nothing per item.
    Host,
    /// The plugin's: its macros on top of `fidius_interface::patched`, by the release's host.
    Plugin,
    /// Both.
    Both,
    /// None, but our drain pulls the plugin's stream, without a pump.
    Pull,
    /// None of them: the pair of this workbench, by its model of the release.
    Pair,
}

impl Channel {
    /// All that have a way beside the release's.
    pub const ALL: [Self; 5] = [
        Self::Client,
        Self::Bidi,
        Self::Unary,
        Self::UnaryArena,
        Self::Callback,
    ];

    /// The name in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pump => "pump",
            Self::Client => "client",
            Self::Bidi => "bidi",
            Self::Unary => "unary",
            Self::UnaryArena => "unary-arena",
            Self::Callback => "callback",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pump => "server stream",
            Self::Client => "client stream",
            Self::Bidi => "bidirectional",
            Self::Unary => "unary, plugin-allocated",
            Self::UnaryArena => "unary, arena",
            Self::Callback => "host function",
        }
    }

    /// The ways that it is measured in. A plugin-allocated answer leaves in a box whatever
    /// the plugin does; what the pump of the bidirectional channel costs hides the rest; and
    /// a changed client needs a host that lends its answers.
    pub fn ways(self) -> &'static [Way] {
        match self {
            Self::Client | Self::UnaryArena => {
                &[Way::Released, Way::Host, Way::Plugin, Way::Both, Way::Pair]
            }
            Self::Bidi => &[Way::Released, Way::Pull, Way::Host, Way::Both, Way::Pair],
            Self::Callback => &[Way::Released, Way::Host, Way::Both, Way::Pair],
            Self::Unary => &[Way::Released, Way::Host, Way::Pair],
            Self::Pump => &[],
        }
    }

    /// The pair's model of it: a channel there, and its way.
    pub fn modelled(self) -> Option<(channel::Channel, channel::Way)> {
        Some(match self {
            Self::Client => (channel::Channel::Client, channel::Way::Framework),
            Self::Bidi => (channel::Channel::Bidi, channel::Way::Framework),
            Self::Unary => (channel::Channel::Unary, channel::Way::Boxed),
            Self::UnaryArena => (channel::Channel::Unary, channel::Way::Pool),
            Self::Callback => (channel::Channel::Callback, channel::Way::Boxed),
            Self::Pump => return None,
        })
    }

    /// What the release does for each item.
    pub fn does(self) -> &'static str {
        match self {
            Self::Pump => {
                "a pump thread, a channel of four, a `Value` between the item and the user's type"
            }
            Self::Client => {
                "the plugin makes a zeroed buffer; the host encodes to a `Vec`, copies, drops it"
            }
            Self::Bidi => "as the client stream; then a pump thread, a channel of four, a `Value`",
            Self::Unary => "arguments in a `Vec`; the answer in a box, freed by a second call",
            Self::UnaryArena => {
                "arguments in a `Vec`; the whole lent buffer is cleared; the answer is encoded to a `Vec` and copied"
            }
            Self::Callback => {
                "arguments in a `Vec`; the host answers in a box; the plugin copies it to a `Vec` and has it freed"
            }
        }
    }
}

impl Way {
    /// The name in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Host => "host",
            Self::Plugin => "plugin",
            Self::Both => "both",
            Self::Pull => "pull",
            Self::Pair => "pair",
        }
    }

    /// What is changed of a channel, as an order to the framework's authors.
    pub fn change(self, channel: Channel) -> &'static str {
        match (channel, self) {
            (_, Self::Released | Self::Pair) | (Channel::Pump, _) => "nothing",
            (_, Self::Pull) => "host: let the caller pull, without pump and `Value`",
            (Channel::Client, Self::Host) => "host: encode into the plugin's buffer",
            (Channel::Client, Self::Plugin) => "plugin: keep the buffer from item to item",
            (Channel::Bidi, Self::Host) => {
                "host: encode into the plugin's buffer; let the caller pull, without pump and `Value`"
            }
            (Channel::Unary, Self::Host) => "host: encode short arguments on the stack",
            (Channel::UnaryArena, Self::Host) => {
                "host: do not clear the buffer; encode short arguments on the stack"
            }
            (Channel::UnaryArena, Self::Plugin) => "plugin: encode to a `Vec` that it keeps",
            (Channel::Callback, Self::Host) => "host: answer from a buffer that it keeps",
            (Channel::Callback, Self::Plugin | Self::Both) => {
                "both: the plugin also reads the answer in place, and keeps the `Vec` of its arguments"
            }
            (_, Self::Both | Self::Plugin) => "both",
        }
    }

    /// Whether the host is ours.
    pub fn changes_host(self) -> bool {
        matches!(self, Self::Host | Self::Both)
    }

    /// Whether the plugin is built on the changed modules.
    pub fn changes_plugin(self) -> bool {
        matches!(self, Self::Plugin | Self::Both)
    }
}
