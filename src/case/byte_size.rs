//! Sizes as people write them.

use std::fmt;

/// A number of bytes as ids and tables show it: `16B`, `4KiB`, `1MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes >= 1 << 20 && bytes % (1 << 20) == 0 => write!(f, "{}MiB", bytes >> 20),
            bytes if bytes >= 1 << 10 && bytes % (1 << 10) == 0 => write!(f, "{}KiB", bytes >> 10),
            bytes => write!(f, "{bytes}B"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        let said: Vec<String> = [16, 1024, 1500, 4 << 20]
            .map(|bytes| ByteSize(bytes).to_string())
            .to_vec();
        assert_eq!(said, ["16B", "1KiB", "1500B", "4MiB"]);
    }
}
