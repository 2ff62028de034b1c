//! Writes a stream error into a drain's report, and reads it back on the other side.

use bench_protocol::api::DrainReport;
use bench_protocol::channel::api::PLUGIN_FAULT;
use bench_protocol::error::PluginError;
use bench_protocol::wire;

use crate::error::StreamError as E;

/// Both directions of one table: the number of an error and up to two numbers that are in it.
macro_rules! numbered {
    ($($fault:literal => $name:ident $({ $first:ident $(, $second:ident)? })?;)*) => {
        fn numbers(error: &E) -> Option<(u32, [u64; 2])> {
            match error {
                $(E::$name $({ $first $(, $second)? })? => {
                    Some(($fault, detail(&[$(*$first $(, *$second)?)?])))
                                })*
                // See `write`.
                E::UnknownStatus { .. }
                | E::NullFunction { .. }
                | E::Decode { .. }
                | E::Plugin(_)
                | E::OpenFailed { .. } => None,
            }
        }

        fn of_numbers(fault: u32, [a, b]: [u64; 2]) -> Option<E> {
            match fault {
                $($fault => Some(E::$name $({ $first: a $(, $second: b)? })?),)*
                _ => None,
            }
        }
    };
}

numbered! {
    2 => LengthAboveCapacity { len, capacity };
    3 => TooSmallTwice { demanded, capacity };
    4 => DemandWithinCapacity { demanded, capacity };
    5 => AboveLimit { demanded, limit };
    6 => TooManyItems { allowed };
    7 => GrowthBelowDemand { chosen, demanded };
    8 => NullHandle;
    10 => NullItem { len };
    12 => DecodeDiffers { item };
    14 => MalformedPluginError;
    15 => GuestPanic;
    16 => Serialization;
    17 => HostPanic;
    19 => InvalidSpec;
    20 => InitialAboveLimit { capacity, limit };
    21 => OtherCompiler;
    22 => WroteBeyond { bytes, capacity };
    23 => WroteBefore { bytes, capacity };
    24 => EndAfterTooSmall { demanded };
    25 => ItemAfterEnd;
    26 => BatchCount { count, asked };
    27 => BatchBytes { bytes, taken };
    28 => ZeroBatch;
    29 => DidNotGrow { demanded, capacity };
    30 => Reentered;
    31 => HostSerialization;
}

/// Two numbers, 0 where none are given.
fn detail(given: &[u64]) -> [u64; 2] {
    [0, 1].map(|index| given.get(index).copied().unwrap_or_default())
}

/// Writes `error` into `report`.
pub(crate) fn write(report: &mut DrainReport, error: &E) {
    let status = |status: &i32| [u64::from(status.cast_unsigned()), 0];
    let (fault, detail, text) = match error {
        E::UnknownStatus { status: it } => (1, status(it), None),
        E::NullFunction { function } => (9, [u64::from(*function == "drop_fn"), 0], None),
        E::Decode { item, message } => (11, [*item, 0], Some(message.clone().into_bytes())),
        E::Plugin(error) => {
            let text = plugin_error(error, report.text.len());
            (PLUGIN_FAULT, [0; 2], Some(text))
        }
        E::OpenFailed { status: it } => (18, status(it), None),
        other => {
            let (fault, detail) = numbers(other).expect("the table has all others");
            (fault, detail, None)
        }
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
    let [a, _] = report.fault_detail;
    let text = &report.text[..(report.text_len as usize).min(report.text.len())];
    let status = || (a as u32).cast_signed();
    Some(match report.fault {
        0 => return None,
        1 => E::UnknownStatus { status: status() },
        9 => E::NullFunction {
            function: if a == 1 { "drop_fn" } else { "next" },
        },
        11 => E::Decode {
            item: a,
            message: String::from_utf8_lossy(text).into_owned(),
        },
        PLUGIN_FAULT => wire::deserialize(text).map_or(E::MalformedPluginError, E::Plugin),
        18 => E::OpenFailed { status: status() },
        // An unknown number: the host was built from other sources.
        fault => of_numbers(fault, report.fault_detail).unwrap_or(E::InvalidSpec),
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
