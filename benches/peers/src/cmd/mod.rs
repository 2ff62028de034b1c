//! The verbs, one file each.

pub mod bisect;
mod calling;
mod choice;
pub mod claims;
pub mod compare;
pub mod guest;
pub mod list;
pub mod methods;
pub mod report;
pub mod run;
pub mod verify;

use crate::channels;
use crate::peer::{Arm, Peer, SIZES};
use crate::work::Work;

/// Everything that can be measured and whose id matches a filter: every way to stream with
/// every payload, the same without decoding and with an owning producer where Fidius' claims
/// are about the boundary alone, and Fidius' other channels.
fn matching(filter: Option<&regex::Regex>) -> Vec<Work> {
    let mut all: Vec<Work> = Vec::new();
    for (payload, bytes) in SIZES {
        all.extend(Peer::built().map(|peer| Work::from(Arm::new(peer, payload, bytes))));
        for peer in [Peer::Arena, Peer::Alloc, Peer::FidiusRaw] {
            let arm = Arm::new(peer, payload, bytes);
            all.extend([Work::from(arm.raw()), arm.owned().into()]);
        }
        all.push(Arm::new(Peer::Fidius, payload, bytes).owned().into());
    }
    all.extend(channels::arms().map(Work::from));
    all.retain(|work| filter.is_none_or(|filter| filter.is_match(&work.id())));
    all
}
