//! The host's buffer: one for the whole stream, which grows when an item does not fit.

use bench_protocol::counts::HostCounts;
use bench_protocol::spec::{BufferConfig, Regrow};

use crate::error::StreamError;
use crate::growth::{Growth, strategy};

/// A buffer that a guest may write into.
///
/// `bytes.capacity()` is the memory held; `usable` is the capacity that the guest is told.
/// They differ when `Vec::resize` allocates more than it was asked for.
pub struct Buffer {
    bytes: Vec<u8>,
    usable: u32,
    growth: Box<dyn Growth>,
    regrow: Regrow,
    /// Largest capacity: the session's limit or the strategy's cap.
    limit: u64,
    initial: u32,
    tally: Tally,
}

/// What the buffer has cost so far.
#[derive(Debug, Default)]
struct Tally {
    zeroed: u64,
    moved: u64,
    allocated: u64,
    shrinks: u64,
    peak: u64,
}

impl Buffer {
    /// A buffer of the configured first capacity.
    ///
    /// # Errors
    /// If that is above the memory limit.
    pub fn new(config: &BufferConfig) -> Result<Self, StreamError> {
        let growth = strategy(config.growth, config.growth_param);
        Self::with_growth(config, growth)
    }

    /// As [`new`](Self::new), with another growth strategy.
    ///
    /// # Errors
    /// If the first capacity is above the memory limit.
    pub fn with_growth(
        config: &BufferConfig,
        growth: Box<dyn Growth>,
    ) -> Result<Self, StreamError> {
        let (capacity, limit) = (u64::from(config.initial_capacity), config.memory_limit);
        if capacity > limit {
            return Err(StreamError::InitialAboveLimit { capacity, limit });
        }
        let mut buffer = Self {
            bytes: Vec::new(),
            usable: 0,
            limit: limit.min(growth.cap()),
            growth,
            regrow: config.regrow,
            initial: config.initial_capacity,
            tally: Tally::default(),
        };
        buffer.replace(config.initial_capacity);
        Ok(buffer)
    }

