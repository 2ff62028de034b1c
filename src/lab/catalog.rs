//! What the laboratory compares: the sets, each an item with a way to decode and its arms.

use bench_protocol::lab::spec::{Codec, Floor, Variant};
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::{Decode, Protocol};

use super::arm::{Batch, Item, LabArm, Way};
use crate::allocator::{Allocator, Allocators};

/// Items of a batch at most.
const BATCHES: [u32; 4] = [1, 8, 64, 512];
/// Bytes of a batch's buffer at most: larger batches of larger items say nothing new.
const LARGEST_BATCH: u64 = 4 << 20;

const fn item(payload: PayloadKind, bytes: u32) -> Item {
    Item {
        payload,
        bytes,
        checkpoints: false,
    }
}

/// Batches of rows in a `Vec<u8>`, each followed by a checkpoint.
const fn table(bytes: u32) -> Item {
    Item {
        payload: PayloadKind::Bytes,
        bytes,
        checkpoints: true,
    }
}

/// The items, each with the ways to decode it that differ, and whether a run in a hurry has it.
const ITEMS: [(Item, &[Decode], bool); 14] = [
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
    (table(4 << 10), &[Decode::Owned], false),
    (table(256 << 10), &[Decode::Owned], false),
];

const BOTH: [Decode; 2] = [Decode::Owned, Decode::Borrowed];

/// The items that are handed over by libraries of other allocators.
const ALLOCATED: [Item; 5] = [
    item(PayloadKind::U64, 8),
    item(PayloadKind::Record, 64),
    item(PayloadKind::Blob, 64),
    item(PayloadKind::Blob, 4 << 10),
    item(PayloadKind::Blob, 64 << 10),
];

/// The ways of the laboratory that are compared by every allocator in the guest.
const BY_ALLOCATOR: [Way; 9] = [
    Way::Variant(Variant::ArenaOwnWriter),
    Way::Variant(Variant::Unboxed),
    Way::Variant(Variant::AllocOwnWriter),
    Way::Variant(Variant::SinglePass),
    Way::Variant(Variant::Grow),
    Way::Variant(Variant::Lend),
    Way::Variant(Variant::RustBuffer),
    Way::Variant(Variant::RustBufferSized),
    Way::Batch(Batch::Items(64)),
];

/// Bytes of a batch at most whose time is taken: its items stay in the fast caches of the core.
/// Larger ones are counted.
const LARGEST_TIMED: u64 = 288 << 10;

/// What the arms of a set differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differ {
    /// The way to hand an item over, and the codec.
    Ways,
    /// The way, and the allocators of guest and host.
    Allocators,
}

