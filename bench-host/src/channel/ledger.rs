//! What the host notes while a guest calls it: it is asked after the guest's own call has
//! returned, so that no guest can hide a panic or a recursion of the host's side.

use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};

use bench_protocol::channel::REENTERED;
use bench_protocol::counts::GuestCounts;
use bench_protocol::guest::boundary::swallow;
use bench_protocol::status;

use crate::error::StreamError;

/// What the host's side of a channel has counted, and its first error.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<(GuestCounts, Option<StreamError>)>);

impl Ledger {
    fn notes(&self) -> MutexGuard<'_, (GuestCounts, Option<StreamError>)> {
        self.0.lock().expect("nobody panics with it")
    }

    /// What was counted of a channel that was opened as `counted`.
    pub(super) fn counts(&self) -> GuestCounts {
        self.notes().0
    }

    /// The host's own error, whatever the guest makes of it.
    pub(super) fn fault(&self) -> Option<StreamError> {
        self.notes().1.clone()
    }

    #[cold]
    fn fail(&self, status: i32) {
        let error = match status {
            REENTERED => StreamError::Reentered,
            status::PANIC => StreamError::HostPanic,
            status::SERIALIZATION_ERROR => StreamError::HostSerialization,
            _ => return,
        };
        self.notes().1.get_or_insert(error);
    }
}

/// What a guest calls, one call at a time.
pub(super) struct Entrance<T> {
    inside: Cell<bool>,
    body: UnsafeCell<T>,
    ledger: Arc<Ledger>,
}

impl<T> Entrance<T> {
    pub(super) fn new(body: T, ledger: &Arc<Ledger>) -> Self {
        Self {
            inside: Cell::new(false),
            body: UnsafeCell::new(body),
            ledger: Arc::clone(ledger),
        }
    }

    /// Runs a call: a status and a length. A call from inside of another is refused, a panic is
    /// caught, and both are noted. With `COUNTED`, the answer is counted; with `BOXED`, its bytes
    /// are in a box that the guest must return.
    #[inline(always)]
    pub(super) fn call<const COUNTED: bool, const BOXED: bool>(
        &self,
        answer: impl FnOnce(&mut T) -> (i32, u32),
    ) -> (i32, u32) {
        if self.inside.replace(true) {
            self.ledger.fail(REENTERED);
            return (REENTERED, 0);
        }
        // SAFETY: no other call is inside, so that nobody else borrows the body.
        let body = unsafe { &mut *self.body.get() };
        let answered = catch_unwind(AssertUnwindSafe(move || answer(body)));
        let (status, len) = answered.unwrap_or_else(|payload| (swallow(payload), 0));
        self.inside.set(false);
        if status != status::OK {
            self.ledger.fail(status);
        }
        if COUNTED {
            self.ledger.notes().0.note(status, len, BOXED);
        }
        (status, len)
    }
}
