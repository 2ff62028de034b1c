//! The cases that exist.

use bench_protocol::channel::Channel;
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{BufferConfig, Decode, Growth, ProducerKind, Protocol, Regrow, Shrink};

use super::{Case, Group, Stage, plans};

/// Sizes of `bytes` and `blob`: 16 B to 4 MiB in powers of four.
pub const BYTE_SIZES: [u32; 10] = [
    16,
    64,
    256,
    1 << 10,
    4 << 10,
    16 << 10,
    64 << 10,
    256 << 10,
    1 << 20,
    4 << 20,
];
/// Sizes of `f64s`.
pub const COLUMN_SIZES: [u32; 5] = [64, 1 << 10, 16 << 10, 256 << 10, 4 << 20];
pub const RECORD_SIZES: [u32; 3] = [64, 256, 1 << 10];

/// Content sizes that a payload is measured at, bytes.
pub fn sizes(payload: PayloadKind) -> &'static [u32] {
    match payload {
        PayloadKind::U64 => &[8],
        PayloadKind::Record => &RECORD_SIZES,
        PayloadKind::Bytes | PayloadKind::Blob => &BYTE_SIZES,
        PayloadKind::F64s => &COLUMN_SIZES,
        // The laboratory has it.
        PayloadKind::Text => &[],
    }
}

/// Whether a size belongs to the set for a person in a hurry and for CI.
fn quick_size(payload: PayloadKind, bytes: u32) -> bool {
    match payload {
        PayloadKind::U64 => true,
        PayloadKind::Record => bytes == 256,
        PayloadKind::Bytes => matches!(bytes, 64 | 4096),
        PayloadKind::Blob => matches!(bytes, 64 | 4096 | 65536),
        PayloadKind::F64s => bytes == 1024,
        PayloadKind::Text => false,
    }
}

/// Drains of every payload, size, protocol and decoding, and of records that
/// the guest allocates one by one.
pub fn drains() -> Vec<Case> {
    let mut cases = Vec::new();
    for payload in PayloadKind::ALL {
        for &bytes in sizes(payload) {
            for decode in [Decode::Owned, Decode::Borrowed] {
                for &protocol in Protocol::ALL {
                    cases.push(Case {
                        decode,
                        ..Case::drain(payload, bytes, protocol)
                    });
                }
            }
        }
    }
    for (payload, bytes) in [(PayloadKind::Record, 256), (PayloadKind::Bytes, 4096)] {
        for &protocol in Protocol::ALL {
            let producer = ProducerKind::Owned;
            cases.push(Case {
                producer,
                ..Case::drain(payload, bytes, protocol)
            });
        }
    }
    cases
}

/// Opening, the first item and cancelling, for a small and a large item.
pub fn lifecycles() -> Vec<Case> {
    let mut cases = Vec::new();
    for (payload, bytes) in [(PayloadKind::U64, 8), (PayloadKind::Blob, 64 << 10)] {
        for stage in Stage::ALL {
            for &protocol in Protocol::ALL {
                let group = Group::Lifecycle(stage);
                cases.push(Case {
                    group,
                    ..Case::drain(payload, bytes, protocol)
                });
            }
        }
    }
    cases
}

/// Capacities of the first buffer that growth is measured with, bytes; the
/// largest item of the stream is one more.
pub const INITIAL_CAPACITIES: [u32; 4] = [64, 256, 4096, 64 << 10];
/// Shrink rules that growth is measured with, each with its parameter, items.
pub const SHRINKS: [(Shrink, u64); 3] = [
    (Shrink::Never, 0),
    (Shrink::AfterSmall, 64),
    (Shrink::Decay, 64),
];

/// Items that do not fit: of every standard plan all strategies and the alloc
/// baseline. Where one of the other switches matters most, that switch too: the
/// first capacity where large items are many, shrinking where they are few, and
/// how the larger buffer comes about where nearly every item grows it.
pub fn growths() -> Vec<Case> {
    plans::standard().into_iter().flat_map(growths_of).collect()
}

/// The growth cases of one plan; the first is the exact fit, the last is alloc.
pub fn growths_of(plan: SizePlan) -> Vec<Case> {
    let case = Case::growth(plan, BufferConfig::default());
    let wire_max = plans::wire_bytes(case.item_bytes());
    let plain = |&growth: &Growth| plans::buffer(growth, wire_max);
    let mut buffers: Vec<BufferConfig> = Growth::ALL.iter().map(plain).collect();
    match case.plan {
        SizePlan::Ramp { every: 1, .. } => {
            for growth in [Growth::Exact, Growth::Presized] {
                for regrow in [Regrow::Fresh, Regrow::Uninit] {
                    let buffer = plain(&growth);
                    buffers.push(BufferConfig { regrow, ..buffer });
                }
            }
        }
        SizePlan::Bimodal { .. } | SizePlan::Spike { .. } => {
            for (shrink, shrink_param) in SHRINKS.into_iter().skip(1) {
                buffers.push(BufferConfig {
                    shrink,
                    shrink_param,
                    ..plain(&Growth::Exact)
                });
            }
        }
        SizePlan::HeavyTail { .. } => {
            for initial_capacity in INITIAL_CAPACITIES.into_iter().skip(1) {
                buffers.push(BufferConfig {
                    initial_capacity,
                    ..plain(&Growth::Exact)
                });
            }
        }
        _ => {}
    }
    let arena = |buffer| Case {
        buffer,
        ..case.clone()
    };
    let mut cases: Vec<Case> = buffers.into_iter().map(arena).collect();
    cases.push(case.with_protocol(Protocol::Alloc));
    cases
}

