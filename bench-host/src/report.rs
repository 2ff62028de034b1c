//! Writes a stream error into a drain's report, and reads it back on the other side.

use bench_protocol::api::DrainReport;
use bench_protocol::channel::api::PLUGIN_FAULT;
use bench_protocol::error::PluginError;
use bench_protocol::wire;

use crate::error::StreamError as E;

/// Writes `error` into `report`.
pub(crate) fn write(report: &mut DrainReport, error: &E) {
    let (fault, detail, text) = match error {
        E::UnknownStatus { status } => (1, [u64::from(status.cast_unsigned()), 0], None),
        E::LengthAboveCapacity { len, capacity } => (2, [*len, *capacity], None),
        E::TooSmallTwice { demanded, capacity } => (3, [*demanded, *capacity], None),
        E::DemandWithinCapacity { demanded, capacity } => (4, [*demanded, *capacity], None),
        E::AboveLimit { demanded, limit } => (5, [*demanded, *limit], None),
        E::TooManyItems { allowed } => (6, [*allowed, 0], None),
        E::GrowthBelowDemand { chosen, demanded } => (7, [*chosen, *demanded], None),
        E::NullHandle => (8, [0; 2], None),
        E::NullFunction { function } => (9, [u64::from(*function == "drop_fn"), 0], None),
        E::NullItem { len } => (10, [*len, 0], None),
        E::Decode { item, message } => (11, [*item, 0], Some(message.clone().into_bytes())),
        E::DecodeDiffers { item } => (12, [*item, 0], None),
        E::Plugin(error) => (
            PLUGIN_FAULT,
            [0; 2],
            Some(plugin_error(error, report.text.len())),
        ),
        E::MalformedPluginError => (14, [0; 2], None),
        E::GuestPanic => (15, [0; 2], None),
        E::Serialization => (16, [0; 2], None),
        E::HostPanic => (17, [0; 2], None),
        E::OpenFailed { status } => (18, [u64::from(status.cast_unsigned()), 0], None),
        E::InvalidSpec => (19, [0; 2], None),
        E::InitialAboveLimit { capacity, limit } => (20, [*capacity, *limit], None),
        E::OtherCompiler => (21, [0; 2], None),
        E::WroteBeyond { bytes, capacity } => (22, [*bytes, *capacity], None),
        E::WroteBefore { bytes, capacity } => (23, [*bytes, *capacity], None),
        E::EndAfterTooSmall { demanded } => (24, [*demanded, 0], None),
        E::ItemAfterEnd => (25, [0; 2], None),
        E::BatchCount { count, asked } => (26, [*count, *asked], None),
        E::BatchBytes { bytes, taken } => (27, [*bytes, *taken], None),
        E::ZeroBatch => (28, [0; 2], None),
        E::DidNotGrow { demanded, capacity } => (29, [*demanded, *capacity], None),
        E::Reentered => (30, [0; 2], None),
        E::HostSerialization => (31, [0; 2], None),
    };
    report.fault = fault;
    report.fault_detail = detail;
    let text = text.unwrap_or_default();
    let len = text.len().min(report.text.len());
    report.text[..len].copy_from_slice(&text[..len]);
    report.text_len = len as u32;
}

/// The error's bytes on the wire, with texts shortened until they fit into `room`.
fn plugin_error(error: &PluginError, room: usize) -> Vec<u8> {
    let cut = |text: &str, at| text.chars().take(at).collect::<String>();
    let whole = wire::serialize(error).unwrap_or_default();
    if whole.len() <= room {
        return whole;
    }
    // A character has at most four bytes, a length eight.
    let short = PluginError::new(cut(&error.code, room / 16), cut(&error.message, room / 8));
    wire::serialize(&short).unwrap_or_default()
}

