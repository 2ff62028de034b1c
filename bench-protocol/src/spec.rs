//! How a host asks for a stream and a session: plain structs that cross the boundary, and
//! the safe values that they are made from.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::payload::PayloadKind;
use crate::size_plan::SizeTable;

/// Items of a stream without an end.
pub const ENDLESS: u64 = u64::MAX;
/// Default seed of a stream's contents.
pub const SEED: u64 = 0x000a_5e2a;
/// Default limit of the memory that a host gives one item: 256 MiB.
pub const DEFAULT_MEMORY_LIMIT: u64 = 256 << 20;
const _: () = assert!(crate::same_bytes::LONGEST as u64 == DEFAULT_MEMORY_LIMIT);

/// Defines an enum that crosses the boundary as a `u32`: its numbers, the way back from a
/// number, and the names in ids and on the command line.
macro_rules! boundary_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u32)]
        pub enum $name { $($(#[$variant_doc])* $variant = $number,)+ }

        impl $name {
            /// All values, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in case ids and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value with this number; `None` if there is none.
            #[must_use]
            pub fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use boundary_enum;

boundary_enum! {
    /// Who owns an item's buffer.
    Protocol {
        /// The host: one buffer, reused for all items. One call per item.
        Arena = 0 "arena",
        /// The guest: one heap buffer per item. A second call frees it.
        Alloc = 1 "alloc",
    }
}
boundary_enum! {
    /// How the guest makes its items.
    ProducerKind {
        /// Prepared before the stream opens, and lent without a clone.
        Prepared = 0 "prepared",
        /// Allocated one by one, as plugins usually do.
        Owned = 1 "owned",
    }
}
boundary_enum! {
    /// How a stream fails, for the tests of everything but the normal path.
    Fault {
        /// It does not fail.
        None = 0 "none",
        /// The producer panics.
        ProducerPanic = 1 "producer-panic",
        /// The producer ends with a [`PluginError`](crate::error::PluginError).
        ProducerError = 2 "producer-error",
        /// The item refuses to be encoded.
        Unencodable = 3 "unencodable",
        /// The item panics while it is encoded.
        EncoderPanic = 4 "encoder-panic",
    }
}
boundary_enum! {
    /// How the host decodes an item.
    Decode {
        /// To a value that owns all its parts.
        Owned = 0 "owned",
        /// To a value that borrows from the buffer.
        Borrowed = 1 "borrowed",
        /// Not at all.
        None = 2 "none",
    }
}
boundary_enum! {
    /// What a drain does in addition to draining.
    Observe {
        /// Nothing: each item only goes through `black_box`.
        Time = 0 "time",
        /// Counts and digests the bytes, and checks that decoded values encode to the same bytes.
        Verify = 1 "verify",
    }
}
boundary_enum! {
    /// The capacity a host chooses on `BUFFER_TOO_SMALL`.
    Growth {
        /// Exactly what was asked for (Fidius' stream pump).
        Exact = 0 "exact",
        /// The larger of the request and twice the capacity (Fidius' client streaming).
        Doubling = 1 "doubling",
        /// The next power of two (slab allocators, many network stacks).
        PowerOfTwo = 2 "power-of-two",
        /// The larger of the request and 1.5 times the capacity (folly, MSVC vectors).
        OneAndAHalf = 3 "one-and-a-half",
        /// The request, rounded up to 4 KiB pages.
        Pages = 4 "pages",
        /// The larger of the request and 1.5 times the capacity, in pages.
        PagesOneAndAHalf = 5 "pages-one-and-a-half",
        /// The larger of the request and a hint (`growth_param`, bytes).
        Presized = 6 "presized",
        /// Doubling up to a cap (`growth_param`, bytes); an error above it.
        Capped = 7 "capped",
    }
}
boundary_enum! {
    /// How a buffer becomes larger.
    Regrow {
        /// `Vec::resize`: the old bytes move, the new ones are zeroed (Fidius' pump).
        Resize = 0 "resize",
        /// A fresh zeroed buffer, the old one dropped first (Fidius' client streaming).
        Fresh = 1 "fresh",
        /// A fresh buffer that nobody zeroes.
        Uninit = 2 "uninit",
    }
}
boundary_enum! {
    /// When a buffer becomes smaller again.
    Shrink {
        /// Never.
        Never = 0 "never",
        /// After `shrink_param` consecutive items that need at most half of it.
        AfterSmall = 1 "after-small",
        /// When a high-water mark that halves every `shrink_param` items is at most half
        /// of it.
        Decay = 2 "decay",
    }
}

/// Asks a guest for a stream; [`StreamConfig`] in the form that crosses the boundary.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct StreamSpec<'a> {
    /// A [`PayloadKind`].
    pub payload: u32,
    /// A [`ProducerKind`].
    pub producer: u32,
    /// Seed of the contents.
    pub seed: u64,
    /// Number of items; [`ENDLESS`] for a stream without an end.
    pub items: u64,
    /// The entries of the size table.
    pub sizes: *const u32,
    /// Number of entries; 1 or more.
    pub sizes_len: u32,
    /// Index of the first entry of the table's loop; below `sizes_len`.
    pub loop_from: u32,
    /// A [`Fault`]. With a fault, the payload is `u64`.
    pub fault: u32,
    /// 1 if the guest counts what it does, else 0.
    pub counted: u32,
    /// Position of the item that fails, counted from 0.
    pub fault_at: u64,
    lifetime: PhantomData<&'a [u32]>,
}

/// A stream to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamConfig {
    /// What an item is.
    pub payload: PayloadKind,
    /// How the guest makes the items.
    pub producer: ProducerKind,
    /// Seed of the contents.
    pub seed: u64,
    /// Number of items; [`ENDLESS`] for a stream without an end.
    pub items: u64,
    /// How large the items are.
    pub sizes: SizeTable,
    /// How and at which item the stream fails.
    pub fault: (Fault, u64),
    /// Whether the guest counts what it does.
    pub counted: bool,
}

impl StreamConfig {
    /// An endless stream of prepared items, without faults or counting.
    #[must_use]
    pub fn new(payload: PayloadKind, sizes: SizeTable) -> Self {
        Self {
            payload,
            producer: ProducerKind::Prepared,
            seed: SEED,
            items: ENDLESS,
            sizes,
            fault: (Fault::None, 0),
            counted: false,
        }
    }

    /// The form that crosses the boundary.
    #[must_use]
    pub fn spec(&self) -> StreamSpec<'_> {
        StreamSpec {
            payload: self.payload as u32,
            producer: self.producer as u32,
            seed: self.seed,
            items: self.items,
            sizes: self.sizes.sizes().as_ptr(),
            sizes_len: u32::try_from(self.sizes.sizes().len()).unwrap_or(u32::MAX),
            loop_from: self.sizes.loop_from(),
            fault: self.fault.0 as u32,
            counted: u32::from(self.counted),
            fault_at: self.fault.1,
            lifetime: PhantomData,
        }
    }
}

impl StreamSpec<'_> {
    /// The stream that a spec asks for; `None` if one of its numbers has no meaning.
    ///
    /// # Safety
    /// `sizes` must point to `sizes_len` sizes.
    #[must_use]
    pub unsafe fn read(&self) -> Option<StreamConfig> {
        // SAFETY: by contract, there are `sizes_len` sizes.
        let sizes = unsafe { std::slice::from_raw_parts(self.sizes, self.sizes_len as usize) };
        Some(StreamConfig {
            payload: PayloadKind::from_number(self.payload)?,
            producer: ProducerKind::from_number(self.producer)?,
            seed: self.seed,
            items: self.items,
            sizes: SizeTable::new(sizes.to_vec(), self.loop_from).ok()?,
            fault: (Fault::from_number(self.fault)?, self.fault_at),
            counted: self.counted != 0,
        })
    }
}