/// Items that channels are measured with.
const CHANNEL_ITEMS: [(PayloadKind, u32); 4] = [
    (PayloadKind::U64, 8),
    (PayloadKind::Record, 256),
    (PayloadKind::Bytes, 1 << 10),
    (PayloadKind::Blob, 4 << 10),
];
/// One large item, and small ones for ever: what it costs each later item shows who keeps what.
const LARGE_FIRST: SizePlan = SizePlan::Spike {
    quiet: 64,
    spike: 1 << 20,
    at: 0,
};

/// Every channel by every way, the framework's first. Client streams and unary calls keep
/// something from item to item in one of Fidius' ways: for them, large items and small ones after a
/// large one as well.
pub fn channels() -> Vec<Case> {
    let mut cases = Vec::new();
    for &channel in Channel::ALL {
        let constant = |(payload, bytes)| (payload, SizePlan::Constant { bytes });
        let mut items: Vec<_> = CHANNEL_ITEMS.into_iter().map(constant).collect();
        if matches!(channel, Channel::Client | Channel::Unary) {
            items.push(constant((PayloadKind::Blob, 64 << 10)));
            items.push((PayloadKind::Blob, LARGE_FIRST));
        }
        for (payload, plan) in items {
            for &way in channel.ways() {
                cases.push(Case::channel(channel, way, payload, plan.clone()));
            }
        }
    }
    cases
}

pub fn all() -> Vec<Case> {
    let mut cases = drains();
    cases.extend(lifecycles());
    cases.extend(growths());
    cases.extend(channels());
    cases
}

/// Of a selection, the cases that `compare` and `bisect` measure: the drains, or the channels
/// where the selection names those alone. Older builds have no channels.
pub fn compared(mut cases: Vec<Case>) -> Vec<Case> {
    let drains = cases.iter().any(Case::is_drain);
    cases.retain(|case| match drains {
        true => case.is_drain(),
        false => case.is_channel(),
    });
    cases
}

/// Whether a case belongs to the quick set.
pub fn is_quick(case: &Case) -> bool {
    case.group == Group::Drain
        && case.decode == Decode::Owned
        && case.producer == ProducerKind::Prepared
        && quick_size(case.payload, case.item_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::CaseId;
    use std::collections::HashSet;

    #[test]
    fn an_id_names_one_case() {
        let cases = all();
        let ids: HashSet<String> = cases.iter().map(Case::id).collect();
        assert_eq!(ids.len(), cases.len());
    }

    #[test]
    fn the_parts_of_every_id_are_what_the_case_says_and_give_the_id_back() {
        for case in all() {
            let text = case.id();
            let id = CaseId::of(&text);
            assert_eq!(id.to_string(), text);
            assert_eq!(id.arm, Some(case.arm()), "{text}");
            let (family, item) = match case.group {
                Group::Drain => ("drain", case.item()),
                Group::Lifecycle(stage) => {
                    assert_eq!(id.parts().last(), Some(stage.name()));
                    ("lifecycle", case.item())
                }
                Group::Growth => ("growth", case.plan.name().to_owned()),
                Group::Channel(channel, _) => (channel.name(), case.item()),
            };
            assert_eq!((id.family, id.item), (family, Some(&*item)), "{text}");
        }
    }

    #[test]
    fn every_arena_case_has_its_alloc_counterpart() {
        let cases = all();
        for case in cases.iter().filter(|case| !case.is_channel()) {
            let other = match case.protocol {
                Protocol::Arena => Protocol::Alloc,
                Protocol::Alloc => Protocol::Arena,
            };
            let other = case.with_protocol(other);
            assert!(cases.contains(&other), "{other}");
        }
    }

    #[test]
    fn every_way_of_a_channel_has_the_frameworks_for_the_same_items() {
        let cases = channels();
        for case in &cases {
            assert!(cases.contains(&case.baseline()), "{case}");
            assert!(!is_quick(case), "{case}");
            assert!(bench_record::CHANNELS.contains(&CaseId::of(&case.id()).family));
        }
        for name in bench_record::CHANNELS {
            assert!(
                cases.iter().any(|case| case.id().starts_with(name)),
                "{name}"
            );
        }
    }

    #[test]
    fn drains_are_compared_and_channels_where_nothing_else_is_chosen() {
        let all = compared(all());
        assert_eq!(all, drains());
        assert_eq!(compared(channels()), channels());
        assert!(compared(lifecycles()).is_empty());
    }

    #[test]
    fn the_quick_set_has_every_payload_by_both_protocols() {
        for payload in PayloadKind::ALL {
            for &protocol in Protocol::ALL {
                let quick = |case: &Case| {
                    is_quick(case) && case.payload == payload && case.protocol == protocol
                };
                assert!(all().iter().any(quick), "{payload:?} {protocol:?}");
            }
        }
    }
}
