//! Opens sessions of every variant.

use core::ffi::c_void;

use bench_host::alloc::Alloc;
use bench_host::buffer::Buffer;
use bench_host::drain::{self, Drain};
use bench_host::error::StreamError;
use bench_host::handle::OwnedHandle;
use bench_host::table;
use bench_protocol::api::DrainReport;
use bench_protocol::lab::api::LabGuestApi;
use bench_protocol::lab::spec::{LabConfig, LabSpec, Variant};
use bench_protocol::spec::{BufferConfig, Observe, Regrow, Shrink};
use bench_protocol::status;

use crate::batch::Batches;
use crate::grow::Grow;
use crate::lend::Lend;
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
            Variant::ArenaOwnWriter | Variant::SinglePass => {
                drain::on_arena_handle(handle(guest, config)?, session)?
            }
            Variant::AllocOwnWriter => {
                let handle = handle(guest, config)?;
                drain::observed(Alloc::new(handle, guest.free_buffer, limit), session)
            }
            Variant::Grow => {
                let buffer = Buffer::new(&BufferConfig {
                    // What is written must survive growth.
                    regrow: Regrow::Resize,
                    ..session.buffer
                })?;
                drain::observed(Grow::new(handle(guest, config)?, buffer), session)
            }
            Variant::Lend => drain::observed(Lend::new(handle(guest, config)?, limit), session),
            Variant::RustBuffer | Variant::RustBufferSized => {
                let handle = handle(guest, config)?;
                drain::observed(Vectors::new(handle, guest.free_rust_buffer, limit), session)
            }
            Variant::Batch => {
                let buffer = Buffer::new(buffer)?;
                let guarded = session.observe == Observe::Verify;
                let handle = handle(guest, config)?;
                drain::observed(Batches::new(handle, buffer, config.batch, guarded), session)
            }
        }
    })
}

/// The handle of a new stream.
fn handle(guest: &LabGuestApi, config: &LabConfig) -> Result<OwnedHandle, StreamError> {
    let stream = &config.session.stream;
    let mut handle = std::ptr::null_mut();
    // SAFETY: the spec borrows `config`; the table was checked when it was loaded.
    let status = unsafe { (guest.open)(config.variant as u32, &stream.spec(), &mut handle) };
    if status != status::OK {
        return Err(StreamError::OpenFailed { status });
    }
    // SAFETY: the guest answered OK, so the host owns the handle.
    unsafe { OwnedHandle::adopt(handle, stream.counted.then_some(guest.counts)) }
}
