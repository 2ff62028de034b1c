//! What the laboratory compares: the sets, each an item with a way to decode and its arms.

use bench_protocol::lab::spec::{Codec, Floor, Variant};
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::{Decode, Protocol};

use super::arm::{Batch, Item, LabArm, Way};

/// Items of a batch at most.
const BATCHES: [u32; 4] = [1, 8, 64, 512];
/// Bytes of a batch's buffer at most: larger batches of larger items say nothing new.
const LARGEST_BATCH: u64 = 4 << 20;

const fn item(payload: PayloadKind, bytes: u32) -> Item {
    Item { payload, bytes }
}

/// The items, each with the ways to decode it that differ, and whether a run in a hurry has it.
const ITEMS: [(Item, &[Decode], bool); 13] = [
    (item(PayloadKind::U64, 8), &[Decode::Owned], true),
    (item(PayloadKind::Record, 64), &BOTH, true),
    (item(PayloadKind::Record, 256), &BOTH, false),
    (item(PayloadKind::Bytes, 64), &[Decode::Owned], false),
    (item(PayloadKind::Bytes, 1 << 10), &BOTH, true),
    (item(PayloadKind::Bytes, 4 << 10), &[Decode::Owned], false),
    (item(PayloadKind::F64s, 1 << 10), &BOTH, false),
    (item(PayloadKind::Blob, 64), &[Decode::Owned], false),
    (item(PayloadKind::Blob, 4 << 10), &BOTH, false),
    (item(PayloadKind::Blob, 64 << 10), &BOTH, true),
    (item(PayloadKind::Text, 200), &[Decode::Owned], false),
    (item(PayloadKind::Text, 2 << 10), &[Decode::Owned], false),
    // A batch of rows in a `Vec<u8>`.
    (item(PayloadKind::Bytes, 256 << 10), &[Decode::Owned], false),
];

const BOTH: [Decode; 2] = [Decode::Owned, Decode::Borrowed];

/// An item, a way to decode it, and every arm that hands it over so. The first arm is today's
/// arena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// What is handed over.
    pub item: Item,
    /// What the host makes of it.
    pub decode: Decode,
    /// Whether a run in a hurry has it.
    pub quick: bool,
    /// The ways to hand it over, and the floors.
    pub arms: Vec<LabArm>,
}

impl Set {
    fn new(item: Item, decode: Decode, quick: bool) -> Self {
        let arm = |way, codec| LabArm {
            item,
            decode,
            way,
            codec,
            first: false,
        };
        let today = Protocol::ALL
            .iter()
            .map(|&it| arm(Way::Today(it), Codec::Bincode));
        let ways = |codec| ways(item).into_iter().map(move |way| arm(way, codec));
        let floors = Floor::ALL
            .iter()
            .map(|&it| arm(Way::Floor(it), Codec::Bincode));
        let fastest = arm(Way::Floor(Floor::Codec), Codec::Wincode);
        let arms = today
            .chain(ways(Codec::Bincode))
            .chain(ways(Codec::Wincode).filter(|arm| by_wincode(arm.way)))
            .chain(floors)
            .chain([fastest])
            .collect();
        Self {
            item,
            decode,
            quick,
            arms,
        }
    }

    /// The name in ids and filters: `record-64B`, or `record-64B/borrowed`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.decode {
            Decode::Owned => self.item.to_string(),
            decode => format!("{}/{}", self.item, decode.name()),
        }
    }

    /// The arms whose first item is timed: what hands over one item a call, and the batches.
    #[must_use]
    pub fn firsts(&self) -> Vec<LabArm> {
        let arms = self.arms.iter().filter(|arm| {
            let batch = matches!(arm.way, Way::Batch(_));
            let usual = arm.way == Way::Today(Protocol::Arena);
            arm.codec == Codec::Bincode && arm.decode == Decode::Owned && (batch || usual)
        });
        arms.map(|arm| LabArm {
            first: true,
            ..*arm
        })
        .collect()
    }
}

/// The laboratory's ways to hand over such an item.
fn ways(item: Item) -> Vec<Way> {
    let variants = Variant::ALL.iter().copied();
    let singles = variants
        .filter(|it| *it != Variant::Batch)
        .map(Way::Variant);
    let fits = |items: &u32| u64::from(*items) * u64::from(item.bytes) <= LARGEST_BATCH;
    let batches = BATCHES.into_iter().filter(fits).map(Batch::Items);
    let batches = batches.chain([Batch::Room]).map(Way::Batch);
    singles.chain(batches).collect()
}

/// Whether a way is compared with the other codec as well: where the codec could change which
/// way is the best.
fn by_wincode(way: Way) -> bool {
    match way {
        Way::Variant(variant) => matches!(
            variant,
            Variant::AllocOwnWriter | Variant::Unboxed | Variant::SinglePass | Variant::Lend
        ),
        Way::Batch(batch) => matches!(batch, Batch::Items(64) | Batch::Room),
        _ => false,
    }
}

/// Every set.
#[must_use]
pub fn sets() -> Vec<Set> {
    let sets = |&(item, decodes, quick): &(Item, &[Decode], bool)| {
        let set = move |&decode| Set::new(item, decode, quick && decode == Decode::Owned);
        decodes.iter().map(set).collect::<Vec<_>>()
    };
    ITEMS.iter().flat_map(sets).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_arm_has_an_id_of_its_own_and_every_set_begins_with_todays_arena() {
        let mut ids = BTreeSet::new();
        for set in sets() {
            assert_eq!(
                set.arms[0].way,
                Way::Today(Protocol::Arena),
                "{}",
                set.name()
            );
            for arm in set.arms.iter().chain(&set.firsts()) {
                assert!(ids.insert(arm.id()), "{arm} occurs twice");
            }
        }
        for id in [
            "lab/u64/arena",
            "lab/record-64B/batch-64KiB/wincode",
            "lab/blob-64KiB/lend/borrowed",
            "lab/u64/batch-512/first-item",
            "lab/blob-64KiB/copy/borrowed",
        ] {
            assert!(ids.contains(id), "{id}");
        }
    }

    #[test]
    fn a_batch_has_room_for_its_items() {
        for set in sets() {
            for arm in &set.arms {
                let (items, buffer) = (arm.items_per_call(), arm.session(1).buffer);
                if matches!(arm.way, Way::Batch(_)) && items > 1 {
                    let room = u64::from(buffer.initial_capacity);
                    let needed = u64::from(items) * u64::from(set.item.wire_bytes() + 4);
                    assert!(room >= needed && room <= 2 * LARGEST_BATCH, "{arm}");
                }
            }
        }
    }
}
