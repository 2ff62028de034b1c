//! Exports functions of a crate as benchmarks: [`bench!`](crate::bench) lists them, and
//! `arena-bench compare --package NAME --against REF` compares two builds of them.
//!
//! ```
//! use std::hint::black_box;
//!
//! paired_bench::bench! {
//!     sum => |n| (0..n).map(black_box).sum::<u64>(),
//!     sort => {
//!         let numbers: Vec<u64> = (0..1000).map(|k: u64| k.wrapping_mul(0x9e37) % 1000).collect();
//!         move |n| {
//!             for _ in 0..n {
//!                 let mut numbers = numbers.clone();
//!                 numbers.sort_unstable();
//!                 black_box(numbers);
//!             }
//!         }
//!     },
//! }
//! # fn main() {}
//! ```
//!
//! Each entry is a name and an expression that makes a closure `FnMut(u64) -> R`. The
//! expression runs once in a process and is not timed. The closure does `n` units of work and
//! is timed; its result goes through [`black_box`]. The work must grow with `n`.
//!
//! # What crosses the boundary
//!
//! The library exports [`SYMBOL`], which returns a [`Table`]. A loader checks [`MAGIC`] and
//! [`VERSION`] before it reads anything else. A [`Function`] is opened ([`Function::open`]),
//! run as often as wanted, and closed. A panic does not cross the boundary.

use core::ffi::c_void;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Name of the symbol that a library of functions exports:
/// `extern "C" fn() -> *const Table`.
pub const SYMBOL: &str = "paired_bench_table";
/// First eight bytes of a [`Table`].
pub const MAGIC: u64 = u64::from_le_bytes(*b"prdBENCH");
/// Version of [`Table`] and [`Function`].
pub const VERSION: u32 = 1;

/// [`Function::run`]: the work is done.
pub const DONE: i32 = 0;
/// [`Function::run`]: the closure panicked.
pub const PANICKED: i32 = -4;

/// The functions of a library.
#[repr(C)]
#[derive(Debug)]
pub struct Table {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`VERSION`].
    pub version: u32,
    /// Whether the library was built with debug assertions: 0 or 1.
    pub debug: u32,
    /// The first function.
    pub functions: *const Function,
    /// The number of functions.
    pub count: usize,
}

// SAFETY: it is never written to, and what it points to is a `&'static [Function]`.
unsafe impl Sync for Table {}

/// A function that does units of work.
#[repr(C)]
#[derive(Debug)]
pub struct Function {
    /// The name, UTF-8, not terminated.
    pub name: *const u8,
    /// Bytes of the name.
    pub name_len: usize,
    /// Sets the function up: its state, or null where that panicked.
    pub open: extern "C" fn() -> *mut c_void,
    /// Does so many units of work on a state that `open` returned: [`DONE`] or [`PANICKED`].
    pub run: unsafe extern "C" fn(*mut c_void, u64) -> i32,
    /// Frees a state that `open` returned.
    pub close: unsafe extern "C" fn(*mut c_void),
}

// SAFETY: it is never written to, and its name is a `&'static str`.
unsafe impl Sync for Function {}

impl Table {
    /// The table of these functions.
    #[must_use]
    pub const fn new(functions: &'static [Function]) -> Self {
        Self {
            magic: MAGIC,
            version: VERSION,
            debug: cfg!(debug_assertions) as u32,
            functions: functions.as_ptr(),
            count: functions.len(),
        }
    }
}

impl Function {
    /// A function of this name.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, open: extern "C" fn() -> *mut c_void) -> Self {
        Self {
            name: name.as_ptr(),
            name_len: name.len(),
            open,
            run,
            close,
        }
    }
}

/// The closure of a function, whatever it returns.
type Work = Box<dyn FnMut(u64)>;

/// Sets a function up; null where that panics.
#[doc(hidden)]
pub fn open<R, F: FnMut(u64) -> R + 'static>(make: impl FnOnce() -> F) -> *mut c_void {
    let made = catch_unwind(AssertUnwindSafe(|| {
        let mut work = make();
        let work: Work = Box::new(move |units| {
            black_box(work(units));
        });
        Box::into_raw(Box::new(work)).cast()
    }));
    made.unwrap_or(core::ptr::null_mut())
}

/// [`Function::run`].
///
/// # Safety
/// `state` must come from [`open`] and must not be used by anything else meanwhile.
unsafe extern "C" fn run(state: *mut c_void, units: u64) -> i32 {
    // SAFETY: by contract, it is a `Work` that `open` made, and nobody else uses it.
    let work = unsafe { &mut *state.cast::<Work>() };
    match catch_unwind(AssertUnwindSafe(|| work(black_box(units)))) {
        Ok(()) => DONE,
        Err(payload) => {
            // The payload may panic when it is dropped.
            std::mem::forget(payload);
            PANICKED
        }
    }
}

