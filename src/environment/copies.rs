//! What a copy costs, by how source and destination lie in their pages.
//!
//! glibc copies a few KiB and more by `rep movsb` where the CPU says that it is
//! fast. On some CPUs it is a dozen times slower when the destination lies a few
//! bytes behind the source within their pages; where buffers come to lie is the
//! allocator's chance, so ratios of cases that copy much are partly that.

use std::hint::black_box;
use std::time::Instant;

/// Bytes of a page, and of a copy.
const PAGE: usize = 4096;
/// Distances from the source's place in its page to the destination's, bytes.
const DISTANCES: [usize; 12] = [0, 1, 8, 16, 32, 64, 128, 256, 1024, 2048, 3072, 4080];
/// Copies that are timed together, microseconds in all.
const BATCH: u32 = 16;
/// Batches of each distance; the fastest counts.
const BATCHES: u32 = 12;
/// A slowest copy of so many fastest ones is worth a word.
const MUCH: f64 = 3.0;

/// Times of a copy of 4 KiB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Copies {
    /// At the best distance, nanoseconds.
    pub fastest_ns: f64,
    /// At the worst distance, nanoseconds.
    pub slowest_ns: f64,
    /// The worst distance, bytes.
    pub slowest_at: usize,
}

impl Copies {
    /// Times them: some milliseconds.
    pub fn measure() -> Self {
        let mut memory = vec![1; 4 * PAGE];
        let times = DISTANCES.map(|distance| time(&mut memory, distance));
        let slowest = (0..times.len()).max_by(|&a, &b| times[a].total_cmp(&times[b]));
        let slowest = slowest.unwrap_or_default();
        Self {
            fastest_ns: times.iter().copied().fold(f64::INFINITY, f64::min),
            slowest_ns: times[slowest],
            slowest_at: DISTANCES[slowest],
        }
    }

    /// As a record shows them.
    pub fn words(&self) -> String {
        format!(
            "{:.0} to {:.0} ns, the most when the destination lies {} B behind the source in \
             their pages",
            self.fastest_ns, self.slowest_ns, self.slowest_at
        )
    }

    /// What a person should know, if there is anything.
    pub fn notice(&self) -> Option<String> {
        (self.slowest_ns > MUCH * self.fastest_ns).then(|| {
            format!(
                "a copy of 4 KiB takes {} on this machine: ratios of cases that copy much are \
                 partly where buffers come to lie; run under \
                 GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x7fffffff to see them without",
                self.words()
            )
        })
    }
}

/// The fastest copy at a distance, nanoseconds.
fn time(memory: &mut [u8], distance: usize) -> f64 {
    let (source, rest) = memory.split_at_mut(PAGE);
    let destination = &mut rest[PAGE + distance..][..PAGE];
    let batch = |_| {
        let start = Instant::now();
        for _ in 0..BATCH {
            black_box(&mut *destination).copy_from_slice(black_box(&*source));
        }
        start.elapsed().as_nanos() as f64 / f64::from(BATCH)
    };
    (0..BATCHES).map(batch).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_large_difference_is_worth_a_word() {
        let copies = |slowest_ns| Copies {
            fastest_ns: 60.0,
            slowest_ns,
            slowest_at: 16,
        };
        assert_eq!(copies(100.0).notice(), None);
        let said = copies(1200.0).notice().expect("twenty times is large");
        assert!(said.contains("60 to 1200 ns"), "{said}");
    }

    #[test]
    fn a_copy_takes_time_and_the_worst_no_less_than_the_best() {
        let copies = Copies::measure();
        assert!(copies.fastest_ns > 0.0 && copies.slowest_ns >= copies.fastest_ns);
        assert!(DISTANCES.contains(&copies.slowest_at));
    }
}
