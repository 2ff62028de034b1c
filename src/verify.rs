//! Verification: a stream is drained once, and every item held against what the
//! payload's generator says, before anything of it is timed.

use bench_host::channels::OpenError;
use bench_host::error::StreamError;
use bench_host::pair::{Pair, Session};
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::digest::StreamDigest;
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::producer;
use bench_protocol::spec::{ENDLESS, Observe, SessionConfig, StreamConfig};
use bench_protocol::wire;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Group};
use bench_record::wire::{Counts, Verified};

/// Content bytes that a verification drains: enough for every item of a size
/// table where the items are small.
const BYTES: u64 = 8 << 20;
/// Items that a verification drains at most.
const ITEMS: u64 = 5_000;

/// What a stream must consist of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    pub items: u64,
    /// Their wire bytes.
    pub bytes: u64,
    pub digest: u64,
}

impl Expected {
    /// What the host counted of a stream.
    pub fn of(host: &HostCounts) -> Self {
        Self {
            items: host.items,
            bytes: host.bytes,
            digest: host.digest,
        }
    }

    /// As it goes into a record.
    pub fn verified(&self) -> Verified {
        Verified {
            items: self.items,
            bytes: self.bytes,
            digest: format!("{:016x}", self.digest),
        }
    }
}

/// A stream is not what it must be.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("{case}: {source}")]
    Stream { case: String, source: OpenError },
    #[error("{case}: the stream has {} items, {} bytes, digest {:016x}; the generator says {} items, {} bytes, digest {:016x}",
        found.items, found.bytes, found.digest, expected.items, expected.bytes, expected.digest)]
    Items {
        case: String,
        found: Box<Expected>,
        expected: Box<Expected>,
    },
    #[error("{case}: host and guest disagree about {what}: {host} and {guest}")]
    Counts {
        case: String,
        what: &'static str,
        host: u64,
        guest: u64,
    },
}

/// A verified case, with the counts that need no tool.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verification {
    pub expected: Expected,
    pub host: HostCounts,
    /// Calls that found the end, and brought no item.
    pub end_calls: u64,
}

impl Verification {
    /// As it goes into a record.
    pub fn verified(&self) -> Verified {
        self.expected.verified()
    }

    /// The counts that need no tool, as they go into a record.
    pub fn counts(&self) -> Counts {
        let (host, items) = (&self.host, self.host.items.max(1) as f64);
        let arena = host.peak_capacity > 0;
        let of_arena = |bytes: u64| arena.then_some(bytes);
        Counts {
            boundary_calls_per_item: Some(self.calls_per_item()),
            retries: Some(host.retries),
            peak_capacity: of_arena(host.peak_capacity),
            final_capacity: of_arena(host.capacity),
            encoded_bytes: Some(host.bytes),
            retried_bytes: Some(host.retried_bytes),
            zeroed_bytes: of_arena(host.zeroed),
            moved_bytes: of_arena(host.moved),
            buffer_bytes: of_arena(host.allocated),
            mean_held: arena.then_some(host.held_sum as f64 / items),
            mean_share: arena.then_some(host.share_sum / items),
            ..Counts::default()
        }
    }

    /// Calls across the boundary per item, without those that find the end.
    fn calls_per_item(&self) -> f64 {
        let host = &self.host;
        let calls = host.calls.saturating_sub(self.end_calls) + host.frees;
        calls as f64 / host.items.max(1) as f64
    }
}

/// Drains the case's stream once, to its end, and checks it.
pub fn verify(pair: &Pair, case: &Case) -> Result<Verification, VerifyError> {
    verify_items(pair, case, case.items_for(BYTES, ITEMS))
}

/// The same for a stream of `items` items.
pub fn verify_items(pair: &Pair, case: &Case, items: u64) -> Result<Verification, VerifyError> {
    let config = case.session(items);
    let expected = expected(&config.stream);
    let open = |config: &SessionConfig| case.open(pair, config);
    let host = verify_session(&open, &|| case.id(), config, &expected)?;
    let end_calls = match case.group {
        Group::Channel(channel, _) => channel.end_calls(),
        _ => 1,
    };
    Ok(Verification {
        expected,
        host,
        end_calls,
    })
}

/// Drains a session's stream once, to its end, and holds it against `expected`;
/// what the host counted of it. `name` is what errors call it.
pub fn verify_session(
    open: &dyn Fn(&SessionConfig) -> Result<Session, OpenError>,
    name: &dyn Fn() -> String,
    mut config: SessionConfig,
    expected: &Expected,
) -> Result<HostCounts, VerifyError> {
    let wrong = |source| VerifyError::Stream {
        case: name(),
        source,
    };
    let stream = |error: StreamError| wrong(error.into());
    config.observe = Observe::Verify;
    config.stream.counted = true;
    let mut session = open(&config).map_err(wrong)?;
    session.drain(ENDLESS).map_err(stream)?;
    let host = session.counts();
    let found = Expected::of(&host);
    if found != *expected {
        let (found, expected) = (Box::new(found), Box::new(*expected));
        return Err(VerifyError::Items {
            case: name(),
            found,
            expected,
        });
    }
    let guest = session.guest_counts().unwrap_or_default();
    for (what, host, guest) in agreements(&host, &guest) {
        if host != guest {
            return Err(VerifyError::Counts {
                case: name(),
                what,
                host,
                guest,
            });
        }
    }
    // Once more, now that everything is counted: an ended stream must stay so.
    session.drain(1).map_err(stream)?;
    Ok(host)
}

/// What host and guest must have counted alike.
fn agreements(host: &HostCounts, guest: &GuestCounts) -> [(&'static str, u64, u64); 6] {
    [
        ("items", host.items, guest.items),
        ("calls", host.calls, guest.calls),
        ("bytes", host.bytes, guest.bytes),
        ("retries", host.retries, guest.too_small),
        ("retried bytes", host.retried_bytes, guest.retried_bytes),
        ("buffers", host.frees, guest.buffers),
    ]
}

/// What the generator says of a stream, encoded on this side alone.
pub fn expected(stream: &StreamConfig) -> Expected {
    struct Generate<'a>(&'a StreamConfig);
    impl PayloadVisitor for Generate<'_> {
        type Output = Expected;
        fn visit<P: Payload>(self) -> Expected {
            let StreamConfig {
                seed, sizes, items, ..
            } = self.0;
            let mut digest = StreamDigest::new();
            let mut expected = Expected::default();
            for view in producer::views::<P>(*seed, sizes, *items) {
                let item = wire::serialize(&view).expect("generated items can be encoded");
                digest.item(&item);
                expected.items += 1;
                expected.bytes += item.len() as u64;
            }
            expected.digest = digest.finish();
            expected
        }
    }
    stream.payload.dispatch(Generate(stream))
}
