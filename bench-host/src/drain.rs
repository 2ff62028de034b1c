//! The drain: the loop that is timed.
//!
//! Every choice of a session (protocol, payload, decoding, observing, shrinking) is a type
//! parameter of the loop, so that the loop decides nothing per item.

use bench_protocol::api::GuestApi;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::spec::{Decode, ENDLESS, Observe, Protocol, SessionConfig, Shrink};

use crate::alloc::Alloc;
use crate::arena::Arena;
use crate::decode::{Borrowed, Decoder, Owned, Raw};
use crate::error::StreamError;
use crate::observe::{Observer, Time, Verify};
use crate::shrink::{AfterSmall, Decay, Never};
use crate::source::Source;

/// A session of any types.
pub(crate) trait Drain {
    /// Takes up to `max` items. [`ENDLESS`] means: until the stream ends, after at most the
    /// number of items that it was opened for.
    ///
    /// # Errors
    /// If the guest fails or breaks the protocol.
    fn drain(&mut self, max: u64) -> Result<(), StreamError>;
    /// All counts so far.
    fn counts(&self) -> HostCounts;
    /// Whether the stream has ended cleanly.
    fn ended(&self) -> bool;
    /// What the guest has counted; `None` unless the stream was opened as `counted`.
    fn guest_counts(&self) -> Option<GuestCounts>;
}

struct Session<S, D, O> {
    source: S,
    observer: O,
    decoder: std::marker::PhantomData<D>,
    items: u64,
    /// Number of items that the stream was opened for.
    allowed: u64,
    ended: bool,
}

impl<S: Source, D: Decoder, O: Observer> Session<S, D, O> {
    /// Takes one item; `false` at the end of the stream.
    #[inline(always)]
    fn step(&mut self) -> Result<bool, StreamError> {
        let Some((item, held)) = self.source.pull()? else {
            self.ended = true;
            return Ok(false);
        };
        let value = D::decode(&item).map_err(|error| undecodable(self.items, &error))?;
        self.observer.item::<D>(self.items, &item, value, held)?;
        self.items += 1;
        Ok(true)
    }
}

/// The error for an item that does not decode.
#[cold]
pub(crate) fn undecodable(item: u64, error: &dyn std::error::Error) -> StreamError {
    StreamError::Decode {
        item,
        message: error.to_string(),
    }
}

impl<S: Source, D: Decoder, O: Observer> Drain for Session<S, D, O> {
    fn drain(&mut self, max: u64) -> Result<(), StreamError> {
        let left = self.allowed - self.items;
        for _ in 0..max.min(left) {
            if !self.step()? {
                return Ok(());
            }
        }
        // The caller asks for more items than there may be, so the stream must end here.
        if max > left && self.allowed != ENDLESS && !self.ended && self.source.pull()?.is_some() {
            return Err(StreamError::TooManyItems {
                allowed: self.allowed,
            });
        }
        self.ended |= max > left;
        Ok(())
    }

    fn counts(&self) -> HostCounts {
        let mut counts = HostCounts {
            items: self.items,
            ..HostCounts::default()
        };
        self.source.count(self.items, &mut counts);
        self.observer.count(&mut counts);
        counts
    }

    fn ended(&self) -> bool {
        self.ended
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.source.guest_counts()
    }
}

/// Opens a stream of the guest and a session on it.
///
/// # Errors
/// If the guest refuses or returns a handle that cannot be driven, or if the first buffer is
/// above the limit.
pub(crate) fn open(
    guest: &GuestApi,
    config: &SessionConfig,
) -> Result<Box<dyn Drain>, StreamError> {
    let (stream, buffer) = (&config.stream, &config.buffer);
    let param = buffer.shrink_param;
    Ok(match (config.protocol, buffer.shrink) {
        (Protocol::Alloc, _) => session(Alloc::open(guest, stream, buffer.memory_limit)?, config),
        (Protocol::Arena, Shrink::Never) => {
            session(Arena::open(guest, stream, buffer, Never)?, config)
        }
        (Protocol::Arena, Shrink::AfterSmall) => session(
            Arena::open(guest, stream, buffer, AfterSmall::new(param))?,
            config,
        ),
        (Protocol::Arena, Shrink::Decay) => session(
            Arena::open(guest, stream, buffer, Decay::new(param))?,
            config,
        ),
    })
}

/// A session on a source, with the types that the configuration asks for.
pub(crate) fn session<S: Source + 'static>(source: S, config: &SessionConfig) -> Box<dyn Drain> {
    config
        .stream
        .payload
        .dispatch(ForPayload { source, config })
}

struct ForPayload<'a, S> {
    source: S,
    config: &'a SessionConfig,
}

impl<S: Source + 'static> PayloadVisitor for ForPayload<'_, S> {
    type Output = Box<dyn Drain>;
    fn visit<P: Payload>(self) -> Box<dyn Drain> {
        match self.config.decode {
            Decode::Owned => self.decode::<Owned<P>>(),
            Decode::Borrowed => self.decode::<Borrowed<P>>(),
            Decode::None => self.decode::<Raw>(),
        }
    }
}

impl<S: Source + 'static> ForPayload<'_, S> {
    fn decode<D: Decoder + 'static>(self) -> Box<dyn Drain> {
        match self.config.observe {
            Observe::Time => self.observe::<D, Time>(),
            Observe::Verify => self.observe::<D, Verify>(),
        }
    }

    fn observe<D: Decoder + 'static, O: Observer + Default + 'static>(self) -> Box<dyn Drain> {
        typed::<S, D, O>(self.source, self.config.stream.items)
    }
}

/// A session of the given types on a source that was opened for `items` items.
pub(crate) fn typed<S, D, O>(source: S, items: u64) -> Box<dyn Drain>
where
    S: Source + 'static,
    D: Decoder + 'static,
    O: Observer + Default + 'static,
{
    Box::new(Session::<S, D, O> {
        source,
        observer: O::default(),
        decoder: std::marker::PhantomData,
        items: 0,
        allowed: items,
        ended: false,
    })
}