/// Asks a host for a session; [`SessionConfig`] in the form that crosses the boundary.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SessionSpec<'a> {
    /// The stream to open.
    pub stream: StreamSpec<'a>,
    /// A [`Protocol`].
    pub protocol: u32,
    /// A [`Decode`].
    pub decode: u32,
    /// An [`Observe`].
    pub observe: u32,
    /// A [`Growth`].
    pub growth: u32,
    /// Parameter of the growth strategy, bytes; 0 if it has none.
    pub growth_param: u64,
    /// A [`Regrow`].
    pub regrow: u32,
    /// A [`Shrink`].
    pub shrink: u32,
    /// Parameter of the shrink rule, items; 0 if it has none.
    pub shrink_param: u64,
    /// Capacity of the first buffer, bytes.
    pub initial_capacity: u32,
    /// Unused; 0.
    pub reserved: u32,
    /// Largest capacity that a guest may ask for, bytes.
    pub memory_limit: u64,
}

/// How the host's buffer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BufferConfig {
    /// The capacity chosen on `BUFFER_TOO_SMALL`.
    pub growth: Growth,
    /// Parameter of the growth strategy, bytes; 0 if it has none.
    pub growth_param: u64,
    /// How the buffer becomes larger.
    pub regrow: Regrow,
    /// When it becomes smaller again.
    pub shrink: Shrink,
    /// Parameter of the shrink rule, items; 0 if it has none.
    pub shrink_param: u64,
    /// Capacity of the first buffer, bytes.
    pub initial_capacity: u32,
    /// Largest capacity that a guest may ask for, bytes.
    pub memory_limit: u64,
}

