//! What a child measures of a foreign guest: first what its stream consists of,
//! then how long it takes.

use std::time::{Duration, Instant};

use bench_host::error::StreamError;
use bench_protocol::counts::HostCounts;
use bench_protocol::spec::Observe;
use serde::{Deserialize, Serialize};

use super::{Guest, OpenStream};

/// A chunk that takes longer than this is not doubled.
const QUICK: Duration = Duration::from_millis(5);
/// Samples of a timing, at least and at most.
const SAMPLES: std::ops::RangeInclusive<usize> = 15..=1000;
/// Samples that the length of a stream leaves time for.
const PLANNED: f64 = 32.0;
/// A timing, and a stream that is drained again, may take so many times what was planned.
const PATIENCE: f64 = 3.0;

/// One thing to do with a guest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// Drain one stream and hash it, until it ends or a limit is met; then a second one,
    /// which must have the same items.
    Verify {
        /// Items at most.
        items: u64,
        /// Seconds at most for the first.
        seconds: f64,
    },
    /// Drain streams, and time them.
    Time {
        /// Items of each stream at most; fewer where they are slow.
        items: u64,
        /// Seconds to spend.
        seconds: f64,
    },
    /// Drain so many items of one stream, for a tool that counts.
    Drain { items: u64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Verified(Verified),
    Timed(Timing),
    Drained,
    /// The guest cannot be used, or refuses the request.
    Refused(String),
    /// The guest's stream failed or broke the protocol.
    Failed(String),
}

/// What a stream consisted of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verified {
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
    /// Items asked of each stream.
    pub items: u64,
    /// Nanoseconds per item, one sample a stream.
    pub samples: Vec<f64>,
}

pub fn run(guest: &dyn Guest, task: Task) -> Answer {
    let observe = match task {
        Task::Verify { .. } => Observe::Verify,
        Task::Time { .. } | Task::Drain { .. } => Observe::Time,
    };
    let mut stream = match guest.open(observe) {
        Ok(stream) => stream,
        Err(error) => return Answer::Refused(error.to_string()),
    };
    let answer = match task {
        Task::Verify { items, seconds } => verify(guest, stream, items, seconds),
        Task::Drain { items } => stream
            .drain(items)
            .map(|()| Answer::Drained)
            .map_err(failed),
        Task::Time { items, seconds } => time(guest, stream, items, seconds),
    };
    answer.unwrap_or_else(|answer| answer)
}

fn failed(error: StreamError) -> Answer {
    Answer::Failed(error.to_string())
}

/// Drains a stream until it ends or a limit is met; `Err` is the answer of one that fails.
fn drained(stream: &mut dyn OpenStream, items: u64, seconds: f64) -> Result<(), Answer> {
    let start = Instant::now();
    // Looks at the clock are rarer while items are quick.
    let (mut left, mut chunk) = (items, 1);
    while left > 0 && !stream.ended() && start.elapsed().as_secs_f64() < seconds {
        let before = Instant::now();
        let taken = chunk.min(left);
        if let Err(error) = stream.drain(taken) {
            let after = stream.counts().items;
            return Err(Answer::Failed(format!("after {after} items: {error}")));
        }
        left -= taken;
        if before.elapsed() < QUICK {
            chunk *= 2;
        }
    }
    Ok(())
}

/// Whether a stream that ended stays so.
fn stays_ended(stream: &mut dyn OpenStream) -> Result<(), Answer> {
    if !stream.ended() {
        return Ok(());
    }
    stream.drain(1).map_err(failed)
}

fn open(guest: &dyn Guest, observe: Observe) -> Result<Box<dyn OpenStream>, Answer> {
    let opened = guest.open(observe);
    opened.map_err(|error| Answer::Failed(format!("it cannot be opened again: {error:#}")))
}