/// An item, a way to decode it, and every arm that hands it over so. The first arm is today's
/// arena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// What its arms differ in.
    pub differ: Differ,
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
            allocators: Allocators::default(),
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
            differ: Differ::Ways,
            item,
            decode,
            quick,
            arms,
        }
    }

    /// An item by every allocator: in the guest alone, and on both sides.
    fn by_allocators(item: Item, others: &[Allocator]) -> Self {
        let arm = |allocators| {
            move |way| LabArm {
                item,
                decode: Decode::Owned,
                way,
                codec: Codec::Bincode,
                first: false,
                allocators,
            }
        };
        let today = Protocol::ALL.iter().copied().map(Way::Today);
        let guests = others.iter().copied().map(Allocators::guest);
        let guests = [Allocators::default()].into_iter().chain(guests);
        let ways = today.clone().chain(BY_ALLOCATOR);
        let by_guests = guests.flat_map(|it| ways.clone().map(arm(it)));
        let both = others.iter().copied().map(Allocators::both);
        let by_both = both.flat_map(|it| today.clone().map(arm(it)));
        Self {
            differ: Differ::Allocators,
            item,
            decode: Decode::Owned,
            quick: false,
            arms: by_guests.chain(by_both).collect(),
        }
    }

    /// The name in ids and filters: `record-64B`, or `record-64B/borrowed`, or
    /// `allocators/record-64B`.
    #[must_use]
    pub fn name(&self) -> String {
        match (self.differ, self.decode) {
            (Differ::Allocators, _) => format!("allocators/{}", self.item),
            (_, Decode::Owned) => self.item.to_string(),
            (_, decode) => format!("{}/{}", self.item, decode.name()),
        }
    }

    /// The arms whose time is taken. The counts answer for the others: those of large batches, and
    /// those of the laboratory by other allocators.
    #[must_use]
    pub fn timed(&self) -> Vec<LabArm> {
        let today = |arm: &LabArm| matches!(arm.way, Way::Today(_));
        let timed = |arm: &&LabArm| match self.differ {
            Differ::Ways => arm.items_per_call() == 1 || arm.bytes_per_call() <= LARGEST_TIMED,
            Differ::Allocators => today(arm),
        };
        self.arms.iter().filter(timed).copied().collect()
    }

    /// The arms whose first item is timed: what hands over one item a call, and the batches.
    #[must_use]
    pub fn firsts(&self) -> Vec<LabArm> {
        if self.differ == Differ::Allocators {
            return Vec::new();
        }
        let timed = self.timed();
        let arms = timed.iter().filter(|arm| {
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
    // Where sizes differ, as many as fit are not always as many.
    let room = (item.period() == 1).then_some(Batch::Room);
    let batches = batches.chain(room).map(Way::Batch);
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

/// Every set, with these allocators beside the system's.
#[must_use]
pub fn sets(others: &[Allocator]) -> Vec<Set> {
    let by_allocators = ALLOCATED.map(|item| Set::by_allocators(item, others));
    let by_allocators = by_allocators.into_iter().filter(|_| !others.is_empty());
    let sets = |&(item, decodes, quick): &(Item, &[Decode], bool)| {
        let set = move |&decode| Set::new(item, decode, quick && decode == Decode::Owned);
        decodes.iter().map(set).collect::<Vec<_>>()
    };
    ITEMS.iter().flat_map(sets).chain(by_allocators).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_arm_has_an_id_of_its_own_and_every_set_begins_with_todays_arena() {
        let mut ids = BTreeSet::new();
        let (ways, by_allocators): (Vec<Set>, Vec<Set>) = sets(&Allocator::ALL[1..])
            .into_iter()
            .partition(|set| set.differ == Differ::Ways);
        for set in ways.iter().chain(&by_allocators) {
            assert_eq!(
                set.arms[0].way,
                Way::Today(Protocol::Arena),
                "{}",
                set.name()
            );
        }
        for arm in ways.iter().flat_map(|it| {
            it.arms
                .iter()
                .chain(&it.firsts())
                .copied()
                .collect::<Vec<_>>()
        }) {
            assert!(ids.insert(arm.id()), "{arm} occurs twice");
        }
        for set in &by_allocators {
            let own: BTreeSet<String> = set.arms.iter().map(LabArm::id).collect();
            assert_eq!(own.len(), set.arms.len(), "{}", set.name());
            ids.extend(own);
        }
        for id in [
            "lab/u64/arena",
            "lab/record-64B/batch-64KiB/wincode",
            "lab/blob-64KiB/lend/borrowed",
            "lab/u64/batch-512/first-item",
            "lab/blob-64KiB/copy/borrowed",
            "lab/u64/lend/guest-mimalloc",
            "lab/blob-64B/alloc/jemalloc",
        ] {
            assert!(ids.contains(id), "{id}");
        }
    }

    #[test]
    fn times_of_other_allocators_are_those_of_todays_pair_and_of_large_batches_there_are_none() {
        for set in sets(&[Allocator::Mimalloc]) {
            let timed = set.timed();
            assert_eq!(timed[0], set.arms[0], "{}", set.name());
            let todays = timed.iter().all(|arm| matches!(arm.way, Way::Today(_)));
            assert_eq!(todays, set.differ == Differ::Allocators, "{}", set.name());
            let large = |arm: &&LabArm| arm.items_per_call() > 1 && arm.bytes_per_call() > 1 << 20;
            assert_eq!(timed.iter().find(large), None, "{}", set.name());
        }
        let none = sets(&[]);
        assert!(none.iter().all(|set| set.differ == Differ::Ways));
    }

    #[test]
    fn a_batch_has_room_for_its_items() {
        for set in sets(&[]) {
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
