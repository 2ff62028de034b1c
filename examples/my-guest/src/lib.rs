//! An example of a guest of your own: readings of a sensor, one per second. Build it and
//! measure it:
//!
//! ```text
//! cargo build --release -p my-guest
//! cargo run --release -- guest target/release/libmy_guest.so
//! ```

use bench_protocol::spec::StreamConfig;
use serde::Serialize;

/// An item. Any type that serde can serialize will do.
#[derive(Serialize)]
struct Reading {
    second: u64,
    celsius: f64,
    station: String,
    /// Set if the sensor answered late.
    note: Option<&'static str>,
}

/// A day of readings. The argument says what the host asks for; a guest with a single stream
/// can ignore it.
fn readings(_asked: StreamConfig) -> impl Iterator<Item = Reading> + Send + 'static {
    (0..86_400).map(|second| Reading {
        second,
        celsius: 12.0 + (second as f64 / 43_200.0 * std::f64::consts::PI).sin() * 8.0,
        station: format!("station-{}", second % 7),
        note: (second % 60 == 0).then_some("late by more than a second"),
    })
}

bench_protocol::export_guest!(readings);