fn verify(
    guest: &dyn Guest,
    mut stream: Box<dyn OpenStream>,
    items: u64,
    seconds: f64,
) -> Result<Answer, Answer> {
    drained(stream.as_mut(), items, seconds)?;
    let (counts, ended) = (stream.counts(), stream.ended());
    stays_ended(stream.as_mut())?;
    drop(stream);
    if counts.items == 0 {
        return Ok(verified(&counts, ended));
    }
    // Twice the same question, twice the same stream; as far as there is time.
    let mut again = open(guest, Observe::Verify)?;
    drained(again.as_mut(), counts.items, PATIENCE * seconds)?;
    let repeated = again.counts();
    let short = repeated.items < counts.items;
    if short && again.ended() {
        return Err(Answer::Failed(format!(
            "opened again with the same seed, it ended after {} items; the first time there were {}",
            repeated.items, counts.items
        )));
    }
    if !short && repeated.digest != counts.digest {
        return Err(Answer::Failed(format!(
            "opened again with the same seed, its {} items are others: digest {:016x}, the first \
             time {:016x}; two builds of such a guest cannot be compared",
            counts.items, repeated.digest, counts.digest
        )));
    }
    Ok(verified(&counts, ended))
}

fn verified(counts: &HostCounts, ended: bool) -> Answer {
    Answer::Verified(Verified {
        items: counts.items,
        bytes: counts.bytes,
        digest: format!("{:016x}", counts.digest),
        ended,
        retries: counts.retries,
        peak_capacity: counts.peak_capacity,
    })
}

fn time(
    guest: &dyn Guest,
    mut stream: Box<dyn OpenStream>,
    items: u64,
    seconds: f64,
) -> Result<Answer, Answer> {
    let start = Instant::now();
    // The first stream met cold caches and lazy bindings: it says how many items there is
    // time for, and no more.
    drained(stream.as_mut(), items, seconds / PLANNED)?;
    let items = stream.counts().items;
    let mut samples = Vec::new();
    loop {
        drop(stream);
        stream = open(guest, Observe::Time)?;
        let before = Instant::now();
        let drained = stream.drain(items);
        let nanoseconds = before.elapsed().as_nanos() as f64;
        drained.map_err(failed)?;
        // A later stream may end earlier than the one that was verified.
        let taken = stream.counts().items;
        if taken == 0 {
            let why = "opened again, the stream has no items";
            return Err(Answer::Failed(why.to_owned()));
        }
        samples.push(nanoseconds / taken as f64);
        let spent = start.elapsed().as_secs_f64();
        let enough = spent >= seconds && samples.len() >= *SAMPLES.start();
        // A stream too slow for so many samples has as many as there was time for.
        if samples.len() >= *SAMPLES.end() || enough || spent >= PATIENCE * seconds {
            return Ok(Answer::Timed(Timing { items, samples }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::thread::sleep;

    use anyhow::Result;
    use bench_host::error::StreamError;

    use super::*;

    /// Each of its streams has so many items, a pause before them, and then ends.
    struct Short {
        first: u64,
        later: u64,
        opened: Cell<u64>,
    }

    const PAUSE: Duration = Duration::from_micros(100);

    struct Items(u64, HostCounts);

    impl OpenStream for Items {
        fn drain(&mut self, items: u64) -> Result<(), StreamError> {
            sleep(PAUSE);
            self.1.items += items.min(self.0 - self.1.items);
            Ok(())
        }
        fn counts(&self) -> HostCounts {
            self.1
        }
        fn ended(&self) -> bool {
            self.1.items == self.0
        }
    }

    impl Guest for Short {
        fn open(&self, _: Observe) -> Result<Box<dyn OpenStream>> {
            let before = self.opened.replace(self.opened.get() + 1);
            let items = if before == 0 { self.first } else { self.later };
            Ok(Box::new(Items(items, HostCounts::default())))
        }
    }

    fn timed(first: u64, later: u64) -> Answer {
        let opened = Cell::new(0);
        let guest = Short {
            first,
            later,
            opened,
        };
        // So long that the number of samples ends it.
        let (items, seconds) = (1_000_000, 1e6);
        run(&guest, Task::Time { items, seconds })
    }

    #[test]
    fn a_stream_that_ends_early_is_no_faster_for_it() {
        let Answer::Timed(timing) = timed(1_000_000, 2) else {
            panic!("it has items");
        };
        // The pause is of two items, not of the million that were asked for.
        let least = PAUSE.as_nanos() as f64 / 2.0;
        assert!(timing.samples.iter().all(|&ns| ns >= least), "{timing:?}");
    }

    #[test]
    fn a_stream_that_has_no_items_when_it_is_opened_again_has_failed() {
        assert!(matches!(timed(1_000_000, 0), Answer::Failed(_)));
    }
}
