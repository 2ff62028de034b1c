//! Fidius' other channels: client stream, both streams, unary calls and host functions, as
//! released and with each side changed so that no item allocates.
//!
//! The plugin is the real one (`fidius-plugin`), with the items of every other guest. Of a
//! channel, who takes the items may be the plugin; it is then asked what it has seen.

mod arm;
mod callback;
mod client;
mod items;
mod kind;
mod lean;
mod pair;
mod pump;
mod unary;

use std::path::PathBuf;

use anyhow::{Result, bail};
use bench_protocol::payload::{Payload, PayloadVisitor};

use crate::pull::Stream;
use items::Items;

pub use arm::{Arm, after, arms, models, pumps};
pub use items::generated;
pub use kind::{AFTER, CAPACITIES, CAPACITY, Channel, LARGE, SIZES, Way};

/// Opens a channel from its [libraries](Arm::libraries).
///
/// # Errors
/// When the plugin cannot be loaded or refuses.
pub fn open(arm: &Arm, libraries: &[PathBuf], items: u64) -> Result<Box<dyn Stream>> {
    arm.payload.dispatch(Opener {
        arm: *arm,
        libraries,
        items,
    })
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
        if let (Way::Pair, [guest, host]) = (arm.way, self.libraries) {
            return pair::open(&arm, guest, host);
        }
        let items = Items::<P>::of(&arm);
        match (arm.channel, self.libraries) {
            (Channel::Pump, [library]) => pump::open::<P>(&arm, library, self.items),
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
