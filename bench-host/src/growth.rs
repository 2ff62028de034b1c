//! Growth strategies: the capacity that a host chooses when an item does not
//! fit.
//!
//! A strategy answers from the current capacity and the demand alone; limits,
//! zeroing and moving are the [`buffer`](crate::buffer)'s.

use bench_protocol::spec::Growth as Kind;

/// Bytes of a page, as the page-rounding strategies mean it.
pub const PAGE: u64 = 4096;

/// Chooses the next capacity of a buffer.
pub trait Growth {
    /// The capacity after `current` when an item demands `required` bytes, which
    /// are more than `current` and within [`cap`](Self::cap). At least
    /// `required`; the buffer checks.
    fn next_capacity(&self, current: u64, required: u64) -> u64;

    /// The largest capacity that the strategy grows to, bytes: a demand above it
    /// is an error.
    fn cap(&self) -> u64 {
        u64::MAX
    }
}

/// Exactly the demand. Fidius' stream pump does so.
#[derive(Debug)]
pub struct Exact;
impl Growth for Exact {
    fn next_capacity(&self, _current: u64, required: u64) -> u64 {
        required
    }
}

/// The larger of the demand and twice the capacity. Fidius' client streaming and
/// Rust's `Vec` do so.
#[derive(Debug)]
pub struct Doubling;
impl Growth for Doubling {
    fn next_capacity(&self, current: u64, required: u64) -> u64 {
        required.max(current.saturating_mul(2))
    }
}

/// The demand rounded up to a power of two, as size-class allocators and many
/// network stacks do.
#[derive(Debug)]
pub struct PowerOfTwo;
impl Growth for PowerOfTwo {
    fn next_capacity(&self, _current: u64, required: u64) -> u64 {
        required.checked_next_power_of_two().unwrap_or(required)
    }
}

/// The larger of the demand and 1.5 times the capacity, as folly's and
/// Microsoft's C++ vectors do.
#[derive(Debug)]
pub struct OneAndAHalf;
impl Growth for OneAndAHalf {
    fn next_capacity(&self, current: u64, required: u64) -> u64 {
        required.max(current.saturating_add(current / 2))
    }
}

/// The demand rounded up to pages, as buffers made by `mmap` are.
#[derive(Debug)]
pub struct Pages;
impl Growth for Pages {
    fn next_capacity(&self, _current: u64, required: u64) -> u64 {
        required.checked_next_multiple_of(PAGE).unwrap_or(required)
    }
}

/// The larger of the demand and 1.5 times the capacity, rounded up to pages, as
/// jemalloc's large classes come close to.
#[derive(Debug)]
pub struct PagesOneAndAHalf;
impl Growth for PagesOneAndAHalf {
    fn next_capacity(&self, current: u64, required: u64) -> u64 {
        let chosen = OneAndAHalf.next_capacity(current, required);
        Pages.next_capacity(current, chosen)
    }
}

/// The larger of the demand and a hint: what a host does that was told the
/// largest item beforehand.
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

/// Doubling up to a cap, and an error above it: what a host does that must not
/// be made to hold more, whoever writes the plugin.
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

/// The strategy of a kind; `param` is what the kind takes, bytes.
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
    fn each_strategy_chooses_what_it_says() {
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
