//! The channels of a pair: two more tables of its files, and safe sessions on them.

use bench_protocol::api::Header;
use bench_protocol::build_info::RawBuildInfo;
use bench_protocol::channel::api::{
    CHANNELS_ABI_VERSION, CHANNELS_LAYOUT, GUEST_CHANNELS_MAGIC, GUEST_CHANNELS_SYMBOL,
    GuestChannels, HOST_CHANNELS_MAGIC, HOST_CHANNELS_SYMBOL, HostChannels,
};
use bench_protocol::channel::{Channel, Way};
use bench_protocol::spec::SessionConfig;

use crate::error::StreamError;
use crate::loader::{self, LoadError, Table, table};
use crate::pair::{Pair, Session, SessionCalls};

table!(
    GuestChannels,
    GUEST_CHANNELS_SYMBOL,
    GUEST_CHANNELS_MAGIC,
    CHANNELS_ABI_VERSION,
    CHANNELS_LAYOUT
);
table!(
    HostChannels,
    HOST_CHANNELS_SYMBOL,
    HOST_CHANNELS_MAGIC,
    CHANNELS_ABI_VERSION,
    CHANNELS_LAYOUT
);

/// The tables of a guest and a host.
#[derive(Debug, Clone, Copy)]
pub struct Channels {
    /// The guest's.
    pub guest: &'static GuestChannels,
    /// The host's.
    pub host: &'static HostChannels,
}

impl Channels {
    /// The channels of a loaded pair.
    ///
    /// # Errors
    /// If one of its files has none, or others than this workbench knows.
    pub fn of(pair: &Pair) -> Result<Self, LoadError> {
        Ok(Self {
            guest: loader::load::<GuestChannels>(&pair.guest.path)?.api,
            host: loader::load::<HostChannels>(&pair.host.path)?.api,
        })
    }

    /// Opens a session on a channel. Protocol and growth strategy of the configuration are
    /// ignored, except for the host's buffers.
    ///
    /// # Errors
    /// If the channel has no such way, the items are not prepared, the guest refuses, or the first
    /// buffer is above the limit.
    pub fn open(
        &self,
        channel: Channel,
        way: Way,
        config: &SessionConfig,
    ) -> Result<Session, StreamError> {
        let Self { guest, host } = *self;
        let calls = SessionCalls {
            drain: host.drain,
            guest_counts: host.guest_counts,
            close: host.close,
        };
        // SAFETY: the spec borrows `config`; both tables were checked.
        Session::start(calls, |session, report| unsafe {
            let (channel, way) = (channel as u32, way as u32);
            (host.open)(channel, way, &config.spec(), guest, session, report)
        })
    }
}

/// Why no session could be opened on a pair's channel.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The pair has no channels.
    #[error("the pair has no channels: {0}")]
    Load(#[from] LoadError),
    /// The channel was not opened.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl Pair {
    /// As [`Channels::open`], with the channels of this pair.
    ///
    /// # Errors
    /// As there, and if the pair has no channels.
    pub fn open_channel(
        &self,
        channel: Channel,
        way: Way,
        config: &SessionConfig,
    ) -> Result<Session, OpenError> {
        Ok(Channels::of(self)?.open(channel, way, config)?)
    }
}
