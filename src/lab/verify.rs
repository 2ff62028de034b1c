//! Holds an arm's stream against its payload's generator. Runs in children only.

use bench_protocol::spec::{ENDLESS, Observe};
use serde::{Deserialize, Serialize};

use super::arm::{LabArm, Way};
use super::open::Loaded;
use crate::verify::{Expected, expected};

/// Content bytes that a verification drains.
const BYTES: u64 = 1 << 20;
/// Items that a verification drains at most, but for one batch.
const ITEMS: u64 = 2_000;

/// A verified arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Its items.
    pub stream: Expected,
    /// Calls from host to guest, the one that found the end left out; those that freed a buffer
    /// included.
    pub calls: u64,
    /// Largest capacity of the host's buffer; 0 if it has none.
    pub peak_capacity: u64,
}

/// Drains the arm's stream once, to its end: whole batches, and at least so many items, or the usual
/// number.
///
/// # Errors
/// With the reason, if it is not what it must be.
pub(crate) fn verify(
    loaded: &Loaded,
    arm: &LabArm,
    items: Option<u64>,
) -> Result<Verified, String> {
    let batch = u64::from(arm.unit());
    let usual = (BYTES / u64::from(arm.item.mean_bytes())).clamp(2, ITEMS);
    let items = items.unwrap_or(usual);
    let items = items.next_multiple_of(batch);
    let said = |error: bench_host::error::StreamError| error.to_string();
    let mut session = loaded.open(arm, items, Observe::Verify).map_err(said)?;
    session.drain(ENDLESS).map_err(said)?;
    let host = session.counts();
    let expected = expected(&arm.session(items).stream);
    let found = Expected::of(&host);
    if found != expected {
        return Err(format!(
            "the stream is {found:?}, and the generator says {expected:?}"
        ));
    }
    let has_guest = !matches!(arm.way, Way::Floor(_));
    if let (true, Some(guest)) = (has_guest, session.guest_counts()) {
        let pairs = [
            ("items", host.items, guest.items),
            ("calls", host.calls, guest.calls),
            ("bytes", host.bytes, guest.bytes),
            ("retries", host.retries, guest.too_small),
            ("buffers", host.frees, guest.buffers),
        ];
        if let Some((what, host, guest)) = pairs.iter().find(|(_, host, guest)| host != guest) {
            return Err(format!(
                "host and guest disagree about {what}: {host} and {guest}"
            ));
        }
    } else if has_guest {
        return Err("the guest did not count".to_owned());
    }
    // An ended stream must stay so.
    session.drain(1).map_err(said)?;
    // What is timed has code of its own.
    let mut timed = loaded.open(arm, items, Observe::Time).map_err(said)?;
    timed.drain(ENDLESS).map_err(said)?;
    if timed.counts().items != items || !timed.ended() {
        let found = timed.counts().items;
        return Err(format!("a timed stream has {found} items and not {items}"));
    }
    Ok(Verified {
        stream: found,
        // A retry happens while the buffer grows, and is no part of a running stream.
        calls: (host.calls + host.frees).saturating_sub(host.retries + u64::from(has_guest)),
        peak_capacity: host.peak_capacity,
    })
}
