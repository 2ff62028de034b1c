//! Every arm is held against its payload's generator before it is timed: all of
//! them carry items, also those that carry no bytes.

use bench_host::error::StreamError;
use bench_host::pair::Pair;
use bench_protocol::spec::{ENDLESS, Observe};
use bench_protocol::step::Step;

use super::LadderArm;
use crate::verify::{Expected, VerifyError, expected};
use bench_record::wire::Verified;

/// Content bytes that a verification drains.
const BYTES: u64 = 1 << 20;
/// Items that a verification drains at most.
const ITEMS: u64 = 2_000;

/// Drains the arm's stream once, to its end, and checks items, bytes, digest and
/// the calls that the guest saw.
pub fn verify(pair: &Pair, arm: &LadderArm) -> Result<Verified, VerifyError> {
    let stream = |source: StreamError| VerifyError::Stream {
        case: arm.id(),
        source: source.into(),
    };
    let mut config = arm.session(arm.case().items_for(BYTES, ITEMS));
    config.observe = Observe::Verify;
    config.stream.counted = true;
    let expected = expected(&config.stream);
    let mut session = pair.open_step(arm.step, &config).map_err(stream)?;
    session.drain(ENDLESS).map_err(stream)?;
    let counts = session.counts();
    let found = Expected::of(&counts);
    if found != expected {
        return Err(VerifyError::Items {
            case: arm.id(),
            found: Box::new(found),
            expected: Box::new(expected),
        });
    }
    if let (Step::Call | Step::SecondCall, Some(guest)) = (arm.step, session.guest_counts())
        && counts.calls != guest.calls
    {
        return Err(VerifyError::Counts {
            case: arm.id(),
            what: "calls",
            host: counts.calls,
            guest: guest.calls,
        });
    }
    Ok(expected.verified())
}
