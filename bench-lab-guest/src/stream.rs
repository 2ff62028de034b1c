//! The items of a stream, and how they end; the same for every variant.

use bench_protocol::error::PluginError;
use bench_protocol::producer::{self, BoxedProducer};

/// A producer, an item that could not be delivered yet, and the error that ended the producer.
pub(crate) struct Stream<T> {
    producer: BoxedProducer<T>,
    kept: Option<T>,
    fault: Option<PluginError>,
}

impl<T: Send + 'static> Stream<T> {
    pub(crate) fn new(producer: BoxedProducer<T>) -> Self {
        Self {
            producer,
            kept: None,
            fault: None,
        }
    }

    /// The kept item, or else the producer's next one.
    #[inline(always)]
    pub(crate) fn draw(&mut self) -> Option<T> {
        if self.kept.is_some() {
            return self.kept.take();
        }
        self.producer.next()
    }

    /// Keeps an item that was drawn and did not fit.
    #[cold]
    pub(crate) fn keep(&mut self, item: T) {
        self.kept = Some(item);
    }

    /// Called when there are no more items: the error with which the stream ended, if it has
    /// not been delivered.
    #[cold]
    pub(crate) fn fault(&mut self) -> Option<&PluginError> {
        if self.fault.is_none() {
            self.fault = self.producer.fault();
            // After `None`, an iterator may yield items again; an empty one does not.
            self.producer = producer::ended();
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
        self.kept = None;
        self.fault = None;
        self.producer = producer::ended();
    }
}