/// [`Function::close`].
///
/// # Safety
/// `state` must come from [`open`] and must not be used again.
unsafe extern "C" fn close(state: *mut c_void) {
    // SAFETY: by contract, it is a `Work` that `open` made, and this is its last use.
    let work = unsafe { Box::from_raw(state.cast::<Work>()) };
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(work))) {
        std::mem::forget(payload);
    }
}

/// Exports functions as benchmarks: `name => expression`, separated by commas. The
/// [documentation of the crate](crate) has an example. A crate has one such list.
///
/// Two functions of one name do not compile:
///
/// ```compile_fail
/// paired_bench::bench! {
///     sum => |n| n,
///     sum => |n| n + 1,
/// }
/// ```
#[macro_export]
macro_rules! bench {
    ($($name:ident => $make:expr),+ $(,)?) => {
        const _: () = {
            // Two of one name are an error of the compiler.
            #[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms)]
            enum Names {
                $($name),+
            }

            static FUNCTIONS: &[$crate::Function] = &[$({
                extern "C" fn open() -> *mut ::core::ffi::c_void {
                    $crate::open(|| $crate::closure($make))
                }
                $crate::Function::new(::core::stringify!($name), open)
            }),+];

            static TABLE: $crate::Table = $crate::Table::new(FUNCTIONS);

            #[unsafe(no_mangle)]
            extern "C" fn paired_bench_table() -> *const $crate::Table {
                &raw const TABLE
            }
        };
    };
}

/// Lets the compiler infer the type of a closure's argument.
#[doc(hidden)]
pub fn closure<R, F: FnMut(u64) -> R + 'static>(work: F) -> F {
    work
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// A function that runs what `make` makes.
    struct Opened(*mut c_void);

    impl Opened {
        fn new<R, F: FnMut(u64) -> R + 'static>(make: impl FnOnce() -> F) -> Option<Self> {
            let state = open(make);
            (!state.is_null()).then(|| Self(state))
        }

        fn run(&mut self, units: u64) -> i32 {
            // SAFETY: `open` made the state, which this value alone uses.
            unsafe { run(self.0, units) }
        }
    }

    impl Drop for Opened {
        fn drop(&mut self) {
            // SAFETY: `open` made the state, and this is its last use.
            unsafe { close(self.0) }
        }
    }

    #[test]
    fn a_closure_keeps_its_state_from_run_to_run_and_is_dropped_once() {
        let done = Rc::new(Cell::new(0));
        let counted = Rc::clone(&done);
        let mut opened = Opened::new(|| {
            closure(move |units| {
                counted.set(counted.get() + units);
                counted.get()
            })
        })
        .expect("it is set up");
        assert_eq!((opened.run(3), opened.run(4)), (DONE, DONE));
        assert_eq!(done.get(), 7);
        drop(opened);
        assert_eq!(Rc::strong_count(&done), 1);
    }

    #[test]
    fn a_panic_does_not_cross_the_boundary_wherever_it_comes_from() {
        fn fails() -> fn(u64) -> u64 {
            panic!("no set-up")
        }
        assert!(Opened::new(fails).is_none());
        let mut opened = Opened::new(|| |units: u64| assert!(units < 2, "two")).expect("set up");
        assert_eq!((opened.run(1), opened.run(2)), (DONE, PANICKED));
        assert_eq!(opened.run(1), DONE);

        struct Grudge;
        impl Drop for Grudge {
            fn drop(&mut self) {
                panic!("when it is dropped");
            }
        }
        let grudge = Grudge;
        drop(Opened::new(|| {
            move |units: u64| {
                let _ = &grudge;
                units
            }
        }));
    }

    mod listed {
        crate::bench! {
            twice => |n| n * 2,
            kept => {
                let list = [1, 2, 3];
                move |n| list.iter().sum::<u64>() + n
            },
        }

        unsafe extern "C" {
            safe fn paired_bench_table() -> *const crate::Table;
        }

        pub fn table() -> &'static crate::Table {
            // SAFETY: the table is a static of this module.
            unsafe { &*paired_bench_table() }
        }
    }

    #[test]
    fn the_table_has_every_function_by_name() {
        let table = listed::table();
        assert_eq!(
            (table.magic, table.version, table.count),
            (MAGIC, VERSION, 2)
        );
        // SAFETY: `Table::new` took both from a slice of static functions.
        let functions = unsafe { std::slice::from_raw_parts(table.functions, table.count) };
        let names: Vec<&[u8]> = functions
            .iter()
            // SAFETY: `Function::new` took both from a static text.
            .map(|it| unsafe { std::slice::from_raw_parts(it.name, it.name_len) })
            .collect();
        assert_eq!(names, [&b"twice"[..], b"kept"]);
    }
}
