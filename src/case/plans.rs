//! The standard size plans: how sizes run through the streams that growth is
//! measured with. Sizes are content bytes; the wire adds
//! [`WIRE_PREFIX`] to each.

use std::path::Path;

use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{BufferConfig, Growth};

use super::byte_size::ByteSize;
use super::recorded::{self, WIRE_PREFIX};

/// Items of a standard stream: every plan shows all it has within them.
pub const STREAM_ITEMS: u64 = 4096;

/// Sizes of the objects of this project's repository, in the order of their
/// names (`git cat-file --batch-all-objects --batch-check='%(objectsize)'`).
const GIT_OBJECTS: &str = include_str!("../../benches/sizes/git-objects.txt");

/// The standard plans, each under a name of its own.
///
/// # Panics
/// If the recording that comes with the project is damaged.
pub fn standard() -> Vec<SizePlan> {
    let recorded = recorded::parse(Path::new("git-objects.txt"), GIT_OBJECTS)
        .expect("the recording is read in a test");
    vec![
        SizePlan::Constant { bytes: 1024 },
        SizePlan::Ramp {
            from: 64,
            to: 64 + 4095,
            every: 1,
        },
        SizePlan::Ramp {
            from: 64,
            to: 64 + 255,
            every: 16,
        },
        SizePlan::Uniform { from: 16, to: 4096 },
        SizePlan::Bimodal {
            small: 64,
            large: 64 << 10,
            one_in: 64,
        },
        SizePlan::HeavyTail {
            from: 64,
            to: 256 << 10,
        },
        SizePlan::Sawtooth {
            from: 64,
            to: 4096,
            period: 128,
        },
        SizePlan::Spike {
            quiet: 256,
            spike: 1 << 20,
            at: 256,
        },
        SizePlan::Recorded { sizes: recorded },
    ]
}

/// Items of a stream that shows all of a plan: the standard number, or the
/// length of the recording.
pub fn stream_items(plan: &SizePlan) -> u64 {
    match plan {
        SizePlan::Recorded { sizes } => sizes.len() as u64,
        _ => STREAM_ITEMS,
    }
}

/// The parameters of a plan, in words.
pub fn describe(plan: &SizePlan) -> String {
    let size = |bytes: u32| ByteSize(u64::from(bytes));
    match *plan {
        SizePlan::Constant { bytes } => format!("every item {}", size(bytes)),
        SizePlan::Ramp { from, to, every } => format!(
            "{} to {}, one byte more every {}",
            size(from),
            size(to),
            if every > 1 {
                format!("{every} items")
            } else {
                "item".to_owned()
            }
        ),
        SizePlan::Uniform { from, to } => {
            format!("{} to {}, each size as likely", size(from), size(to))
        }
        SizePlan::Bimodal {
            small,
            large,
            one_in,
        } => format!(
            "{}, and one in {one_in} at random {}",
            size(small),
            size(large)
        ),
        SizePlan::HeavyTail { from, to } => {
            format!("Pareto of shape 1 from {}, cut at {}", size(from), size(to))
        }
        SizePlan::Sawtooth { from, to, period } => {
            format!(
                "{} to {} evenly, every {period} items",
                size(from),
                size(to)
            )
        }
        SizePlan::Spike { quiet, spike, at } => format!(
            "every item {}, but the one at {at}: {}",
            size(quiet),
            size(spike)
        ),
        SizePlan::Recorded { ref sizes } => format!(
            "{} recorded sizes up to {}",
            sizes.len(),
            size(sizes.iter().copied().max().unwrap_or(0))
        ),
    }
}

/// Bytes on the wire of an item of `content` bytes.
pub fn wire_bytes(content: u32) -> u64 {
    u64::from(content) + u64::from(WIRE_PREFIX)
}

/// A buffer for a stream whose largest item has `wire_max` bytes on the wire:
/// the strategies that take a number take this one, as a host would that knows
/// the largest item beforehand.
pub fn buffer(growth: Growth, wire_max: u64) -> BufferConfig {
    let growth_param = if needs_maximum(growth) { wire_max } else { 0 };
    BufferConfig {
        growth,
        growth_param,
        ..BufferConfig::default()
    }
}

/// Whether a strategy is told the largest item beforehand.
pub fn needs_maximum(growth: Growth) -> bool {
    matches!(growth, Growth::Presized | Growth::Capped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_plan_has_a_name_of_its_own_and_shows_all_it_has() {
        let plans = standard();
        let names: HashSet<&str> = plans.iter().map(SizePlan::name).collect();
        assert_eq!(names.len(), plans.len());
        for plan in &plans {
            let table = plan.table(0x000a_5e2a).unwrap();
            let shown = (0..stream_items(plan)).map(|k| table.size(k)).max();
            assert_eq!(shown, Some(table.max()), "{}", plan.name());
        }
    }

    #[test]
    fn a_description_states_the_parameters() {
        let said: Vec<String> = standard()[..6].iter().map(describe).collect();
        assert_eq!(
            said,
            [
                "every item 1KiB",
                "64B to 4159B, one byte more every item",
                "64B to 319B, one byte more every 16 items",
                "16B to 4KiB, each size as likely",
                "64B, and one in 64 at random 64KiB",
                "Pareto of shape 1 from 64B, cut at 256KiB",
            ]
        );
    }
}