impl Default for BufferConfig {
    /// As in Fidius' stream pump: 64 bytes at first, then exactly the size asked for.
    fn default() -> Self {
        Self {
            growth: Growth::Exact,
            growth_param: 0,
            regrow: Regrow::Resize,
            shrink: Shrink::Never,
            shrink_param: 0,
            initial_capacity: 64,
            memory_limit: DEFAULT_MEMORY_LIMIT,
        }
    }
}

/// A session to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionConfig {
    /// The stream to open.
    pub stream: StreamConfig,
    /// Who owns the items' buffers.
    pub protocol: Protocol,
    /// How the host decodes the items.
    pub decode: Decode,
    /// What the drain does in addition to draining.
    pub observe: Observe,
    /// How the host's buffer behaves (arena protocol).
    pub buffer: BufferConfig,
}

impl SessionConfig {
    /// A session to be timed: decodes to owned values, with a buffer as in Fidius.
    #[must_use]
    pub fn new(stream: StreamConfig, protocol: Protocol) -> Self {
        Self {
            stream,
            protocol,
            decode: Decode::Owned,
            observe: Observe::Time,
            buffer: BufferConfig::default(),
        }
    }

    /// The form that crosses the boundary.
    #[must_use]
    pub fn spec(&self) -> SessionSpec<'_> {
        SessionSpec {
            stream: self.stream.spec(),
            protocol: self.protocol as u32,
            decode: self.decode as u32,
            observe: self.observe as u32,
            growth: self.buffer.growth as u32,
            growth_param: self.buffer.growth_param,
            regrow: self.buffer.regrow as u32,
            shrink: self.buffer.shrink as u32,
            shrink_param: self.buffer.shrink_param,
            initial_capacity: self.buffer.initial_capacity,
            reserved: 0,
            memory_limit: self.buffer.memory_limit,
        }
    }
}

impl SessionSpec<'_> {
    /// The session that a spec asks for; `None` if one of its numbers has no meaning.
    ///
    /// # Safety
    /// As for [`StreamSpec::read`].
    #[must_use]
    pub unsafe fn read(&self) -> Option<SessionConfig> {
        Some(SessionConfig {
            // SAFETY: the caller keeps the same contract.
            stream: unsafe { self.stream.read()? },
            protocol: Protocol::from_number(self.protocol)?,
            decode: Decode::from_number(self.decode)?,
            observe: Observe::from_number(self.observe)?,
            buffer: BufferConfig {
                growth: Growth::from_number(self.growth)?,
                growth_param: self.growth_param,
                regrow: Regrow::from_number(self.regrow)?,
                shrink: Shrink::from_number(self.shrink)?,
                shrink_param: self.shrink_param,
                initial_capacity: self.initial_capacity,
                memory_limit: self.memory_limit,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_survives_the_boundary() {
        let sizes = SizeTable::new(vec![1, 2, 3], 1).unwrap();
        let mut config =
            SessionConfig::new(StreamConfig::new(PayloadKind::Blob, sizes), Protocol::Alloc);
        config.buffer.growth = Growth::Capped;
        config.buffer.growth_param = 77;
        config.stream.fault = (Fault::EncoderPanic, 5);
        // SAFETY: the spec borrows `config`, whose sizes live as long.
        let read = unsafe { config.spec().read() };
        assert_eq!(read, Some(config));
    }

    #[test]
    fn a_number_without_meaning_is_refused() {
        let sizes = SizeTable::new(vec![1], 0).unwrap();
        let config =
            SessionConfig::new(StreamConfig::new(PayloadKind::U64, sizes), Protocol::Arena);
        let mut spec = config.spec();
        spec.decode = 99;
        // SAFETY: the spec borrows `config`, whose sizes live as long.
        assert_eq!(unsafe { spec.read() }, None);
    }
}
