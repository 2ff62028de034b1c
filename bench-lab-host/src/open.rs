//! Opens sessions of every variant.

use core::ffi::c_void;

use bench_host::alloc::Alloc;
use bench_host::arena::Arena;
use bench_host::buffer::Buffer;
use bench_host::decode::{Borrowed, BorrowedByWincode, Owned, OwnedByWincode, Raw};
use bench_host::drain::Drain;
use bench_host::error::StreamError;
use bench_host::guarded::Guarded;
use bench_host::handle::OwnedHandle;
use bench_host::shrink::Never;
use bench_host::table;
use bench_protocol::api::DrainReport;
use bench_protocol::lab::api::LabGuestApi;
use bench_protocol::lab::spec::{Codec, Floor, LabConfig, LabSpec, Variant};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::spec::{BufferConfig, Decode, Observe, Regrow, Shrink};
use bench_protocol::status;

use crate::batch::{Batches, Timed};
use crate::floor;
use crate::grow::Grow;
use crate::lend::Lend;
use crate::observed::observed;
use crate::rust_buffer::Vectors;

/// See [`LabHostApi::open`](bench_protocol::lab::api::LabHostApi::open).
pub(crate) unsafe extern "C" fn open(
    spec: *const LabSpec<'_>,
    guest: *const LabGuestApi,
    out: *mut *mut c_void,
    report: *mut DrainReport,
) -> i32 {
    // SAFETY: by contract, the spec is valid, the table checked, and both places are writable.
    unsafe {
        table::store(out, report, || {
            let config = (*spec).read().ok_or(StreamError::InvalidSpec)?;
            session(&*guest, &config)
        })
    }
}

/// See [`LabHostApi::open_floor`](bench_protocol::lab::api::LabHostApi::open_floor).
pub(crate) unsafe extern "C" fn open_floor(
    floor: u32,
    spec: *const LabSpec<'_>,
    out: *mut *mut c_void,
    report: *mut DrainReport,
) -> i32 {
    // SAFETY: by contract, the spec is valid, and both places are writable.
    unsafe {
        table::store(out, report, || {
            let config = (*spec).read().ok_or(StreamError::InvalidSpec)?;
            let floor = Floor::from_number(floor).ok_or(StreamError::InvalidSpec)?;
            floor::open(floor, &config)
        })
    }
}

/// Opens a stream of the guest and a session on it.
///
/// # Errors
/// If the guest refuses or returns a handle that cannot be driven, if the first buffer is above
/// the limit, or if the configuration asks for what the variant does not have: batches of no
/// items, or a buffer that shrinks.
fn session(guest: &LabGuestApi, config: &LabConfig) -> Result<Box<dyn Drain>, StreamError> {
    let session = &config.session;
    if session.buffer.shrink != Shrink::Never {
        return Err(StreamError::InvalidSpec);
    }
    if config.variant == Variant::Batch && config.batch == 0 {
        return Err(StreamError::ZeroBatch);
    }
    let limit = session.buffer.memory_limit;
    // A buffer comes first, so that no stream is open if it is refused.
    let buffer = &session.buffer;
    // SAFETY: the handle is one of the variant, and the functions are its guest's.
    Ok(unsafe {
        match config.variant {
            Variant::ArenaOwnWriter | Variant::Unboxed | Variant::SinglePass => {
                arena(handle(guest, config)?, config)?
            }
            Variant::AllocOwnWriter => {
                let handle = handle(guest, config)?;
                observed(Alloc::new(handle, guest.free_buffer, limit), config)
            }
            Variant::Grow => {
                let buffer = Buffer::new(&BufferConfig {
                    // What is written must survive growth.
                    regrow: Regrow::Resize,
                    ..session.buffer
                })?;
                observed(Grow::new(handle(guest, config)?, buffer), config)
            }
            Variant::Lend => observed(Lend::new(handle(guest, config)?, limit), config),
            Variant::RustBuffer | Variant::RustBufferSized => {
                let handle = handle(guest, config)?;
                observed(Vectors::new(handle, guest.free_rust_buffer, limit), config)
            }
            Variant::Batch => {
                let buffer = Buffer::new(buffer)?;
                let verifies = session.observe == Observe::Verify;
                let handle = handle(guest, config)?;
                let batches = Batches::new(handle, buffer, config.batch, verifies);
                match verifies {
                    true => observed(batches, config),
                    false => session
                        .stream
                        .payload
                        .dispatch(InBatches { batches, config }),
                }
            }
        }
    })
}

/// A timed session on batches.
struct InBatches<'a> {
    batches: Batches,
    config: &'a LabConfig,
}

impl PayloadVisitor for InBatches<'_> {
    type Output = Box<dyn Drain>;
    fn visit<P: Payload>(self) -> Box<dyn Drain> {
        let (batches, items) = (self.batches, self.config.session.stream.items);
        match (self.config.codec, self.config.session.decode) {
            (_, Decode::None) => Box::new(Timed::<Raw>::new(batches, items)),
            (Codec::Bincode, Decode::Owned) => Box::new(Timed::<Owned<P>>::new(batches, items)),
            (Codec::Bincode, Decode::Borrowed) => {
                Box::new(Timed::<Borrowed<P>>::new(batches, items))
            }
            (Codec::Wincode, Decode::Owned) => {
                Box::new(Timed::<OwnedByWincode<P>>::new(batches, items))
            }
            (Codec::Wincode, Decode::Borrowed) => {
                Box::new(Timed::<BorrowedByWincode<P>>::new(batches, items))
            }
        }
    }
}

/// A session on a handle of the arena protocol. A verifying one has guarded memory.
///
/// # Safety
/// The handle must be one of the arena protocol.
unsafe fn arena(handle: OwnedHandle, config: &LabConfig) -> Result<Box<dyn Drain>, StreamError> {
    let buffer = Buffer::new(&config.session.buffer)?;
    // SAFETY: the caller keeps the same contract.
    Ok(unsafe {
        match config.session.observe {
            Observe::Time => observed(Arena::new(handle, buffer, Never), config),
            Observe::Verify => observed(Guarded::new(handle, buffer, Never)?, config),
        }
    })
}

/// The handle of a new stream.
fn handle(guest: &LabGuestApi, config: &LabConfig) -> Result<OwnedHandle, StreamError> {
    let stream = &config.session.stream;
    let mut handle = std::ptr::null_mut();
    // SAFETY: the spec borrows `config`; the table was checked when it was loaded.
    let status = unsafe {
        (guest.open)(
            config.variant as u32,
            config.codec as u32,
            &stream.spec(),
            &mut handle,
        )
    };
    if status != status::OK {
        return Err(StreamError::OpenFailed { status });
    }
    // SAFETY: the guest answered OK, so the host owns the handle.
    unsafe { OwnedHandle::adopt(handle, stream.counted.then_some(guest.counts)) }
}
