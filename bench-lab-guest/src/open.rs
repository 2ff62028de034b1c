//! Opens streams of every variant.

use std::marker::PhantomData;

use bench_protocol::error::PluginError;
use bench_protocol::guest::asked::{Opener, open_into};
use bench_protocol::guest::boundary::State;
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::lab::batch::BatchHandle;
use bench_protocol::lab::codec::{Bincode, Codec, Wincode};
use bench_protocol::lab::grow::GrowHandle;
use bench_protocol::lab::rust_buffer::RustBufferHandle;
use bench_protocol::lab::spec::{self, Variant};
use bench_protocol::producer::{BoxedProducer, Producer};
use bench_protocol::same_bytes::Item;
use bench_protocol::spec::StreamSpec;
use bench_protocol::status;

use crate::batch;
use crate::deliver::{Alloc, Grow, Lend, SinglePass, SizeFirst, Vector};
use crate::single::{self, next_arena, next_grow, next_pointer, next_rust_buffer};

/// Frees a handle of type `H` with its state of type `S`.
unsafe extern "C" fn drop_stream<H: Handle, S>(handle: *mut H) {
    // SAFETY: the host calls this once, with a handle that `opener!` made with these types.
    unsafe {
        let handle = Box::from_raw(handle);
        State::<S>::free(handle.state());
    }
}

trait Handle {
    fn state(&self) -> *mut core::ffi::c_void;
}

macro_rules! handles {
    ($($handle:ty),+) => {$(
        impl Handle for $handle {
            fn state(&self) -> *mut core::ffi::c_void {
                self.state
            }
        }
    )+};
}
handles!(
    StreamHandle,
    AllocHandle,
    GrowHandle,
    RustBufferHandle,
    BatchHandle
);

/// Makes an [`Opener`] for each codec: the driver of a variant, the type of its handle, and its
/// `next` without and with counting, all for a producer `P` and a codec `C`.
macro_rules! opener {
    ($name:ident, $p:ident, $c:ident, $driver:ty, $handle:ident, $plain:expr, $counted:expr) => {
        struct $name<$c>(PhantomData<$c>);
        impl<$c: Codec> $name<$c> {
            fn handle<$p>(producer: $p, counted: bool) -> *mut $handle
            where
                $p: Producer + 'static,
                $p::Item: Item,
            {
                Box::into_raw(Box::new($handle {
                    next: if counted { $counted } else { $plain },
                    drop_fn: drop_stream::<$handle, $driver>,
                    state: <$driver>::leak(producer),
                }))
            }
        }
    };
    ($name:ident, $c:ident, $deliver:ty, $handle:ident, $next:ident) => {
        opener!(
            $name,
            P,
            $c,
            single::Driver<P, $deliver>,
            $handle,
            $next::<P, $deliver, false>,
            $next::<P, $deliver, true>
        );
    };
}

/// What each opener opens: handles of a type, on boxed producers as Fidius' are, or on producers
/// whose type it keeps where it is known.
macro_rules! openers {
    ($($name:ident: $handle:ident on $producers:ident producers),+) => {$(
        impl<C: Codec> Opener for $name<C> {
            type Handle = $handle;
            fn open<T: Item + Send + 'static>(
                producer: BoxedProducer<T>,
                counted: bool,
            ) -> *mut $handle {
                Self::handle(Boxed(producer), counted)
            }
            openers!(@$producers $handle);
        }
    )+};
    (@boxed $handle:ident) => {};
    (@known $handle:ident) => {
        fn open_known<P>(producer: P, counted: bool) -> *mut $handle
        where
            P: Producer + 'static,
            P::Item: Item + Send + 'static,
        {
            Self::handle(producer, counted)
        }
    };
}

/// A box as a producer.
struct Boxed<T>(BoxedProducer<T>);

impl<T> Iterator for Boxed<T> {
    type Item = T;
    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        self.0.next()
    }
}

impl<T> Producer for Boxed<T> {
    fn fault(&mut self) -> Option<PluginError> {
        self.0.fault()
    }
}

opener!(OpenArena, C, SizeFirst<C>, StreamHandle, next_arena);
opener!(OpenUnboxed, C, SizeFirst<C>, StreamHandle, next_arena);
opener!(OpenSinglePass, C, SinglePass<C>, StreamHandle, next_arena);
opener!(OpenAlloc, C, Alloc<C>, AllocHandle, next_pointer);
opener!(OpenLend, C, Lend<C>, AllocHandle, next_pointer);
opener!(OpenGrow, C, Grow<C>, GrowHandle, next_grow);
opener!(
    OpenVector,
    C,
    Vector<C, false>,
    RustBufferHandle,
    next_rust_buffer
);
opener!(
    OpenSizedVector,
    C,
    Vector<C, true>,
    RustBufferHandle,
    next_rust_buffer
);
opener!(
    OpenBatch,
    P,
    C,
    batch::Driver<P, C>,
    BatchHandle,
    batch::next::<P, C, false>,
    batch::next::<P, C, true>
);
openers!(
    OpenArena: StreamHandle on boxed producers,
    OpenSinglePass: StreamHandle on boxed producers,
    OpenAlloc: AllocHandle on boxed producers,
    OpenLend: AllocHandle on boxed producers,
    OpenGrow: GrowHandle on boxed producers,
    OpenVector: RustBufferHandle on boxed producers,
    OpenSizedVector: RustBufferHandle on boxed producers,
    OpenUnboxed: StreamHandle on known producers,
    OpenBatch: BatchHandle on known producers
);

/// See [`LabGuestApi::open`](bench_protocol::lab::api::LabGuestApi::open).
pub(crate) unsafe extern "C" fn open(
    variant: u32,
    codec: u32,
    spec: *const StreamSpec<'_>,
    out: *mut *mut StreamHandle,
) -> i32 {
    // SAFETY: the host keeps the same contract.
    unsafe {
        match spec::Codec::from_number(codec) {
            Some(spec::Codec::Bincode) => open_by::<Bincode>(variant, spec, out),
            Some(spec::Codec::Wincode) => open_by::<Wincode>(variant, spec, out),
            None => status::SERIALIZATION_ERROR,
        }
    }
}

/// # Safety
/// As for [`open`].
unsafe fn open_by<C: Codec>(
    variant: u32,
    spec: *const StreamSpec<'_>,
    out: *mut *mut StreamHandle,
) -> i32 {
    // SAFETY: the host keeps the same contract. All handles have the layout of a
    // `StreamHandle`, and the host uses each as what its variant says.
    unsafe {
        match Variant::from_number(variant) {
            Some(Variant::ArenaOwnWriter) => open_into::<OpenArena<C>>(spec, out),
            Some(Variant::Unboxed) => open_into::<OpenUnboxed<C>>(spec, out),
            Some(Variant::SinglePass) => open_into::<OpenSinglePass<C>>(spec, out),
            Some(Variant::AllocOwnWriter) => open_into::<OpenAlloc<C>>(spec, out.cast()),
            Some(Variant::Lend) => open_into::<OpenLend<C>>(spec, out.cast()),
            Some(Variant::Grow) => open_into::<OpenGrow<C>>(spec, out.cast()),
            Some(Variant::RustBuffer) => open_into::<OpenVector<C>>(spec, out.cast()),
            Some(Variant::RustBufferSized) => open_into::<OpenSizedVector<C>>(spec, out.cast()),
            Some(Variant::Batch) => open_into::<OpenBatch<C>>(spec, out.cast()),
            None => status::SERIALIZATION_ERROR,
        }
    }
}