/// The error in `report`, if there is one.
pub(crate) fn read(report: &DrainReport) -> Option<E> {
    let [a, b] = report.fault_detail;
    let text = &report.text[..(report.text_len as usize).min(report.text.len())];
    let status = || (a as u32).cast_signed();
    Some(match report.fault {
        0 => return None,
        1 => E::UnknownStatus { status: status() },
        2 => E::LengthAboveCapacity {
            len: a,
            capacity: b,
        },
        3 => E::TooSmallTwice {
            demanded: a,
            capacity: b,
        },
        4 => E::DemandWithinCapacity {
            demanded: a,
            capacity: b,
        },
        5 => E::AboveLimit {
            demanded: a,
            limit: b,
        },
        6 => E::TooManyItems { allowed: a },
        7 => E::GrowthBelowDemand {
            chosen: a,
            demanded: b,
        },
        8 => E::NullHandle,
        9 => E::NullFunction {
            function: if a == 1 { "drop_fn" } else { "next" },
        },
        10 => E::NullItem { len: a },
        11 => E::Decode {
            item: a,
            message: String::from_utf8_lossy(text).into_owned(),
        },
        12 => E::DecodeDiffers { item: a },
        PLUGIN_FAULT => wire::deserialize(text).map_or(E::MalformedPluginError, E::Plugin),
        14 => E::MalformedPluginError,
        15 => E::GuestPanic,
        16 => E::Serialization,
        17 => E::HostPanic,
        18 => E::OpenFailed { status: status() },
        19 => E::InvalidSpec,
        20 => E::InitialAboveLimit {
            capacity: a,
            limit: b,
        },
        21 => E::OtherCompiler,
        22 => E::WroteBeyond {
            bytes: a,
            capacity: b,
        },
        23 => E::WroteBefore {
            bytes: a,
            capacity: b,
        },
        24 => E::EndAfterTooSmall { demanded: a },
        25 => E::ItemAfterEnd,
        26 => E::BatchCount { count: a, asked: b },
        27 => E::BatchBytes { bytes: a, taken: b },
        28 => E::ZeroBatch,
        29 => E::DidNotGrow {
            demanded: a,
            capacity: b,
        },
        30 => E::Reentered,
        31 => E::HostSerialization,
        // An unknown number: the host was built from other sources.
        _ => E::InvalidSpec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_survives_the_boundary() {
        let errors = [
            E::UnknownStatus { status: -77 },
            E::LengthAboveCapacity {
                len: 5,
                capacity: 4,
            },
            E::TooSmallTwice {
                demanded: 5,
                capacity: 4,
            },
            E::DemandWithinCapacity {
                demanded: 4,
                capacity: 5,
            },
            E::AboveLimit {
                demanded: 5,
                limit: 4,
            },
            E::TooManyItems { allowed: 9 },
            E::GrowthBelowDemand {
                chosen: 1,
                demanded: 2,
            },
            E::NullHandle,
            E::NullFunction { function: "next" },
            E::NullFunction {
                function: "drop_fn",
            },
            E::NullItem { len: 3 },
            E::Decode {
                item: 7,
                message: "short".into(),
            },
            E::DecodeDiffers { item: 7 },
            E::Plugin(PluginError::new("CODE", "a message")),
            E::MalformedPluginError,
            E::GuestPanic,
            E::Serialization,
            E::HostPanic,
            E::OpenFailed { status: -4 },
            E::InvalidSpec,
            E::InitialAboveLimit {
                capacity: 2,
                limit: 1,
            },
            E::OtherCompiler,
            E::WroteBeyond {
                bytes: 1,
                capacity: 64,
            },
            E::WroteBefore {
                bytes: 2,
                capacity: 64,
            },
            E::EndAfterTooSmall { demanded: 99 },
            E::ItemAfterEnd,
            E::BatchCount { count: 9, asked: 8 },
            E::BatchBytes { bytes: 9, taken: 8 },
            E::ZeroBatch,
            E::DidNotGrow {
                demanded: 9,
                capacity: 8,
            },
            E::Reentered,
            E::HostSerialization,
        ];
        for error in errors {
            let mut report = DrainReport::default();
            write(&mut report, &error);
            assert_eq!(read(&report), Some(error));
        }
        assert_eq!(read(&DrainReport::default()), None);
    }

    #[test]
    fn a_long_plugin_error_is_cut_and_still_read() {
        let mut report = DrainReport::default();
        let error = PluginError::new("CODE", "é".repeat(5000));
        write(&mut report, &E::Plugin(error));
        let Some(E::Plugin(read)) = read(&report) else {
            panic!("a plugin error was written")
        };
        assert_eq!(read.code, "CODE");
        assert!(read.message.starts_with("ééé"));
    }
}
