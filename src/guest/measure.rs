//! What a child measures of a foreign guest: first what its stream consists of,
//! then how long it takes.

use std::time::{Duration, Instant};

use bench_protocol::spec::Observe;
use serde::{Deserialize, Serialize};

use super::child::{Answer, Task};
use super::{Guest, OpenStream};

/// Items between two looks at the clock, at first; doubled while they are quick.
const CHUNK: u64 = 64;
/// A chunk that takes longer than this is not doubled.
const QUICK: Duration = Duration::from_millis(5);
/// Samples of a timing, at least and at most.
const SAMPLES: std::ops::RangeInclusive<usize> = 15..=1000;

/// What a stream consisted of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Items drained.
    pub items: u64,
    /// Their wire bytes.
    pub bytes: u64,
    /// XXH3-64 over the items, hexadecimal.
    pub digest: String,
    /// Whether the stream ended by itself.
    pub ended: bool,
    /// Retries after `BUFFER_TOO_SMALL`.
    pub retries: u64,
    /// Largest capacity of the host's buffer, bytes.
    pub peak_capacity: u64,
}

/// How long streams took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Items drained of each stream.
    pub items: u64,
    /// Nanoseconds per item, one sample a stream.
    pub samples: Vec<f64>,
}

/// Does one task.
pub fn run(guest: &dyn Guest, task: Task) -> Answer {
    let observe = match task {
        Task::Verify { .. } => Observe::Verify,
        Task::Time { .. } | Task::Drain { .. } => Observe::Time,
    };
    let mut stream = match guest.open(observe) {
        Ok(stream) => stream,
        Err(error) => return Answer::Refused(error.to_string()),
    };
    match task {
        Task::Verify { items, seconds } => verify(stream.as_mut(), items, seconds),
        Task::Drain { items } => match stream.drain(items) {
            Ok(()) => Answer::Drained,
            Err(error) => Answer::Failed(error.to_string()),
        },
        Task::Time { items, seconds } => time(guest, stream, items, seconds),
    }
}

fn verify(stream: &mut dyn OpenStream, items: u64, seconds: f64) -> Answer {
    let start = Instant::now();
    let (mut left, mut chunk) = (items, CHUNK);
    while left > 0 && !stream.ended() && start.elapsed().as_secs_f64() < seconds {
        let before = Instant::now();
        let taken = chunk.min(left);
        if let Err(error) = stream.drain(taken) {
            let after = stream.counts().items;
            return Answer::Failed(format!("after {after} items: {error}"));
        }
        left -= taken;
        if before.elapsed() < QUICK {
            chunk *= 2;
        }
    }
    let counts = stream.counts();
    Answer::Verified(Verified {
        items: counts.items,
        bytes: counts.bytes,
        digest: format!("{:016x}", counts.digest),
        ended: stream.ended(),
        retries: counts.retries,
        peak_capacity: counts.peak_capacity,
    })
}

fn time(guest: &dyn Guest, first: Box<dyn OpenStream>, items: u64, seconds: f64) -> Answer {
    let start = Instant::now();
    let mut samples = Vec::new();
    let mut stream = first;
    loop {
        let before = Instant::now();
        let drained = stream.drain(items);
        let nanoseconds = before.elapsed().as_nanos() as f64;
        if let Err(error) = drained {
            return Answer::Failed(error.to_string());
        }
        samples.push(nanoseconds / items.max(1) as f64);
        let spent = start.elapsed().as_secs_f64() >= seconds;
        if samples.len() >= *SAMPLES.end() || spent && samples.len() > *SAMPLES.start() {
            break;
        }
        // A stream too slow for so many samples has as many as there was time for.
        if start.elapsed().as_secs_f64() >= 3.0 * seconds {
            break;
        }
        drop(stream);
        stream = match guest.open(Observe::Time) {
            Ok(stream) => stream,
            Err(error) => return Answer::Refused(error.to_string()),
        };
    }
    // The first stream met cold caches and lazy bindings.
    if samples.len() > 1 {
        samples.remove(0);
    }
    Answer::Timed(Timing { items, samples })
}
