//! Shared-nothing channels: a producer's thread moves owned values to the
//! consumer's; nothing is encoded, nothing crosses a boundary but a thread's.

use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use bench_protocol::payload::Payload;
use bench_protocol::producer::lend_constant;
use crossbeam_channel::{Receiver, Sender, bounded, never};

use crate::pull::Pull;

/// Values that may wait in the channel.
pub const CAPACITY: usize = 1024;

/// The consumer's end. Dropping it ends the producer, and waits for its end.
pub struct Channel<P: Payload> {
    items: Receiver<P::Owned>,
    /// Tells the producer that it is awaited; until then it does not run ahead.
    start: Option<Sender<()>>,
    producer: Option<JoinHandle<()>>,
}

impl<P: Payload> Channel<P> {
    /// Starts a producer of `items` items, which waits for the first drain.
    pub fn open(bytes: u32, items: u64) -> Self {
        let (sender, receiver) = bounded(CAPACITY);
        let (start, awaited) = bounded(1);
        let producer = thread::spawn(move || {
            if awaited.recv().is_err() {
                return;
            }
            let items =
                lend_constant::<P>(bytes).take(usize::try_from(items).unwrap_or(usize::MAX));
            for item in items.map(P::to_owned) {
                if sender.send(item).is_err() {
                    break;
                }
            }
        });
        Self {
            items: receiver,
            start: Some(start),
            producer: Some(producer),
        }
    }
}

impl<P: Payload> Pull<P> for Channel<P> {
    fn drain(&mut self, items: u64, mut consume: impl FnMut(P::Owned)) -> Result<()> {
        if let Some(start) = self.start.take() {
            start.send(()).context("the producer is gone")?;
        }
        for _ in 0..items {
            consume(self.items.recv().context("the stream ended too soon")?);
        }
        Ok(())
    }
}

impl<P: Payload> Drop for Channel<P> {
    fn drop(&mut self) {
        // The producer's wait for the start ends then, or its next send fails.
        self.start = None;
        self.items = never();
        if let Some(producer) = self.producer.take() {
            // One that panicked has said so, and its consumer has missed its items.
            let _ = producer.join();
        }
    }
}
