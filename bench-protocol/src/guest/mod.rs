//! The guest's side of the arena protocol, and a guest of any iterator.
//!
//! [`arena`] is the driver of every arena stream, in the workbench's guest and in yours.
//! [`boundary`] is what all functions at the boundary share. With
//! [`export_guest!`](crate::export_guest), any iterator of `Serialize` items becomes a cdylib
//! that `arena-bench guest` verifies and measures:
//!
//! ```
//! use bench_protocol::spec::StreamConfig;
//!
//! fn squares(_asked: StreamConfig) -> impl Iterator<Item = u64> + Send + 'static {
//!     (0..1000_u64).map(|k| k * k)
//! }
//!
//! bench_protocol::export_guest!(squares);
//! # fn main() {}
//! ```
//!
//! `export_guest!(squares, cubes)` exports two streams, each by the name of its function.
//!
//! The function is called once for each stream. Its argument says what the host asks for
//! (payload, sizes, seed); a guest may ignore it. The crate must be a `cdylib` that depends on
//! this one. Nothing else is needed.

use serde::Serialize;

use crate::handle::{AllocHandle, StreamHandle};
use crate::spec::{StreamConfig, StreamSpec};
use crate::{producer, status};

pub mod arena;
pub mod asked;
pub mod boundary;
pub mod streams;

/// Exports a guest whose streams are the iterators that functions
/// `fn(StreamConfig) -> impl Iterator<Item = impl Serialize> + Send + 'static`
/// return: one function, or several, each of which is a stream of its own name. The guest
/// speaks the arena protocol and refuses alloc streams.
#[macro_export]
macro_rules! export_guest {
    ($open:path $(,)?) => {
        const _: () = {
            static API: $crate::api::GuestApi = $crate::guest_table!($open);

            #[unsafe(no_mangle)]
            extern "C" fn bench_guest_api() -> *const $crate::api::GuestApi {
                &raw const API
            }
        };
    };
    ($($name:ident),+ $(,)?) => {
        const _: () = {
            use $crate::api::GuestApi;
            use $crate::guest::streams::{Stream, Streams};

            static STREAMS: &[Stream] = &[$({
                static API: GuestApi = $crate::guest_table!($name);
                Stream::new(::core::stringify!($name), &API)
            }),+];
            static LIST: Streams = Streams::new(STREAMS);

            #[unsafe(no_mangle)]
            extern "C" fn bench_guest_api() -> *const GuestApi {
                STREAMS[0].api
            }

            #[unsafe(no_mangle)]
            extern "C" fn bench_guest_streams() -> *const Streams {
                &raw const LIST
            }
        };
    };
}

/// The table of one stream; see [`export_guest!`](crate::export_guest).
#[doc(hidden)]
#[macro_export]
macro_rules! guest_table {
    ($open:path) => {{
        use $crate::api::{ABI_VERSION, GUEST_MAGIC, GuestApi, Header, LAYOUT};

        unsafe extern "C" fn open_arena(
            spec: *const $crate::spec::StreamSpec<'_>,
            out: *mut *mut $crate::handle::StreamHandle,
        ) -> i32 {
            // SAFETY: the host keeps the same contract.
            unsafe { $crate::guest::open(spec, out, $open) }
        }

        GuestApi {
            header: Header {
                magic: GUEST_MAGIC,
                abi_version: ABI_VERSION,
                table_size: size_of::<GuestApi>() as u32,
                layout: LAYOUT,
            },
            build: $crate::guest::BUILD,
            open_arena,
            open_alloc: $crate::guest::no_alloc,
            free_buffer: $crate::guest::no_buffer,
            counts: $crate::guest::boundary::counts,
            open_step: $crate::step::no_steps,
        }
    }};
}

/// How such a guest was built, as far as this is known without a build script.
#[doc(hidden)]
pub const BUILD: crate::build_info::RawBuildInfo = {
    use crate::build_info::StaticStr;
    crate::build_info::RawBuildInfo {
        commit: StaticStr::new(""),
        rustc: StaticStr::new(""),
        profile: StaticStr::new(if cfg!(debug_assertions) {
            "dev"
        } else {
            "release"
        }),
        flags: StaticStr::new(""),
    }
};

/// Opens a stream of what `items` returns; see [`export_guest!`](crate::export_guest).
///
/// # Safety
/// `spec` must be a valid spec, `out` a place for a handle.
pub unsafe fn open<I>(
    spec: *const StreamSpec<'_>,
    out: *mut *mut StreamHandle,
    items: impl FnOnce(StreamConfig) -> I,
) -> i32
where
    I: Iterator<Item: Serialize + Send> + Send + 'static,
{
    boundary::guard(|| {
        // SAFETY: by contract, the spec is valid.
        let Some(config) = (unsafe { (*spec).read() }) else {
            return status::SERIALIZATION_ERROR;
        };
        let counted = config.counted;
        let handle = arena::open(producer::boxed(items(config)), counted);
        // SAFETY: by contract, `out` is a place for a handle.
        unsafe { *out = handle };
        status::OK
    })
}

/// Refuses a stream of the alloc protocol.
///
/// # Safety
/// Always safe: nothing is read or written.
#[doc(hidden)]
pub unsafe extern "C" fn no_alloc(_: *const StreamSpec<'_>, _: *mut *mut AllocHandle) -> i32 {
    status::SERIALIZATION_ERROR
}

