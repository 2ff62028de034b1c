//! Growth strategies: the capacity that a host chooses when an item does not fit.
//!
//! A strategy sees only the current capacity and the demand. The [`buffer`](crate::buffer)
//! enforces limits, zeroes and copies.

use bench_protocol::spec::Growth as Kind;

/// Page size of the strategies that round to pages, bytes.
pub const PAGE: u64 = 4096;

/// Chooses the next capacity of a buffer.
pub trait Growth: Send {
    /// The next capacity, when the current one is `current` and an item demands `required`
    /// bytes: more than `current`, at most [`cap`](Self::cap). The result must be at least
    /// `required`; the buffer checks this.
    fn next_capacity(&self, current: u64, required: u64) -> u64;

    /// Largest capacity that the strategy allows, bytes. A demand above it is an error.
    fn cap(&self) -> u64 {
        u64::MAX
    }
}

/// Exactly the demand, as in Fidius' stream pump.
#[derive(Debug)]
pub struct Exact;
impl Growth for Exact {
    fn next_capacity(&self, _current: u64, required: u64) -> u64 {
        required
    }
}

/// The larger of the demand and twice the capacity, as in Fidius' client streaming and Rust's
/// `Vec`.
#[derive(Debug)]
pub struct Doubling;
impl Growth for Doubling {
    fn next_capacity(&self, current: u64, required: u64) -> u64 {
        required.max(current.saturating_mul(2))
    }
}

/// The demand rounded up to a power of two, as in size-class allocators and many network
/// stacks.
#[derive(Debug)]
pub struct PowerOfTwo;
impl Growth for PowerOfTwo {
    fn next_capacity(&self, _current: u64, required: u64) -> u64 {
        required.checked_next_power_of_two().unwrap_or(required)
    }
}

/// The larger of the demand and 1.5 times the capacity, as in folly's and Microsoft's C++
/// vectors.
#[derive(Debug)]
pub struct OneAndAHalf;
impl Growth for OneAndAHalf {
    fn next_capacity(&self, current: u64, required: u64) -> u64 {
        required.max(current.saturating_add(current / 2))
    }
}

/// The demand rounded up to pages, as in buffers from `mmap`.
#[derive(Debug)]
pub struct Pages;
impl Growth for Pages {
    fn next_capacity(&self, _current: u64, required: u64) -> u64 {
        required.checked_next_multiple_of(PAGE).unwrap_or(required)
    }
}

/// The larger of the demand and 1.5 times the capacity, rounded up to pages. jemalloc's large
/// size classes are similar.
#[derive(Debug)]
pub struct PagesOneAndAHalf;
impl Growth for PagesOneAndAHalf {
    fn next_capacity(&self, current: u64, required: u64) -> u64 {
        let chosen = OneAndAHalf.next_capacity(current, required);
        Pages.next_capacity(current, chosen)
    }
}

/// The larger of the demand and a hint, for a host that knows the largest item in advance.
#[derive(Debug)]
pub struct Presized {
    /// The hint, bytes.
    pub hint: u64,
}
impl Growth for Presized {
    fn next_capacity(&self, _current: u64, required: u64) -> u64 {
        required.max(self.hint)
    }
}

/// Doubling up to a cap, and an error above it, for a host that must not hold more whatever
/// the plugin does.
#[derive(Debug)]
pub struct Capped {
    /// The cap, bytes.
    pub cap: u64,
}
impl Growth for Capped {
    fn next_capacity(&self, current: u64, required: u64) -> u64 {
        Doubling.next_capacity(current, required).min(self.cap)
    }
    fn cap(&self) -> u64 {
        self.cap
    }
}

/// The strategy of a kind. `param` is the kind's parameter, bytes.
#[must_use]
pub fn strategy(kind: Kind, param: u64) -> Box<dyn Growth> {
    match kind {
        Kind::Exact => Box::new(Exact),
        Kind::Doubling => Box::new(Doubling),
        Kind::PowerOfTwo => Box::new(PowerOfTwo),
        Kind::OneAndAHalf => Box::new(OneAndAHalf),
        Kind::Pages => Box::new(Pages),
        Kind::PagesOneAndAHalf => Box::new(PagesOneAndAHalf),
        Kind::Presized => Box::new(Presized { hint: param }),
        Kind::Capped => Box::new(Capped { cap: param }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_strategy_chooses_as_its_name_says() {
        let chosen = |kind, param| strategy(kind, param).next_capacity(4096, 5000);
        assert_eq!(chosen(Kind::Exact, 0), 5000);
        assert_eq!(chosen(Kind::Doubling, 0), 8192);
        assert_eq!(chosen(Kind::PowerOfTwo, 0), 8192);
        assert_eq!(chosen(Kind::OneAndAHalf, 0), 6144);
        assert_eq!(chosen(Kind::Pages, 0), 8192);
        assert_eq!(chosen(Kind::PagesOneAndAHalf, 0), 8192);
        assert_eq!(chosen(Kind::Presized, 70_000), 70_000);
        assert_eq!(chosen(Kind::Capped, 6000), 6000);
        assert_eq!(strategy(Kind::Capped, 4999).cap(), 4999);
        assert_eq!(strategy(Kind::Doubling, 4999).cap(), u64::MAX);
    }

    proptest! {
        #[test]
        fn no_strategy_chooses_less_than_the_demand(
            current in 0..u64::from(u32::MAX),
            more in 1..u64::from(u32::MAX),
            param: u64,
        ) {
            let required = current + more;
            for &kind in Kind::ALL {
                let strategy = strategy(kind, param);
                if required <= strategy.cap() {
                    let chosen = strategy.next_capacity(current, required);
                    prop_assert!(chosen >= required, "{kind:?} chose {chosen}");
                }
            }
        }
    }
}
