//! A hop between threads: a pump takes items by the arena protocol and sends their values
//! through a bounded channel, as frameworks do to feed an asynchronous consumer.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use bench_protocol::payload::Payload;

use super::values::Values;
use crate::decode::{Decoder, Owned};
use crate::drain;
use crate::error::StreamError;
use crate::source::Source;

type Sent<P> = Result<<P as Payload>::Owned, StreamError>;

/// The consumer's end. The pump produces only the items that it is asked for, so that a timed
/// drain never finds items in the channel that were made before it.
pub(crate) struct Hop<P: Payload> {
    /// Asks the pump for a number of items; `None` only while dropping.
    request: Option<Sender<u64>>,
    items: Option<Receiver<Sent<P>>>,
    pump: Option<JoinHandle<()>>,
    fault: Option<StreamError>,
}

impl<P: Payload> Hop<P> {
    /// Starts a pump on `source` with a channel for `capacity` items.
    pub(crate) fn new(source: impl Source + Send + 'static, capacity: usize) -> Self {
        let (request, requests) = channel();
        let (sender, items) = sync_channel(capacity);
        let pump = thread::spawn(move || pump::<P>(source, &requests, &sender));
        Self {
            request: Some(request),
            items: Some(items),
            pump: Some(pump),
            fault: None,
        }
    }
}

/// Sends the items that it is asked for, until the stream or the consumer ends.
fn pump<P: Payload>(
    mut source: impl Source,
    requests: &Receiver<u64>,
    items: &SyncSender<Sent<P>>,
) {
    let mut sent = 0;
    for request in requests {
        for _ in 0..request {
            let value = match source.pull() {
                Ok(Some((item, _))) => {
                    Owned::<P>::decode(&item).map_err(|error| drain::undecodable(sent, &error))
                }
                Ok(None) => return,
                Err(error) => Err(error),
            };
            let failed = value.is_err();
            if items.send(value).is_err() || failed {
                return;
            }
            sent += 1;
        }
    }
}

impl<P: Payload> Values for Hop<P> {
    type Decoder = Owned<P>;

    fn start(&mut self, max: u64) {
        if let Some(request) = &self.request {
            // If the pump is gone, the first item says so.
            let _ = request.send(max);
        }
    }

    #[inline(always)]
    fn next(&mut self) -> Option<P::Owned> {
        match self.items.as_ref()?.recv().ok()? {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault = Some(error);
                None
            }
        }
    }

    fn fault(&mut self) -> Option<StreamError> {
        self.fault.take()
    }
}

impl<P: Payload> Drop for Hop<P> {
    fn drop(&mut self) {
        // Closing both channels unblocks the pump wherever it waits.
        self.request = None;
        self.items = None;
        if let Some(pump) = self.pump.take() {
            // If the pump panicked, its stream has been dropped already.
            let _ = pump.join();
        }
    }
}
