//! The ladder's arms as sessions. Each does what an earlier arm does, and one thing more; see
//! [`Step`] for the list.
//!
//! Arms that take bytes from the guest run the ordinary drain on an arena or alloc stream; the
//! others run `values`. Nothing here encodes, except in the arm without a boundary.

use bench_protocol::api::GuestApi;
use bench_protocol::handle::StreamHandle;
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::producer;
use bench_protocol::spec::{Decode, Observe, ProducerKind, Protocol, SessionConfig, StreamConfig};
use bench_protocol::status;
use bench_protocol::step::{RAW_CAPACITY, Step};

use crate::arena::Arena;
use crate::buffer::Buffer;
use crate::decode::{Decoder, Owned};
use crate::drain::{self, Drain};
use crate::error::StreamError;
use crate::handle::OwnedHandle;
use crate::observe::{Encoded, EncodedLength, Observer, Time, Verify};
use crate::shrink::Never;
use crate::source::Source;

mod call;
mod codec;
mod hop;
mod raw;
mod values;

use call::{EmptyCall, SecondCall, WithCall};
use codec::InProcess;
use hop::Hop;
use raw::Value;
use values::{Drawn, Values};

/// Opens an arm's session; `compiler` is the version that built this host.
///
/// # Errors
/// If the guest refuses, if another compiler built it (which may lay out raw values in another
/// way), if the stream's items are not prepared, or if the first buffer is above the limit.
pub(crate) fn open(
    step: Step,
    guest: &GuestApi,
    compiler: &str,
    config: &SessionConfig,
) -> Result<Box<dyn Drain>, StreamError> {
    // SAFETY: the table was checked when it was loaded, and never changes.
    if unsafe { guest.build.rustc.read() } != compiler {
        return Err(StreamError::OtherCompiler);
    }
    if config.stream.producer != ProducerKind::Prepared {
        return Err(StreamError::InvalidSpec);
    }
    let protocol = match step {
        Step::Alloc => Protocol::Alloc,
        _ => Protocol::Arena,
    };
    let decode = match step {
        Step::Encode => Decode::None,
        Step::Borrowed => Decode::Borrowed,
        _ => Decode::Owned,
    };
    let config = &SessionConfig {
        protocol,
        decode,
        ..config.clone()
    };
    config.stream.payload.dispatch(Open {
        step,
        guest,
        config,
    })
}

/// Opens an arm for the payload's type.
struct Open<'a> {
    step: Step,
    guest: &'a GuestApi,
    config: &'a SessionConfig,
}

impl PayloadVisitor for Open<'_> {
    type Output = Result<Box<dyn Drain>, StreamError>;

    fn visit<P: Payload>(self) -> Self::Output {
        let StreamConfig {
            seed, sizes, items, ..
        } = &self.config.stream;
        let drawn = || Drawn::<P>::new(producer::lend::<P>(*seed, sizes, *items));
        Ok(match self.step {
            Step::Iterator => self.values(drawn()),
            Step::Codec => {
                let source = InProcess::<P>::new(producer::lend::<P>(*seed, sizes, *items));
                self.source::<_, Owned<P>, Verify>(source)
            }
            Step::Call => self.values(WithCall::new(drawn(), self.empty_call()?)),
            Step::Value | Step::Guard | Step::Keep => {
                self.source::<_, Value<P>, Encoded>(self.raw_stream()?)
            }
            Step::Size => self.source::<_, Value<P>, EncodedLength>(self.raw_stream()?),
            Step::Writer => self.source::<_, Owned<P>, Verify>(self.step_stream()?),
            Step::SecondCall => {
                let source = SecondCall::new(self.arena()?, self.empty_call()?);
                self.source::<_, Owned<P>, Verify>(source)
            }
            Step::Hop4 => self.values(Hop::<P>::new(self.arena()?, 4)),
            Step::Hop1024 => self.values(Hop::<P>::new(self.arena()?, 1024)),
            Step::Encode | Step::Arena | Step::Borrowed | Step::Alloc => {
                return drain::open(self.guest, self.config);
            }
        })
    }
}

impl Open<'_> {
    fn arena(&self) -> Result<Arena<Never>, StreamError> {
        Arena::open(self.guest, &self.config.stream, &self.config.buffer, Never)
    }

    /// The guest's stream for this arm.
    fn step_stream(&self) -> Result<Arena<Never>, StreamError> {
        let buffer = Buffer::new(&self.config.buffer)?;
        let handle = self.handle(self.step)?;
        // SAFETY: the guest answered OK, so the host owns the handle.
        unsafe { Arena::adopt(handle, buffer, Never) }
    }

    /// The guest's stream for this arm, with a buffer that holds a raw value.
    fn raw_stream(&self) -> Result<Arena<Never>, StreamError> {
        let mut buffer = self.config.buffer;
        buffer.initial_capacity = buffer.initial_capacity.max(RAW_CAPACITY);
        let buffer = Buffer::new(&buffer)?;
        let handle = self.handle(self.step)?;
        // SAFETY: the guest answered OK, so the host owns the handle.
        unsafe { Arena::adopt(handle, buffer, Never) }
    }

    fn empty_call(&self) -> Result<EmptyCall, StreamError> {
        let counts = self.config.stream.counted.then_some(self.guest.counts);
        let handle = self.handle(Step::Call)?;
        // SAFETY: the guest answered OK, so the host owns the handle.
        unsafe { Ok(EmptyCall::new(OwnedHandle::adopt(handle, counts)?)) }
    }

    fn handle(&self, step: Step) -> Result<*mut StreamHandle, StreamError> {
        let mut handle = std::ptr::null_mut();
        // SAFETY: the spec borrows `config`; the table was checked when loaded.
        let status =
            unsafe { (self.guest.open_step)(step as u32, &self.config.stream.spec(), &mut handle) };
        match status {
            status::OK => Ok(handle),
            status => Err(StreamError::OpenFailed { status }),
        }
    }

    /// The ordinary drain on a source, with `V` to verify it.
    fn source<S, D, V>(&self, source: S) -> Box<dyn Drain>
    where
        S: Source + 'static,
        D: Decoder + 'static,
        V: Observer + Default + 'static,
    {
        let items = self.config.stream.items;
        match self.config.observe {
            Observe::Time => drain::typed::<S, D, Time>(source, items),
            Observe::Verify => drain::typed::<S, D, V>(source, items),
        }
    }

    fn values<V: Values + 'static>(&self, values: V) -> Box<dyn Drain> {
        match self.config.observe {
            Observe::Time => values::session::<V, Time>(values),
            Observe::Verify => values::session::<V, Encoded>(values),
        }
    }
}
