//! How many items are drained for a count, and the least that it must be.

use bench_protocol::spec::Decode;

use crate::case::{Case, Group, catalog, plans};

/// Items between the two lengths where items are small: the size table of a
/// drain's stream has as many entries, so that every one counts equally.
const LOOP: u64 = 256;
/// Content bytes between the two lengths where items are large: valgrind makes
/// some 50 million instructions a second, and an item may take 30 a byte.
const BYTES: u64 = 1 << 20;
/// Items of the drain that warms a stream: the buffer has grown, the allocator's
/// free lists and thresholds have settled.
const WARM: u64 = 8;

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
    /// The lengths of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        if case.group == Group::Growth {
            // What grows is the case: a cold stream, from nothing to its end.
            return Self {
                warm: 0,
                short: 0,
                long: plans::stream_items(&case.plan),
            };
        }
        let more = (BYTES / u64::from(case.item_bytes().max(1))).clamp(1, LOOP);
        Self {
            warm: more.clamp(2, WARM),
            short: 1,
            long: 1 + more,
        }
    }

    /// Items of one of the counted drains.
    #[must_use]
    pub fn items(&self, length: Length) -> u64 {
        match length {
            Length::Short => self.short,
            Length::Long => self.long,
        }
    }

    /// Items between the two.
    #[must_use]
    pub fn difference(&self) -> u64 {
        self.long - self.short
    }
}

/// Instructions that an item cannot be had for: two calls through pointers, and
/// one copy with the widest registers there are (64 bytes).
///
/// A count below it says that the tool looked elsewhere: a toggle that matches
/// nothing counts 0 without an error.
#[must_use]
pub fn least_instructions(case: &Case) -> f64 {
    let bytes = match case.group {
        // The largest of many sizes says nothing of the mean.
        Group::Growth => 0,
        _ => case.item_bytes(),
    };
    10.0 + f64::from(bytes) / 64.0
}

/// The case of an id: those of the catalog, and the same without decoding, by
/// which the boundary's own allocations are told from the decoder's.
#[must_use]
pub fn case_by_id(id: &str) -> Option<Case> {
    let undecoded = |case: &Case| Case {
        decode: Decode::None,
        ..case.clone()
    };
    catalog::all()
        .into_iter()
        .flat_map(|case| [undecoded(&case), case])
        .find(|case| case.id() == id)
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
        assert_eq!(Lengths::of(&case).difference(), table);
    }

    #[test]
    fn every_case_has_two_lengths_and_a_moderate_number_of_bytes() {
        let drained = |case: &Case| case.group != Group::Growth;
        for case in catalog::all().into_iter().filter(drained) {
            let lengths = Lengths::of(&case);
            assert!(lengths.short >= 1 && lengths.long > lengths.short, "{case}");
            let items = lengths.warm + lengths.long;
            assert!(items * u64::from(case.item_bytes()) <= 16 << 20, "{case}");
        }
    }

    #[test]
    fn a_growth_case_is_counted_cold_and_whole() {
        for case in catalog::growths() {
            let lengths = Lengths::of(&case);
            assert_eq!((lengths.warm, lengths.short), (0, 0));
            assert_eq!(lengths.difference(), plans::stream_items(&case.plan));
        }
    }

    #[test]
    fn a_case_is_found_by_its_id_decoded_or_not() {
        for id in ["drain/u64/arena", "drain/blob-64KiB/alloc/none"] {
            assert_eq!(case_by_id(id).map(|case| case.id()).as_deref(), Some(id));
        }
        assert_eq!(case_by_id("drain/u64"), None);
    }
}
