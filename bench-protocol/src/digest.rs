//! A digest of a stream. Two streams have the same digest only if they have the same items
//! in the same order.

use xxhash_rust::xxh3::Xxh3;

/// XXH3-64 over each item's length (32-bit little-endian) and bytes.
#[derive(Clone, Default)]
pub struct StreamDigest {
    state: Xxh3,
}

impl StreamDigest {
    /// The digest of no items.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Xxh3::new() }
    }

    /// Appends one item.
    pub fn item(&mut self, bytes: &[u8]) {
        // Lengths on the wire have 32 bits: a longer slice cannot be an item.
        self.state.update(&(bytes.len() as u32).to_le_bytes());
        self.state.update(bytes);
    }

    /// The digest of the items so far.
    #[must_use]
    pub fn finish(&self) -> u64 {
        self.state.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(items: &[&[u8]]) -> u64 {
        let mut digest = StreamDigest::new();
        items.iter().for_each(|item| digest.item(item));
        digest.finish()
    }

    #[test]
    fn order_and_cuts_change_the_digest() {
        assert_eq!(digest(&[b"ab", b"c"]), digest(&[b"ab", b"c"]));
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"c", b"ab"]));
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_ne!(digest(&[b"ab"]), digest(&[b"ab", b""]));
    }
}
