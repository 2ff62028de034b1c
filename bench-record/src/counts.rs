//! The exact counts by name: one table for the gate, the limits, the history and
//! the exports. Fewer is better for each of them.

use serde::{Serialize, Serializer};

use super::wire::Counts;

/// Every count, in the order of a record: what it is, its field there, its name for people.
macro_rules! counts {
    ($($count:ident, $field:ident, $label:literal;)*) => {
        /// One kind of exact count; [`Counts`] says what each is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Count {
            $($count,)*
        }

        impl Count {
            /// Every count, in the order of a record.
            pub const ALL: [Self; [$($label),*].len()] = [$(Self::$count),*];

            /// The name of the field in a record.
            pub const fn field(self) -> &'static str {
                match self {
                    $(Self::$count => stringify!($field),)*
                }
            }

            /// The name for people.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$count => $label,)*
                }
            }
        }

        impl Counts {
            /// One count; `None` where it was not taken. A whole number is far below 2^53, and
            /// so exact.
            pub fn get(&self, count: Count) -> Option<f64> {
                match count {
                    $(Count::$count => self.$field.map(|count| count as f64),)*
                }
            }
        }
    };
}

counts! {
    Instructions, instructions_per_item, "instructions per item";
    Allocations, allocations_per_item, "allocations per item";
    AllocatedBytes, allocated_bytes_per_item, "allocated bytes per item";
    BoundaryCalls, boundary_calls_per_item, "boundary calls per item";
    Retries, retries, "retries";
    RetriedBytes, retried_bytes, "retried bytes";
    PeakCapacity, peak_capacity, "peak capacity";
    FinalCapacity, final_capacity, "final capacity";
    EncodedBytes, encoded_bytes, "encoded bytes";
    ZeroedBytes, zeroed_bytes, "zeroed bytes";
    MovedBytes, moved_bytes, "moved bytes";
    BufferBytes, buffer_bytes, "buffer bytes";
    MeanHeld, mean_held, "mean memory held";
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.field())
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
