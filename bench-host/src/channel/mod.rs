//! The host's side of the channels beside the server stream, as sessions.
//!
//! `producer` has the host's streams and `functions` its functions; `ledger` is what both note.
//! `consumed` lets the guest take the items, `both` drains a stream that takes the host's own, and
//! `unary` takes what a `method` answers.

use core::ffi::c_void;

use bench_protocol::api::{DrainReport, Header};
use bench_protocol::channel::api::{
    CHANNELS_ABI_VERSION, CHANNELS_LAYOUT, GuestChannels, HOST_CHANNELS_MAGIC, HostChannels,
};
use bench_protocol::channel::{Channel, Way};
use bench_protocol::spec::{Observe, ProducerKind, SessionConfig, SessionSpec};

use crate::drain::{Drain, observed};
use crate::error::StreamError;
use crate::table;

mod both;
mod consumed;
mod functions;
mod ledger;
mod method;
mod producer;
mod unary;

use both::Both;
use consumed::Consumed;
use method::Method;
use unary::{Boxed, Direct, Pool};

/// This host's table.
static API: HostChannels = HostChannels {
    header: Header {
        magic: HOST_CHANNELS_MAGIC,
        abi_version: CHANNELS_ABI_VERSION,
        table_size: size_of::<HostChannels>() as u32,
        layout: CHANNELS_LAYOUT,
    },
    build: bench_protocol::build_info!(),
    open,
    drain: table::drain,
    guest_counts: table::guest_counts,
    close: table::close,
};

/// Returns the table of the channels.
#[unsafe(no_mangle)]
pub extern "C" fn bench_host_channels() -> *const HostChannels {
    &raw const API
}

/// See [`HostChannels::open`].
///
/// # Safety
/// The spec must be valid, the guest's table checked; `out` and `report` must be writable.
unsafe extern "C" fn open(
    channel: u32,
    way: u32,
    spec: *const SessionSpec<'_>,
    guest: *const GuestChannels,
    out: *mut *mut c_void,
    report: *mut DrainReport,
) -> i32 {
    // SAFETY: by contract, the spec is valid, the table checked, and both places are writable.
    unsafe {
        table::store(out, report, || {
            let channel = Channel::from_number(channel).ok_or(StreamError::InvalidSpec)?;
            let way = Way::from_number(way).ok_or(StreamError::InvalidSpec)?;
            let config = (*spec).read().ok_or(StreamError::InvalidSpec)?;
            session(channel, way, &*guest, &config)
        })
    }
}

/// A session on a channel. Items are prepared; other producers are not modelled.
fn session(
    channel: Channel,
    way: Way,
    guest: &GuestChannels,
    config: &SessionConfig,
) -> Result<Box<dyn Drain>, StreamError> {
    if !channel.ways().contains(&way) || config.stream.producer != ProducerKind::Prepared {
        return Err(StreamError::InvalidSpec);
    }
    Ok(match channel {
        Channel::Client => Box::new(Consumed::client(way, guest, config)?),
        Channel::Callback => Box::new(Consumed::callback(way, guest, config)?),
        Channel::Bidi => Box::new(Both::open(way, guest, config)?),
        Channel::Unary => {
            let method = Method::open(way, guest, config)?;
            match (way, config.observe) {
                (Way::Boxed, _) => observed(Boxed::new(method), config),
                (Way::Pool, Observe::Time) => observed(Pool::<false>::new(method), config),
                (Way::Pool, Observe::Verify) => observed(Pool::<true>::new(method), config),
                (_, Observe::Time) => observed(Direct::<false>::new(method, config)?, config),
                (_, Observe::Verify) => observed(Direct::<true>::new(method, config)?, config),
            }
        }
    })
}