    /// Start of the bytes that the guest may write.
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }

    /// Number of bytes that the guest may write.
    #[inline]
    #[must_use]
    pub fn usable(&self) -> u32 {
        self.usable
    }

    /// Memory held, bytes.
    #[inline]
    #[must_use]
    pub fn held(&self) -> u64 {
        self.bytes.capacity() as u64
    }

    /// Makes room for an item of `required` bytes.
    ///
    /// # Errors
    /// If there is room already, if the demand is above the limit, or if the strategy chooses
    /// less than the demand.
    #[cold]
    pub fn grow(&mut self, required: u32) -> Result<(), StreamError> {
        let (demanded, capacity) = (u64::from(required), u64::from(self.usable));
        if demanded <= capacity {
            return Err(StreamError::DemandWithinCapacity { demanded, capacity });
        }
        let limit = self.limit;
        if demanded > limit {
            return Err(StreamError::AboveLimit { demanded, limit });
        }
        let chosen = self.growth.next_capacity(capacity, demanded);
        if chosen < demanded {
            return Err(StreamError::GrowthBelowDemand { chosen, demanded });
        }
        // A strategy may choose more than the limit or a 32-bit length allows.
        let chosen = chosen.min(limit).min(u64::from(u32::MAX));
        let chosen = u32::try_from(chosen).expect("cut to 32 bits above");
        match self.regrow {
            Regrow::Resize => self.resize(chosen),
            Regrow::Fresh | Regrow::Uninit => self.replace(chosen),
        }
        Ok(())
    }

    /// Replaces the buffer by one of `capacity` bytes, but not less than the first capacity.
    /// Does nothing if that is not smaller.
    #[cold]
    pub fn shrink(&mut self, capacity: u32) {
        let capacity = capacity.max(self.initial);
        if capacity < self.usable {
            self.tally.shrinks += 1;
            self.replace(capacity);
        }
    }

    /// Grows by `Vec::resize`: if the memory held does not suffice, it allocates up to twice
    /// as much, copies the old bytes and zeroes the new ones.
    fn resize(&mut self, capacity: u32) {
        let (held, len) = (self.held(), self.bytes.len());
        if 2 * held > self.limit {
            // `Vec` would double the memory held, and exceed the limit.
            self.bytes.reserve_exact(capacity as usize - len);
        }
        self.bytes.resize(capacity as usize, 0);
        self.tally.zeroed += (capacity as usize - len) as u64;
        if self.held() != held {
            self.tally.moved += len as u64;
            self.tally.allocated += self.held();
        }
        self.usable = capacity;
        self.tally.peak = self.tally.peak.max(self.held());
    }

    /// Drops the buffer, then allocates a new one: the old bytes are not needed.
    fn replace(&mut self, capacity: u32) {
        self.bytes = Vec::new();
        if self.regrow == Regrow::Uninit {
            self.bytes = Vec::with_capacity(capacity as usize);
        } else {
            self.bytes = vec![0; capacity as usize];
            self.tally.zeroed += u64::from(capacity);
        }
        self.usable = capacity;
        self.tally.allocated += self.held();
        self.tally.peak = self.tally.peak.max(self.held());
    }

    /// Writes what the buffer has cost so far into `counts`.
    pub fn count(&self, counts: &mut HostCounts) {
        counts.zeroed = self.tally.zeroed;
        counts.moved = self.tally.moved;
        counts.allocated = self.tally.allocated;
        counts.shrinks = self.tally.shrinks;
        counts.peak_capacity = self.tally.peak;
        counts.capacity = self.held();
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buffer")
            .field("usable", &self.usable)
            .field("regrow", &self.regrow)
            .field("limit", &self.limit)
            .field("tally", &self.tally)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use bench_protocol::spec::Growth as Kind;
    use proptest::prelude::*;

    fn config(growth: Kind, regrow: Regrow) -> BufferConfig {
        BufferConfig {
            growth,
            regrow,
            initial_capacity: 64,
            memory_limit: 1 << 20,
            ..BufferConfig::default()
        }
    }

    #[test]
    fn resize_moves_the_old_bytes_and_zeroes_the_new() {
        let mut buffer = Buffer::new(&config(Kind::Exact, Regrow::Resize)).unwrap();
        buffer.grow(1000).unwrap();
        assert_eq!((buffer.usable(), buffer.held()), (1000, 1000));
        // For a byte more, `Vec` doubles the memory held; the guest is told one byte more,
        // and the next byte costs no allocation.
        buffer.grow(1001).unwrap();
        assert_eq!((buffer.usable(), buffer.held()), (1001, 2000));
        buffer.grow(1002).unwrap();
        let mut counts = HostCounts::default();
        buffer.count(&mut counts);
        assert_eq!(counts.zeroed, 64 + 936 + 1 + 1);
        assert_eq!(counts.moved, 64 + 1000);
        assert_eq!(counts.allocated, 64 + 1000 + 2000);
        assert_eq!((counts.peak_capacity, counts.capacity), (2000, 2000));
    }

    #[test]
    fn a_fresh_buffer_moves_nothing_and_an_uninit_one_zeroes_nothing() {
        for (regrow, zeroed) in [(Regrow::Fresh, 64 + 1000), (Regrow::Uninit, 0)] {
            let mut buffer = Buffer::new(&config(Kind::Exact, regrow)).unwrap();
            buffer.grow(1000).unwrap();
            let mut counts = HostCounts::default();
            buffer.count(&mut counts);
            assert_eq!((counts.moved, counts.zeroed), (0, zeroed), "{regrow:?}");
        }
    }

    #[test]
    fn a_choice_above_the_limit_is_cut_and_a_demand_above_it_is_refused() {
        let mut buffer = Buffer::new(&config(Kind::PowerOfTwo, Regrow::Fresh)).unwrap();
        let limit = 1 << 20;
        buffer.grow((1 << 20) - 1).unwrap();
        assert_eq!(u64::from(buffer.usable()), limit);
        let demanded = limit + 1;
        let refused = buffer.grow((1 << 20) + 1);
        assert_eq!(refused, Err(StreamError::AboveLimit { demanded, limit }));
        let initial = BufferConfig {
            initial_capacity: u32::MAX,
            ..BufferConfig::default()
        };
        assert!(matches!(
            Buffer::new(&initial),
            Err(StreamError::InitialAboveLimit { .. })
        ));
    }

    #[test]
    fn no_way_to_grow_holds_more_than_the_limit_or_the_cap() {
        for &regrow in Regrow::ALL {
            let limited = BufferConfig {
                memory_limit: 5000,
                ..config(Kind::Exact, regrow)
            };
            let capped = BufferConfig {
                growth_param: 5000,
                ..config(Kind::Capped, regrow)
            };
            for config in [limited, capped] {
                let mut buffer = Buffer::new(&config).unwrap();
                buffer.grow(4000).unwrap();
                buffer.grow(4500).unwrap();
                assert!(buffer.held() <= 5000, "{config:?} holds {}", buffer.held());
                let (demanded, limit) = (5001, 5000);
                let refused = buffer.grow(5001);
                assert_eq!(refused, Err(StreamError::AboveLimit { demanded, limit }));
            }
        }
    }

    proptest! {
        #[test]
        fn a_strategy_that_chooses_less_than_the_demand_is_caught(
            demands in proptest::collection::vec(1..100_000_u32, 1..20),
            chosen in proptest::collection::vec(0..120_000_u64, 1..20),
            regrow in proptest::sample::select(Regrow::ALL),
        ) {
            /// Chooses what it is told.
            struct Wild(Vec<u64>, Cell<usize>);
            impl Growth for Wild {
                fn next_capacity(&self, _current: u64, _required: u64) -> u64 {
                    let turn = self.1.replace(self.1.get() + 1);
                    self.0[turn % self.0.len()]
                }
            }
            let wild = Wild(chosen.clone(), Cell::new(0));
            let mut buffer = Buffer::with_growth(&config(Kind::Exact, regrow), Box::new(wild)).unwrap();
            let mut turn = 0;
            for demand in demands {
                let before = buffer.usable();
                if demand <= before {
                    continue;
                }
                let choice = chosen[turn % chosen.len()];
                turn += 1;
                match buffer.grow(demand) {
                    Ok(()) => prop_assert_eq!(u64::from(buffer.usable()), choice),
                    Err(error) => {
                        let demanded = u64::from(demand);
                        prop_assert!(choice < demanded);
                        let chosen = choice;
                        prop_assert_eq!(error, StreamError::GrowthBelowDemand { chosen, demanded });
                        prop_assert_eq!(buffer.usable(), before);
                    }
                }
            }
        }
    }

    #[test]
    fn a_strategy_that_does_not_grow_is_caught() {
        struct Stuck;
        impl Growth for Stuck {
            fn next_capacity(&self, current: u64, _required: u64) -> u64 {
                current
            }
        }
        let config = config(Kind::Exact, Regrow::Fresh);
        let mut buffer = Buffer::with_growth(&config, Box::new(Stuck)).unwrap();
        let refused = buffer.grow(100);
        assert_eq!(
            refused,
            Err(StreamError::GrowthBelowDemand {
                chosen: 64,
                demanded: 100
            })
        );
        assert_eq!(buffer.usable(), 64);
    }

    #[test]
    fn a_demand_that_fits_already_is_refused() {
        let mut buffer = Buffer::new(&config(Kind::Exact, Regrow::Fresh)).unwrap();
        let refused = buffer.grow(64);
        assert_eq!(
            refused,
            Err(StreamError::DemandWithinCapacity {
                demanded: 64,
                capacity: 64
            })
        );
    }

    #[test]
    fn shrinking_never_goes_below_the_first_capacity() {
        let mut buffer = Buffer::new(&config(Kind::Exact, Regrow::Resize)).unwrap();
        buffer.grow(5000).unwrap();
        buffer.shrink(10);
        assert_eq!((buffer.usable(), buffer.held()), (64, 64));
        buffer.shrink(10);
        let mut counts = HostCounts::default();
        buffer.count(&mut counts);
        assert_eq!((counts.shrinks, counts.peak_capacity), (1, 5000));
    }
}
