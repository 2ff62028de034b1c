//! An example of a guest to bring: readings of a sensor, one a second.
//!
//! ```text
//! cargo build --release -p my-guest
//! cargo run --release -- guest target/release/libmy_guest.so
//! ```

use bench_protocol::spec::StreamConfig;
use serde::Serialize;

/// What this guest streams: any type that can be serialized.
#[derive(Serialize)]
struct Reading {
    second: u64,
    celsius: f64,
    station: String,
    /// Set where the sensor answered late.
    note: Option<&'static str>,
}

/// A day of readings. What the host asks for is its argument; a guest of one
/// stream has no use for it.
fn readings(_asked: StreamConfig) -> impl Iterator<Item = Reading> + Send + 'static {
    (0..86_400).map(|second| Reading {
        second,
        celsius: 12.0 + (second as f64 / 43_200.0 * std::f64::consts::PI).sin() * 8.0,
        station: format!("station-{}", second % 7),
        note: (second % 60 == 0).then_some("late by more than a second"),
    })
}

bench_protocol::export_guest!(readings);
