//! How many items are drained for a count, and the least that it must be.

use bench_host::channels::OpenError;
use bench_host::pair::{Pair, Session};
use bench_protocol::spec::{Decode, ENDLESS};

use crate::case::{Case, Group, catalog, plans};
use crate::ladder::{self, LadderArm};

/// Items between the two lengths where items are small: the size table of a
/// drain's stream has as many entries, so that every one counts equally.
const LOOP: u64 = 256;
/// Content bytes between the two lengths where items are large: valgrind makes
/// some 50 million instructions a second, and an item may take 30 a byte.
const BYTES: u64 = 1 << 20;
/// Items of the drain that warms a stream: the buffer has grown, the allocator's
/// free lists and thresholds have settled.
const WARM: u64 = 8;

/// What can be counted: an endless stream that goes by an id.
pub trait Subject: Sync {
    fn id(&self) -> String;
    /// Content bytes of the largest item.
    fn item_bytes(&self) -> u32;
    /// Instructions that an item cannot be had for.
    ///
    /// A count below it says that the tool looked elsewhere: a toggle that
    /// matches nothing counts 0 without an error.
    fn least_instructions(&self) -> f64;
    /// Items of its two streams.
    fn lengths(&self) -> Lengths {
        Lengths::steady(self.item_bytes())
    }
    fn open(&self, pair: &Pair) -> Result<Session, OpenError>;
}

impl Subject for Case {
    fn id(&self) -> String {
        self.to_string()
    }
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
                short: 0,
                long: plans::stream_items(&self.plan),
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
    fn id(&self) -> String {
        self.to_string()
    }
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

/// One of a case's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// One item; of a growth case, none.
    Short,
    /// So many more that the slope is exact.
    Long,
}

/// Items of a case's drains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Items of the uncounted drain before.
    pub warm: u64,
    /// Items of the shorter counted drain.
    pub short: u64,
    /// Items of the longer counted drain.
    pub long: u64,
}

impl Lengths {
    /// The lengths of a stream that runs on, of items of so many bytes.
    fn steady(item_bytes: u32) -> Self {
        let more = (BYTES / u64::from(item_bytes.max(1))).clamp(1, LOOP);
        Self {
            warm: more.clamp(2, WARM),
            short: 1,
            long: 1 + more,
        }
    }

    /// Items of one of the counted drains.
    pub fn items(&self, length: Length) -> u64 {
        match length {
            Length::Short => self.short,
            Length::Long => self.long,
        }
    }

    /// Items between the two.
    pub fn difference(&self) -> u64 {
        self.long - self.short
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
        assert_eq!(case.lengths().difference(), table);
    }

    #[test]
    fn every_case_has_two_lengths_and_a_moderate_number_of_bytes() {
        let drained = |case: &Case| case.group != Group::Growth;
        for case in catalog::all().into_iter().filter(drained) {
            let lengths = case.lengths();
            assert!(lengths.short >= 1 && lengths.long > lengths.short, "{case}");
            let items = lengths.warm + lengths.long;
            assert!(items * u64::from(case.item_bytes()) <= 16 << 20, "{case}");
        }
    }

    #[test]
    fn a_growth_case_is_counted_cold_and_whole() {
        for case in catalog::growths() {
            let lengths = case.lengths();
            assert_eq!((lengths.warm, lengths.short), (0, 0));
            assert_eq!(lengths.difference(), plans::stream_items(&case.plan));
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
