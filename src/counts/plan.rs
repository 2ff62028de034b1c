//! How many items are drained for a count, and the least that it must be.

use std::fmt;

use bench_host::channels::OpenError;
use bench_host::pair::{Pair, Session};
use bench_protocol::spec::{Decode, ENDLESS};

use crate::case::{Case, Group, catalog, plans};
use crate::ladder::{self, LadderArm};

/// Items that count where they are small: the size table of a drain's stream has as
/// many entries, so that every one counts equally.
const LOOP: u64 = 256;
/// Content bytes that count where items are large: valgrind makes some 50 million
/// instructions a second, and an item may take 30 a byte.
const BYTES: u64 = 1 << 20;
/// Items of the drain that warms a stream: the buffer has grown, the allocator's
/// free lists and thresholds have settled.
const WARM: u64 = 8;

/// What can be counted: an endless stream that goes by an id.
pub trait Subject: Sync + fmt::Display {
    fn id(&self) -> String {
        self.to_string()
    }
    /// Content bytes of the largest item.
    fn item_bytes(&self) -> u32;
    /// Instructions that an item cannot be had for.
    ///
    /// A count below it says that the tool looked elsewhere: a toggle that
    /// matches nothing counts 0 without an error.
    fn least_instructions(&self) -> f64;
    /// Items of its stream.
    fn lengths(&self) -> Lengths {
        Lengths::steady(self.item_bytes())
    }
    fn open(&self, pair: &Pair) -> Result<Session, OpenError>;
}

impl Subject for Case {
    fn item_bytes(&self) -> u32 {
        self.item_bytes()
    }
    /// Two calls through pointers, and one copy with the widest registers there
    /// are (64 bytes).
    fn least_instructions(&self) -> f64 {
        let bytes = match self.group {
            // The largest of many sizes says nothing of the mean.
            Group::Growth => 0,
            Group::Channel(..) => self.later_bytes(),
            _ => self.item_bytes(),
        };
        10.0 + f64::from(bytes) / 64.0
    }
    fn lengths(&self) -> Lengths {
        match self.group {
            // What grows is the case: a cold stream, from nothing to its end.
            Group::Growth => Lengths {
                warm: 0,
                few: 0,
                between: 0,
                items: plans::stream_items(&self.plan),
            },
            Group::Channel(..) => Lengths {
                // A large first item is among these.
                warm: WARM,
                ..Lengths::steady(self.item_bytes())
            },
            _ => Lengths::steady(self.item_bytes()),
        }
    }
    fn open(&self, pair: &Pair) -> Result<Session, OpenError> {
        self.open(pair, &self.session(ENDLESS))
    }
}

impl Subject for LadderArm {
    fn item_bytes(&self) -> u32 {
        self.bytes
    }
    /// One call through a pointer: the lowest arms copy nothing.
    fn least_instructions(&self) -> f64 {
        5.0
    }
    fn open(&self, pair: &Pair) -> Result<Session, OpenError> {
        Ok(pair.open_step(self.step, &self.session(ENDLESS))?)
    }
}

/// Items that are drained of a case's stream, one drain after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Of the first drain, which is not counted.
    pub warm: u64,
    /// Of the shorter drain that callgrind counts.
    pub few: u64,
    /// Between that and the longer one, so that both start at the same entry of the size
    /// table.
    pub between: u64,
    /// How many more the longer drain has, and DHAT's stream with items than the one without.
    /// Counts are divided by it.
    pub items: u64,
}

impl Lengths {
    /// The lengths of a stream that runs on, of items of so many bytes.
    fn steady(item_bytes: u32) -> Self {
        let items = (BYTES / u64::from(item_bytes.max(1))).clamp(1, LOOP);
        Self {
            warm: items.clamp(2, WARM),
            few: 1,
            between: items - 1,
            items,
        }
    }

    /// Items of the longer drain that callgrind counts.
    pub fn many(&self) -> u64 {
        self.few + self.items
    }
}

/// What an id stands for: the catalog's cases, the same without decoding (by
/// which the boundary's own allocations are told from the decoder's), and the
/// arms of the ladder that do not hop between threads.
pub fn subject_by_id(id: &str) -> Option<Box<dyn Subject>> {
    let undecoded = |case: &Case| Case {
        decode: Decode::None,
        ..case.clone()
    };
    let cases = catalog::all()
        .into_iter()
        .flat_map(|case| [undecoded(&case), case])
        .map(|case| Box::new(case) as Box<dyn Subject>);
    let arms = ladder::counted_arms(&ladder::ITEMS)
        .into_iter()
        .map(|arm| Box::new(arm) as Box<dyn Subject>);
    cases.chain(arms).find(|subject| subject.id() == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_protocol::payload::PayloadKind;
    use bench_protocol::spec::Protocol;

    #[test]
    fn a_small_item_is_counted_over_the_whole_of_its_table() {
        let case = Case::drain(PayloadKind::U64, 8, Protocol::Arena);
        let table = case.plan.table(0).unwrap().sizes().len() as u64;
        assert_eq!(case.lengths().items, table);
    }

    #[test]
    fn every_case_has_items_and_a_moderate_number_of_bytes() {
        let drained = |case: &Case| case.group != Group::Growth;
        for case in catalog::all().into_iter().filter(drained) {
            let lengths = case.lengths();
            assert!(lengths.few >= 1 && lengths.items >= 1, "{case}");
            let items = lengths.warm + lengths.few + lengths.between + lengths.many();
            assert!(items * u64::from(case.item_bytes()) <= 32 << 20, "{case}");
        }
    }

    #[test]
    fn a_growth_case_is_counted_cold_and_whole() {
        for case in catalog::growths() {
            let lengths = case.lengths();
            assert_eq!((lengths.warm, lengths.few, lengths.between), (0, 0, 0));
            assert_eq!(lengths.items, plans::stream_items(&case.plan));
        }
    }

    #[test]
    fn what_is_counted_is_found_by_its_id() {
        for id in [
            "drain/u64/arena",
            "drain/blob-64KiB/alloc/none",
            "client/blob-spike/framework",
            "ladder/record-256B/catch-unwind",
        ] {
            let found = subject_by_id(id).map(|subject| subject.id());
            assert_eq!(found.as_deref(), Some(id));
        }
        // What a hop between threads takes is the scheduler's to decide.
        for id in ["drain/u64", "ladder/u64/hop-4"] {
            assert!(subject_by_id(id).is_none(), "{id}");
        }
    }
}
