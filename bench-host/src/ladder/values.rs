//! The drain of arms whose items never reach the host as bytes.

use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::payload::Payload;
use bench_protocol::producer::BoxedProducer;

use super::raw::Value;
use crate::decode::Decoder;
use crate::drain::Drain;
use crate::error::StreamError;
use crate::observe::Observer;

/// A stream of values.
pub(crate) trait Values {
    /// The type of the values, and how they are encoded to verify them.
    type Decoder: Decoder;

    /// Called before a drain of at most `max` items.
    fn start(&mut self, _max: u64) {}

    /// The next value; `None` at the end.
    fn next(&mut self) -> Option<<Self::Decoder as Decoder>::Value<'static>>;

    /// Why the values ended; `None` after a clean end. Called only at the end, so that values
    /// need not be wrapped in a `Result`.
    fn fault(&mut self) -> Option<StreamError> {
        None
    }

    /// Calls across the boundary after `items` values; 0 if the arm makes none of its own.
    fn calls(&self, _items: u64) -> u64 {
        0
    }

    /// What the guest has counted; `None` unless the stream was opened as `counted`.
    fn guest_counts(&self) -> Option<GuestCounts> {
        None
    }
}

/// Items that the host draws from a producer, through its vtable.
pub(crate) struct Drawn<P: Payload>(BoxedProducer<P::View>);

impl<P: Payload> Drawn<P> {
    pub(crate) fn new(producer: BoxedProducer<P::View>) -> Self {
        Self(producer)
    }
}

impl<P: Payload> Values for Drawn<P> {
    type Decoder = Value<P>;
    #[inline(always)]
    fn next(&mut self) -> Option<P::View> {
        self.0.next()
    }
}

struct Session<V, O> {
    values: V,
    observer: O,
    items: u64,
    ended: bool,
}

/// A session on values.
pub(crate) fn session<V, O>(values: V) -> Box<dyn Drain>
where
    V: Values + 'static,
    O: Observer + Default + 'static,
{
    Box::new(Session {
        values,
        observer: O::default(),
        items: 0,
        ended: false,
    })
}

impl<V: Values, O: Observer> Drain for Session<V, O> {
    fn drain(&mut self, max: u64) -> Result<(), StreamError> {
        self.values.start(max);
        for _ in 0..max {
            let Some(value) = self.values.next() else {
                self.ended = true;
                return self.values.fault().map_or(Ok(()), Err);
            };
            self.observer
                .item::<V::Decoder>(self.items, &[], value, 0)?;
            self.items += 1;
        }
        Ok(())
    }

    fn counts(&self) -> HostCounts {
        let mut counts = HostCounts {
            items: self.items,
            calls: self.values.calls(self.items),
            ..HostCounts::default()
        };
        self.observer.count(&mut counts);
        counts
    }

    fn ended(&self) -> bool {
        self.ended
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.values.guest_counts()
    }
}
