//! The drain: the loop that is timed.
//!
//! Every choice of a session (protocol, payload, decoding, observing, shrinking)
//! is a type by the time the loop runs: it has nothing left to decide.

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

/// A session, whatever its types.
pub trait Drain {
    /// Takes up to `max` items; [`ENDLESS`]: until the stream ends, which must be
    /// after the items that it was opened for.
    ///
    /// # Errors
    /// When the guest fails or breaks the protocol.
    fn drain(&mut self, max: u64) -> Result<(), StreamError>;
    /// Everything counted so far.
    fn counts(&self) -> HostCounts;
    /// Whether the stream has ended cleanly.
    fn ended(&self) -> bool;
    /// What the guest has counted, if the stream was opened so.
    fn guest_counts(&self) -> Option<GuestCounts>;
}

struct Session<S, D, O> {
    source: S,
    observer: O,
    decoder: std::marker::PhantomData<D>,
    items: u64,
    /// Items that the stream was opened for.
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

#[cold]
fn undecodable(item: u64, error: &dyn std::error::Error) -> StreamError {
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
        // Asked for more than there may be: the stream must be over.
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

/// Opens a stream of the guest's and a session on it.
///
/// # Errors
/// When the guest refuses or gives out a handle that cannot be driven, or the
/// first buffer is above the limit.
pub fn open(guest: &GuestApi, config: &SessionConfig) -> Result<Box<dyn Drain>, StreamError> {
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

/// A session on a source: from the spec's numbers to the loop's types.
pub fn session<S: Source + 'static>(source: S, config: &SessionConfig) -> Box<dyn Drain> {
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
        Box::new(Session::<S, D, O> {
            source: self.source,
            observer: O::default(),
            decoder: std::marker::PhantomData,
            items: 0,
            allowed: self.config.stream.items,
            ended: false,
        })
    }
}