/// The `free_buffer` of a guest that allocates no buffers.
///
/// # Safety
/// Always safe: nothing is read or written.
#[doc(hidden)]
pub unsafe extern "C" fn no_buffer(_: *mut u8, _: u32) {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::PayloadKind;
    use crate::size_plan::SizeTable;
    use crate::wire;

    /// Drives a stream with a buffer that grows to exactly what is asked for; the
    /// items, the retries and the status that ended it.
    fn drive<I>(items: I) -> (Vec<Vec<u8>>, u32, i32)
    where
        I: Iterator<Item: Serialize + Send> + Send + 'static,
    {
        let config = StreamConfig::new(PayloadKind::U64, SizeTable::new(vec![8], 0).unwrap());
        let mut handle = std::ptr::null_mut();
        let (mut drawn, mut retries, mut buffer) = (Vec::new(), 0, vec![0; 4]);
        // SAFETY: the spec borrows `config`; the handle is driven by this function
        // alone, with a buffer of the length it is told, and dropped once.
        unsafe {
            assert_eq!(open(&config.spec(), &mut handle, |_| items), status::OK);
            loop {
                let (mut len, capacity) = (0, buffer.len() as u32);
                match ((*handle).next)(handle, buffer.as_mut_ptr(), capacity, &mut len) {
                    status::OK => drawn.push(buffer[..len as usize].to_vec()),
                    status::BUFFER_TOO_SMALL => {
                        retries += 1;
                        buffer.resize(len as usize, 0);
                    }
                    end => {
                        ((*handle).drop_fn)(handle);
                        return (drawn, retries, end);
                    }
                }
            }
        }
    }

    #[test]
    fn every_item_arrives_whatever_its_size() {
        let texts: Vec<String> = (0..20).map(|k| "x".repeat(k * 7)).collect();
        let (drawn, retries, end) = drive(texts.clone().into_iter());
        let encoded: Vec<Vec<u8>> = texts
            .iter()
            .map(|text| wire::serialize(text).unwrap())
            .collect();
        assert_eq!((drawn, retries, end), (encoded, 20, status::STREAM_END));
    }

    proptest! {
        #[test]
        fn no_item_is_lost_repeated_or_reordered_whatever_buffers_are_lent(
            sizes in prop::collection::vec(0..40_usize, 0..30),
            capacities in prop::collection::vec(0..60_usize, 1..40),
        ) {
            let items: Vec<String> = sizes
                .iter()
                .enumerate()
                .map(|(k, &size)| format!("{k}").repeat(size))
                .collect();
            let encoded: Vec<Vec<u8>> =
                items.iter().map(|item| wire::serialize(item).unwrap()).collect();
            let config = StreamConfig::new(PayloadKind::U64, SizeTable::new(vec![8], 0).unwrap());
            let mut handle = std::ptr::null_mut();
            let mut drawn = Vec::new();
            // Sometimes the buffer is large enough for any item, so that the stream ends.
            let largest = encoded.iter().map(Vec::len).max().unwrap_or(0);
            let mut offers = capacities.iter().copied().chain([largest]).cycle();
            // SAFETY: the spec borrows `config`; the handle is driven by this function
            // alone, with a buffer of the length it is told, and dropped once.
            unsafe {
                prop_assert_eq!(open(&config.spec(), &mut handle, |_| items.into_iter()), status::OK);
                loop {
                    let mut buffer = vec![0; offers.next().unwrap()];
                    let (mut len, capacity) = (0, buffer.len() as u32);
                    match ((*handle).next)(handle, buffer.as_mut_ptr(), capacity, &mut len) {
                        status::OK => drawn.push(buffer[..len as usize].to_vec()),
                        status::BUFFER_TOO_SMALL => {
                            prop_assert!(len > capacity);
                            prop_assert_eq!(len as usize, encoded[drawn.len()].len());
                        }
                        end => {
                            prop_assert_eq!(end, status::STREAM_END);
                            break;
                        }
                    }
                }
                ((*handle).drop_fn)(handle);
            }
            prop_assert_eq!(drawn, encoded);
        }
    }

    /// Panics at its second item, and again when it is dropped; the panic's payload panics
    /// when it is dropped, too.
    struct Stubborn(u64);

    impl Iterator for Stubborn {
        type Item = u64;
        fn next(&mut self) -> Option<u64> {
            self.0 += 1;
            if self.0 > 1 {
                std::panic::panic_any(Grudge);
            }
            Some(self.0)
        }
    }

    impl Drop for Stubborn {
        fn drop(&mut self) {
            panic!("and once more");
        }
    }

    struct Grudge;

    impl Drop for Grudge {
        fn drop(&mut self) {
            panic!("and the payload too");
        }
    }

    #[test]
    fn an_iterator_that_panics_again_when_it_is_dropped_does_not_take_the_host_down() {
        let (drawn, _, end) = drive(Stubborn(0));
        assert_eq!((drawn.len(), end), (1, status::PANIC));
    }

    #[test]
    fn a_panicking_iterator_ends_the_stream() {
        let items = (0..5_u64).inspect(|&k| assert!(k < 3, "the third is the last"));
        let (drawn, _, end) = drive(items);
        assert_eq!((drawn.len(), end), (3, status::PANIC));
    }
}
