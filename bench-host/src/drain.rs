//! The drain: the loop that is timed.
//!
//! Every choice of a session (protocol, payload, decoding, observing, shrinking) is a type
//! parameter of the loop, so that the loop decides nothing per item.

use std::marker::PhantomData;

use bench_protocol::api::GuestApi;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::spec::{Decode, ENDLESS, Observe, Protocol, SessionConfig, Shrink};

use crate::alloc::Alloc;
use crate::arena::Arena;
use crate::buffer::Buffer;
use crate::decode::{Borrowed, BorrowedByWincode, Decoder, Owned, OwnedByWincode, Raw};
use crate::error::StreamError;
use crate::guarded::Guarded;
use crate::handle::OwnedHandle;
use crate::observe::{Observer, Time, Verify};
use crate::shrink::{AfterSmall, Decay, Never, ShrinkRule};
use crate::source::Source;

/// A session of any types.
pub trait Drain {
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

/// Questions to a stream that has ended.
const QUESTIONS: u32 = 3;

struct Session<S, D, O> {
    source: S,
    observer: O,
    decoder: PhantomData<D>,
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

    /// Asks a stream that has ended once more.
    #[cold]
    fn ask_again(&mut self) -> Result<(), StreamError> {
        for _ in 0..QUESTIONS {
            if self.source.pull()?.is_some() {
                return Err(StreamError::ItemAfterEnd);
            }
        }
        Ok(())
    }
}

/// The error for an item that does not decode.
#[cold]
#[must_use]
pub fn undecodable(item: u64, error: &dyn std::error::Error) -> StreamError {
    StreamError::Decode {
        item,
        message: error.to_string(),
    }
}

impl<S: Source, D: Decoder, O: Observer> Drain for Session<S, D, O> {
    fn drain(&mut self, max: u64) -> Result<(), StreamError> {
        if O::ASKS_AGAIN && self.ended {
            return self.ask_again();
        }
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
    if config.protocol == Protocol::Alloc {
        return Ok(observed(
            Alloc::open(guest, stream, buffer.memory_limit)?,
            config,
        ));
    }
    let param = buffer.shrink_param;
    match buffer.shrink {
        Shrink::Never => arena(guest, config, Never),
        Shrink::AfterSmall => arena(guest, config, AfterSmall::new(param)),
        Shrink::Decay => arena(guest, config, Decay::new(param)),
    }
}

/// Opens an arena stream and a session on it. A verifying one has guarded memory.
fn arena<S: ShrinkRule + 'static>(
    guest: &GuestApi,
    config: &SessionConfig,
    shrink: S,
) -> Result<Box<dyn Drain>, StreamError> {
    let (stream, buffer) = (&config.stream, &config.buffer);
    Ok(match config.observe {
        Observe::Time => session::<_, Time>(Arena::open(guest, stream, buffer, shrink)?, config),
        Observe::Verify => {
            session::<_, Verify>(Guarded::open(guest, stream, buffer, shrink)?, config)
        }
    })
}

/// Opens a session on a handle of the arena protocol. A verifying one has guarded memory.
///
/// # Errors
/// If the first buffer is above the limit.
///
/// # Safety
/// As for [`Arena::new`].
pub unsafe fn on_arena_handle(
    handle: OwnedHandle,
    config: &SessionConfig,
) -> Result<Box<dyn Drain>, StreamError> {
    let buffer = Buffer::new(&config.buffer)?;
    // SAFETY: the caller keeps the same contract.
    Ok(unsafe {
        match config.observe {
            Observe::Time => session::<_, Time>(Arena::new(handle, buffer, Never), config),
            Observe::Verify => session::<_, Verify>(Guarded::new(handle, buffer, Never)?, config),
        }
    })
}

/// A session on a source of any protocol, timed or verifying as the configuration says.
pub fn observed<S: Source + 'static>(source: S, config: &SessionConfig) -> Box<dyn Drain> {
    match config.observe {
        Observe::Time => session::<_, Time>(source, config),
        Observe::Verify => session::<_, Verify>(source, config),
    }
}

/// [`observed`], decoding by wincode.
pub fn observed_by_wincode<S: Source + 'static>(
    source: S,
    config: &SessionConfig,
) -> Box<dyn Drain> {
    let payload = config.stream.payload;
    match config.observe {
        Observe::Time => payload.dispatch(ByWincode {
            source,
            config,
            observer: PhantomData::<Time>,
        }),
        Observe::Verify => payload.dispatch(ByWincode {
            source,
            config,
            observer: PhantomData::<Verify>,
        }),
    }
}

struct ByWincode<'a, S, O> {
    source: S,
    config: &'a SessionConfig,
    observer: PhantomData<O>,
}

impl<S, O> PayloadVisitor for ByWincode<'_, S, O>
where
    S: Source + 'static,
    O: Observer + Default + 'static,
{
    type Output = Box<dyn Drain>;
    fn visit<P: Payload>(self) -> Box<dyn Drain> {
        let (source, items) = (self.source, self.config.stream.items);
        match self.config.decode {
            Decode::Owned => typed::<S, OwnedByWincode<P>, O>(source, items),
            Decode::Borrowed => typed::<S, BorrowedByWincode<P>, O>(source, items),
            Decode::None => typed::<S, Raw, O>(source, items),
        }
    }
}

/// A session on a source, with the types that the configuration asks for.
fn session<S, O>(source: S, config: &SessionConfig) -> Box<dyn Drain>
where
    S: Source + 'static,
    O: Observer + Default + 'static,
{
    config.stream.payload.dispatch(ForPayload {
        source,
        config,
        observer: PhantomData::<O>,
    })
}

struct ForPayload<'a, S, O> {
    source: S,
    config: &'a SessionConfig,
    observer: PhantomData<O>,
}

impl<S, O> PayloadVisitor for ForPayload<'_, S, O>
where
    S: Source + 'static,
    O: Observer + Default + 'static,
{
    type Output = Box<dyn Drain>;
    fn visit<P: Payload>(self) -> Box<dyn Drain> {
        match self.config.decode {
            Decode::Owned => typed::<S, Owned<P>, O>(self.source, self.config.stream.items),
            Decode::Borrowed => typed::<S, Borrowed<P>, O>(self.source, self.config.stream.items),
            Decode::None => typed::<S, Raw, O>(self.source, self.config.stream.items),
        }
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
        decoder: PhantomData,
        items: 0,
        allowed: items,
        ended: false,
    })
}
