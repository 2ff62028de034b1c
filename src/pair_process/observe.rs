//! What is counted of a warm drain beside its instructions.

use bench_host::channels::OpenError;
use bench_host::pair::Pair;
use bench_protocol::spec::ENDLESS;

use crate::case::Case;
use crate::events::{self, Events};

/// Content bytes of the drain, and its items at most.
const BYTES: u64 = 8 << 20;
const ITEMS: u64 = 5_000;

/// Events of a case in this process, per item.
pub(super) fn per_item(pair: &Pair, case: &Case) -> Result<Events, OpenError> {
    let items = case.items_for(BYTES, ITEMS);
    let mut session = case.open(pair, &case.session(ENDLESS))?;
    session.drain(items)?;
    events::per_item(items, || Ok(session.drain(items)?))
}
