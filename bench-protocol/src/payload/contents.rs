//! The contents of items: random, and slices of one backing buffer.

use crate::random::mix;
use crate::size_plan::SizeTable;

/// Slices start at most this many bytes into their backing buffer, so that items of one
/// size differ.
pub(super) const SLACK: usize = 4096;
/// Slices start at multiples of it, so that no item is better aligned than another.
pub(super) const STRIDE: usize = 8;

/// The start of entry `k`'s slice, in strides.
pub(super) fn start(seed: u64, k: usize, places: usize) -> usize {
    (mix(!seed, k as u64) % places as u64) as usize
}

/// A slice of `backing` for each entry of the table.
pub(super) fn slices<T>(seed: u64, table: &SizeTable, backing: &'static [T]) -> Vec<&'static [T]> {
    let unit = size_of::<T>();
    let cut = |(k, &bytes): (usize, &u32)| {
        let from = start(seed, k, SLACK / STRIDE) * (STRIDE / unit);
        &backing[from..from + bytes as usize / unit]
    };
    table.sizes().iter().enumerate().map(cut).collect()
}

/// Random bytes for the table's largest item and the slack.
pub(super) fn random_bytes(seed: u64, table: &SizeTable) -> Vec<u8> {
    let words = (table.max() as usize + SLACK).div_ceil(8) as u64;
    (0..words)
        .flat_map(|k| mix(seed, k).to_le_bytes())
        .collect()
}
