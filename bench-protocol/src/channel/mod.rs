//! The channels beside the server stream: how else a value crosses between a host and a guest.
//!
//! | channel | who makes the items | who asks |
//! |---|---|---|
//! | `client` | the host | the guest, in one call for many items |
//! | `bidi` | the host; the guest gives each back | the host, and the guest inside of that call |
//! | `unary` | the guest | the host, once an item, with the item's number |
//! | `callback` | the host | the guest, once an item, with the item's number |
//!
//! Each has a [`Way`] that Fidius 0.5 goes, which its other ways are compared with, and ways
//! without an allocation per item. What the ways of a channel have in common:
//!
//! - The statuses are those of [`status`](crate::status), items are encoded as everywhere. Bytes
//!   that come with `PLUGIN_ERROR` are a [`PluginError`](crate::error::PluginError).
//! - On `BUFFER_TOO_SMALL`, who lent the buffer lends a larger one, once.
//! - Nobody unwinds across the boundary.
//! - A handle belongs to who is given it, even if the call that gives it is refused. Its
//!   `drop_fn` runs once.
//! - A stream is in one call at a time. One that is called from inside of its own call answers
//!   [`REENTERED`] and stays as it is, so that calls cannot recurse.
//!
//! The channels have tables and symbols of their own ([`api`]), so that a pair or a guest
//! without them is still one.

use serde::{Deserialize, Serialize};

use crate::spec::boundary_enum;

pub mod api;
pub mod method;
pub mod wire;

/// The status of a call from inside of a call of the same stream.
pub const REENTERED: i32 = -6;

boundary_enum! {
    /// A channel; see the [module](self).
    Channel {
        /// The host streams, the guest takes.
        Client = 0 "client",
        /// Both stream at once.
        Bidi = 1 "bidi",
        /// One answer of the guest for each call.
        Unary = 2 "unary",
        /// One answer of the host for each call of the guest.
        Callback = 3 "callback",
    }
}

boundary_enum! {
    /// How the items of a channel cross.
    Way {
        /// Streams of the host, as Fidius has them: the guest makes a zeroed buffer for every
        /// item, of 256 bytes at first, then of the larger of what is needed and twice the
        /// last capacity, and never smaller. The host encodes each item to a `Vec`, and copies it.
        Framework = 0 "framework",
        /// Streams of the host: the guest keeps its buffer, and the host encodes into it.
        Reused = 1 "reused",
        /// The side that makes an item encodes it into a buffer that it keeps, and lends the
        /// bytes until it is called again.
        Lend = 2 "lend",
        /// Calls, as Fidius has them by default: arguments in a `Vec`, the answer in a box that a
        /// second call frees. A guest that calls the host also copies the answer to a `Vec`.
        Boxed = 3 "boxed",
        /// Calls of the guest, as Fidius has them with `buffer = Arena`: a pool of buffers of 4
        /// KiB, each zeroed over its whole capacity before a call. The guest encodes the answer to
        /// a `Vec` and copies it. If the buffer is too small, the method runs again.
        Pool = 4 "pool",
        /// Calls: the side that asks keeps a buffer, the other encodes into it. If it is too
        /// small, the answer is kept for the next call. Arguments are on the stack.
        Direct = 5 "direct",
    }
}

impl Channel {
    /// Its ways; the first is what the others are compared with.
    #[must_use]
    pub fn ways(self) -> &'static [Way] {
        match self {
            Self::Client => &[Way::Framework, Way::Reused, Way::Lend],
            Self::Bidi => &[Way::Framework, Way::Reused],
            Self::Unary => &[Way::Boxed, Way::Pool, Way::Direct],
            Self::Callback => &[Way::Boxed, Way::Lend, Way::Direct],
        }
    }

    /// Calls that find the end of a stream: they cross the boundary and bring no item.
    #[must_use]
    pub fn end_calls(self) -> u64 {
        match self {
            Self::Client => 1,
            Self::Bidi => 2,
            Self::Unary | Self::Callback => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_channel_has_a_way_twice_and_every_way_is_of_a_channel() {
        for &way in Way::ALL {
            let times = |channel: &Channel| channel.ways().iter().filter(|it| **it == way).count();
            let all: Vec<usize> = Channel::ALL.iter().map(times).collect();
            assert!(all.iter().all(|times| *times < 2), "{way:?}: {all:?}");
            assert!(all.contains(&1), "{way:?}");
        }
    }
}
