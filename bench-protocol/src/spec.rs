//! How a stream and a session are asked for: plain structs that cross the
//! boundary, and the safe values that they are made from.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::payload::PayloadKind;
use crate::size_plan::SizeTable;

/// Items of a stream without an end.
pub const ENDLESS: u64 = u64::MAX;
/// Seed of a stream's contents unless told otherwise.
pub const SEED: u64 = 0x000a_5e2a;
/// The memory a host gives one item unless told otherwise: 256 MiB.
pub const DEFAULT_MEMORY_LIMIT: u64 = 256 << 20;

/// Names a `u32` that crosses the boundary: an enum with its numbers, the
/// number read back, and the name in ids and on the command line.
macro_rules! boundary_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u32)]
        pub enum $name { $($(#[$variant_doc])* $variant = $number,)+ }

        impl $name {
            /// Every value, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in case ids and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value of a number at the boundary.
            #[must_use]
            pub fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use boundary_enum;

boundary_enum! {
    /// How an item's buffer is owned.
    Protocol {
        /// One buffer of the host's, reused; one call per item.
        Arena = 0 "arena",
        /// One heap buffer of the guest's per item; a second call frees it.
        Alloc = 1 "alloc",
    }
}
boundary_enum! {
    /// How the guest comes by its items.
    ProducerKind {
        /// Prepared before the stream opens, lent without a clone.
        Prepared = 0 "prepared",
        /// Allocated one by one, as real plugins do.
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
    /// What the host makes of an item's bytes.
    Decode {
        /// A value that owns its parts.
        Owned = 0 "owned",
        /// A value that borrows from the buffer.
        Borrowed = 1 "borrowed",
        /// Nothing.
        None = 2 "none",
    }
}
boundary_enum! {
    /// What a drain does beside draining.
    Observe {
        /// Nothing: an item goes through `black_box`.
        Time = 0 "time",
        /// Counts bytes, digests them, and encodes what it decoded again.
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
    /// How a larger buffer comes about.
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
    /// Whether a buffer becomes smaller again.
    Shrink {
        /// Never.
        Never = 0 "never",
        /// After `shrink_param` items in a row that need half of it or less.
        AfterSmall = 1 "after-small",
        /// When a high-water mark that halves every `shrink_param` items falls
        /// to half of it or less.
        Decay = 2 "decay",
    }
}

/// A stream as the guest is asked for it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct StreamSpec<'a> {
    /// A [`PayloadKind`].
    pub payload: u32,
    /// A [`ProducerKind`].
    pub producer: u32,
    /// Seed of the contents.
    pub seed: u64,
    /// Items until the stream ends; [`ENDLESS`] for one that does not.
    pub items: u64,
    /// Content bytes of the items, `sizes_len` of them.
    pub sizes: *const u32,
    /// Number of sizes; 1 or more.
    pub sizes_len: u32,
    /// Where the loop of the sizes starts; below `sizes_len`.
    pub loop_from: u32,
    /// A [`Fault`]; with one, the payload is `u64`.
    pub fault: u32,
    /// 1: the guest counts what it sees; 0: it does not.
    pub counted: u32,
    /// The item that goes wrong, counted from 0.
    pub fault_at: u64,
    lifetime: PhantomData<&'a [u32]>,
}

/// A stream as callers describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamConfig {
    /// What an item is.
    pub payload: PayloadKind,
    /// How the guest comes by it.
    pub producer: ProducerKind,
    /// Seed of the contents.
    pub seed: u64,
    /// Items until the stream ends; [`ENDLESS`] for one that does not.
    pub items: u64,
    /// How large the items are.
    pub sizes: SizeTable,
    /// How and at which item the stream goes wrong.
    pub fault: (Fault, u64),
    /// Whether the guest counts what it sees.
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

    /// The same as it crosses the boundary.
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
    /// The stream that a spec asks for; `None` when a number in it has no meaning.
    ///
    /// # Safety
    /// `sizes` must point to `sizes_len` sizes.
    #[must_use]
    pub unsafe fn read(&self) -> Option<StreamConfig> {
        // SAFETY: the caller vouches for pointer and length.
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

/// A session as the host is asked for it.
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
    /// What the growth strategy takes, bytes; 0 where it takes nothing.
    pub growth_param: u64,
    /// A [`Regrow`].
    pub regrow: u32,
    /// A [`Shrink`].
    pub shrink: u32,
    /// What the shrink rule takes, items; 0 where it takes nothing.
    pub shrink_param: u64,
    /// Capacity of the first buffer, bytes.
    pub initial_capacity: u32,
    /// Unused; 0.
    pub reserved: u32,
    /// The largest capacity a guest may demand, bytes.
    pub memory_limit: u64,
}

/// How the host's buffer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BufferConfig {
    /// The capacity chosen on `BUFFER_TOO_SMALL`.
    pub growth: Growth,
    /// What the growth strategy takes, bytes; 0 where it takes nothing.
    pub growth_param: u64,
    /// How the larger buffer comes about.
    pub regrow: Regrow,
    /// Whether it becomes smaller again.
    pub shrink: Shrink,
    /// What the shrink rule takes, items; 0 where it takes nothing.
    pub shrink_param: u64,
    /// Capacity of the first buffer, bytes.
    pub initial_capacity: u32,
    /// The largest capacity a guest may demand, bytes.
    pub memory_limit: u64,
}

impl Default for BufferConfig {
    /// Fidius' stream pump: 64 bytes at first, then exactly what is asked for.
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

/// A session as callers describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionConfig {
    /// The stream to open.
    pub stream: StreamConfig,
    /// How its items' buffers are owned.
    pub protocol: Protocol,
    /// What the host makes of them.
    pub decode: Decode,
    /// What the drain does beside draining.
    pub observe: Observe,
    /// How the host's buffer behaves (arena).
    pub buffer: BufferConfig,
}

impl SessionConfig {
    /// A session for time, decoding to owned values, with Fidius' buffer.
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

    /// The same as it crosses the boundary.
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
    /// The session that a spec asks for; `None` when a number in it has no meaning.
    ///
    /// # Safety
    /// As for [`StreamSpec::read`].
    #[must_use]
    pub unsafe fn read(&self) -> Option<SessionConfig> {
        Some(SessionConfig {
            // SAFETY: the caller's duty is the same.
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
