//! The items of a stream, and how they end; the same for every variant.

use std::mem::ManuallyDrop;

use bench_protocol::error::PluginError;
use bench_protocol::producer::Producer;

/// A producer, an item that could not be delivered yet, and the error that ended the producer.
pub(crate) struct Stream<P: Producer> {
    /// Alive unless the state is `Ended`.
    producer: ManuallyDrop<P>,
    state: State<P::Item>,
    fault: Option<PluginError>,
}

/// What the next item comes from.
enum State<T> {
    Producer,
    Kept(T),
    Ended,
}

impl<P: Producer> Stream<P> {
    pub(crate) fn new(producer: P) -> Self {
        Self {
            producer: ManuallyDrop::new(producer),
            state: State::Producer,
            fault: None,
        }
    }

    /// The kept item, or else the producer's next one.
    #[inline(always)]
    pub(crate) fn draw(&mut self) -> Option<P::Item> {
        if matches!(self.state, State::Producer) {
            return self.producer.next();
        }
        self.kept()
    }

    /// The producer's next item, after [`draw`](Self::draw) has returned one and none was kept
    /// since.
    #[inline(always)]
    pub(crate) fn draw_again(&mut self) -> Option<P::Item> {
        debug_assert!(matches!(self.state, State::Producer));
        self.producer.next()
    }

    #[cold]
    fn kept(&mut self) -> Option<P::Item> {
        match std::mem::replace(&mut self.state, State::Producer) {
            State::Kept(item) => Some(item),
            State::Producer => self.producer.next(),
            State::Ended => {
                self.state = State::Ended;
                None
            }
        }
    }

    /// Keeps an item that was drawn and did not fit.
    #[cold]
    pub(crate) fn keep(&mut self, item: P::Item) {
        self.state = State::Kept(item);
    }

    /// Called when there are no more items: the error with which the stream ended, if it has
    /// not been delivered.
    #[cold]
    pub(crate) fn fault(&mut self) -> Option<&PluginError> {
        if !matches!(self.state, State::Ended) {
            self.fault = self.producer.fault();
            // After `None`, an iterator may yield items again.
            self.end();
        }
        self.fault.as_ref()
    }

    /// The error is delivered.
    #[cold]
    pub(crate) fn fault_delivered(&mut self) {
        self.fault = None;
    }

    /// Drops everything that may have panicked: the stream has ended.
    #[cold]
    pub(crate) fn abandon(&mut self) {
        self.fault = None;
        self.end();
    }

    /// Drops the producer and a kept item. Both may panic: the stream has ended before.
    fn end(&mut self) {
        let before = std::mem::replace(&mut self.state, State::Ended);
        if !matches!(before, State::Ended) {
            // SAFETY: it was alive, and is never used again: the state says so.
            unsafe { ManuallyDrop::drop(&mut self.producer) };
        }
    }
}

impl<P: Producer> Drop for Stream<P> {
    fn drop(&mut self) {
        self.end();
    }
}
