//! Shrink rules: when a buffer becomes smaller again after a large item.
//!
//! A rule sees the length of each item. It is a type parameter of the drain loop, so that a
//! loop that never shrinks contains no code for it.

/// Watches the lengths of items and proposes a smaller capacity.
pub trait ShrinkRule {
    /// Called after an item of `len` bytes in a buffer of `usable` bytes. Returns the new
    /// capacity, or `None` to leave the buffer as it is.
    fn after(&mut self, len: u32, usable: u32) -> Option<u32>;
}

/// Never shrinks.
#[derive(Debug, Default)]
pub struct Never;
impl ShrinkRule for Never {
    #[inline(always)]
    fn after(&mut self, _len: u32, _usable: u32) -> Option<u32> {
        None
    }
}

/// After `patience` consecutive items that needed at most half of the buffer, shrinks to the
/// largest of them.
#[derive(Debug)]
pub struct AfterSmall {
    patience: u64,
    seen: u64,
    largest: u32,
}

impl AfterSmall {
    /// A rule that waits for `patience` small items; 0 counts as 1.
    #[must_use]
    pub fn new(patience: u64) -> Self {
        Self {
            patience: patience.max(1),
            seen: 0,
            largest: 0,
        }
    }
}

impl ShrinkRule for AfterSmall {
    #[inline]
    fn after(&mut self, len: u32, usable: u32) -> Option<u32> {
        if len > usable / 2 {
            (self.seen, self.largest) = (0, 0);
            return None;
        }
        self.seen += 1;
        self.largest = self.largest.max(len);
        if self.seen < self.patience {
            return None;
        }
        let largest = self.largest;
        (self.seen, self.largest) = (0, 0);
        Some(largest)
    }
}

/// Keeps a high-water mark that rises to every larger item and halves every `half_life` items.
/// Shrinks to the mark when that is at most half of the buffer.
#[derive(Debug)]
pub struct Decay {
    half_life: u64,
    age: u64,
    mark: u32,
}

impl Decay {
    /// A mark that halves every `half_life` items; 0 counts as 1.
    #[must_use]
    pub fn new(half_life: u64) -> Self {
        Self {
            half_life: half_life.max(1),
            age: 0,
            mark: 0,
        }
    }
}

impl ShrinkRule for Decay {
    #[inline]
    fn after(&mut self, len: u32, usable: u32) -> Option<u32> {
        self.age += 1;
        if self.age >= self.half_life {
            self.age = 0;
            self.mark /= 2;
        }
        self.mark = self.mark.max(len);
        (self.age == 0 && self.mark <= usable / 2).then_some(self.mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_items_in_a_row_shrink_and_a_large_one_starts_again() {
        let mut rule = AfterSmall::new(3);
        assert_eq!(rule.after(10, 100), None);
        assert_eq!(rule.after(40, 100), None);
        assert_eq!(rule.after(51, 100), None);
        assert_eq!(rule.after(10, 100), None);
        assert_eq!(rule.after(40, 100), None);
        assert_eq!(rule.after(20, 100), Some(40));
    }

    #[test]
    fn a_mark_halves_with_age_and_rises_at_once() {
        let mut rule = Decay::new(2);
        assert_eq!(rule.after(100, 100), None);
        // The mark has halved once: 50 is half of the buffer.
        assert_eq!(rule.after(1, 100), Some(50));
        assert_eq!(rule.after(80, 100), None);
        assert_eq!(rule.after(80, 100), None);
    }
}
