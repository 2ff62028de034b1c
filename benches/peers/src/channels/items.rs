//! The items of the channels, and a look at those that arrive.

use arena_bench::verify::Expected;
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::producer::lend_constant;

use super::arm::Arm;
use super::kind::Channel;
use crate::pull::Look;

/// Items after which the contents repeat.
const REPEAT: usize = crate::peer::REPEAT as usize;

/// What `items` items of an arm must be.
pub fn generated(arm: &Arm, items: u64) -> Expected {
    arm.payload.dispatch(Generator { arm: *arm, items })
}

/// The items of an arm, which repeat.
#[derive(Debug)]
pub(super) struct Items<P: Payload> {
    all: &'static [P::View; REPEAT],
    pub large: Option<P::View>,
}

impl<P: Payload> Clone for Items<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Payload> Copy for Items<P> {}

impl<P: Payload> Items<P> {
    pub fn of(arm: &Arm) -> Self {
        let all: Vec<P::View> = lend_constant::<P>(arm.bytes).take(REPEAT).collect();
        let all: &'static [P::View] = all.leak();
        let large = || lend_constant::<P>(arm.after).next();
        Self {
            all: all.try_into().expect("there are so many"),
            large: (arm.after > 0).then(large).flatten(),
        }
    }

    #[inline]
    pub fn item(&self, k: u64) -> P::View {
        self.all[k as usize % REPEAT]
    }

    /// So many, without the large one.
    pub fn take(self, items: u64) -> impl Iterator<Item = P::View> + Send + 'static {
        (0..items).map(move |k| self.item(k))
    }
}

struct Generator {
    arm: Arm,
    items: u64,
}

impl PayloadVisitor for Generator {
    type Output = Expected;
    fn visit<P: Payload>(self) -> Expected {
        let items = Items::<P>::of(&self.arm);
        // The plugin sees a host's stream whole; a call's large answer is nobody's item.
        let before = items.large.filter(|_| self.arm.channel == Channel::Client);
        let mut look = Look::default();
        for item in before.into_iter().chain(items.take(self.items)) {
            look.item(&item)
                .expect("the generator's items can be encoded");
        }
        look.seen()
    }
}

/// What a plugin has seen, as it answers.
pub(super) fn expected((items, bytes, digest): fidius_interface::channels::Seen) -> Expected {
    Expected {
        items,
        bytes,
        digest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::{SIZES, Way};
    use crate::peer::{self, Peer};

    #[test]
    fn the_items_are_those_of_the_server_streams() {
        for size in SIZES {
            let arm = Arm::new(Channel::Client, Way::Released, size);
            let peer = peer::Arm::new(Peer::Arena, size.0, size.1);
            assert_eq!(generated(&arm, 700), peer.expected(700));
        }
    }
}
