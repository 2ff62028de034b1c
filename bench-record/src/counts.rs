//! The exact counts by name: one table for the gate, the limits, the history and
//! the exports. Fewer is better for each of them.

use serde::{Serialize, Serializer};

use super::wire::Counts;

/// One kind of exact count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// Instructions per item, both sides.
    Instructions,
    /// Heap allocations per item, both sides.
    Allocations,
    /// Heap bytes allocated per item, both sides.
    AllocatedBytes,
    /// Calls from host to guest per item.
    BoundaryCalls,
    /// Retries in a drain.
    Retries,
    /// Wire bytes of the items that were asked for twice.
    RetriedBytes,
    /// Largest capacity of the host's buffer, bytes.
    PeakCapacity,
    /// Capacity when the drain ended, bytes.
    FinalCapacity,
    /// Wire bytes encoded.
    EncodedBytes,
    /// Bytes zeroed by growth.
    ZeroedBytes,
    /// Bytes moved by growth.
    MovedBytes,
    /// Bytes asked of the host's allocator for the buffer.
    BufferBytes,
    /// Memory that the buffer held, mean over the items, bytes.
    MeanHeld,
}

impl Count {
    /// Every count, in the order of a record.
    pub const ALL: [Self; 13] = [
        Self::Instructions,
        Self::Allocations,
        Self::AllocatedBytes,
        Self::BoundaryCalls,
        Self::Retries,
        Self::RetriedBytes,
        Self::PeakCapacity,
        Self::FinalCapacity,
        Self::EncodedBytes,
        Self::ZeroedBytes,
        Self::MovedBytes,
        Self::BufferBytes,
        Self::MeanHeld,
    ];

    /// The name of the field in a record.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Instructions => "instructions_per_item",
            Self::Allocations => "allocations_per_item",
            Self::AllocatedBytes => "allocated_bytes_per_item",
            Self::BoundaryCalls => "boundary_calls_per_item",
            Self::Retries => "retries",
            Self::RetriedBytes => "retried_bytes",
            Self::PeakCapacity => "peak_capacity",
            Self::FinalCapacity => "final_capacity",
            Self::EncodedBytes => "encoded_bytes",
            Self::ZeroedBytes => "zeroed_bytes",
            Self::MovedBytes => "moved_bytes",
            Self::BufferBytes => "buffer_bytes",
            Self::MeanHeld => "mean_held",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Instructions => "instructions per item",
            Self::Allocations => "allocations per item",
            Self::AllocatedBytes => "allocated bytes per item",
            Self::BoundaryCalls => "boundary calls per item",
            Self::Retries => "retries",
            Self::RetriedBytes => "retried bytes",
            Self::PeakCapacity => "peak capacity",
            Self::FinalCapacity => "final capacity",
            Self::EncodedBytes => "encoded bytes",
            Self::ZeroedBytes => "zeroed bytes",
            Self::MovedBytes => "moved bytes",
            Self::BufferBytes => "buffer bytes",
            Self::MeanHeld => "mean memory held",
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.field())
    }
}

impl Counts {
    /// One count; `None` where it was not taken.
    pub fn get(&self, count: Count) -> Option<f64> {
        // Whole counts far below 2^53: exact as floating point.
        let whole = |count: Option<u64>| count.map(|count| count as f64);
        match count {
            Count::Instructions => self.instructions_per_item,
            Count::Allocations => self.allocations_per_item,
            Count::AllocatedBytes => self.allocated_bytes_per_item,
            Count::BoundaryCalls => self.boundary_calls_per_item,
            Count::Retries => whole(self.retries),
            Count::RetriedBytes => whole(self.retried_bytes),
            Count::PeakCapacity => whole(self.peak_capacity),
            Count::FinalCapacity => whole(self.final_capacity),
            Count::EncodedBytes => whole(self.encoded_bytes),
            Count::ZeroedBytes => whole(self.zeroed_bytes),
            Count::MovedBytes => whole(self.moved_bytes),
            Count::BufferBytes => whole(self.buffer_bytes),
            Count::MeanHeld => self.mean_held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_called_as_the_field_that_it_is_read_from() {
        for count in Count::ALL {
            let json = serde_json::json!({ count.field(): 7 });
            let counts: Counts = serde_json::from_value(json).expect("a field of the counts");
            assert_eq!(counts.get(count), Some(7.0), "{count:?}");
            let others = Count::ALL.iter().filter(|other| **other != count);
            assert!(others.copied().all(|other| counts.get(other).is_none()));
        }
    }
}
