//! Functions of the host: bound by the framework's own binding, or as a table of ours that
//! answers from a buffer which it keeps.

use core::ffi::c_void;
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};
use arena_bench::verify::Expected;
use bench_protocol::payload::{Blob, Payload, PayloadKind, Record, RecordPayload, U64};
use bench_protocol::wire;
use fidius::host_ffi::HostFunctionTable;
use fidius::status;
use fidius_host::{PluginHandle, host_import};
use fidius_interface::BlobOwned;
use fidius_interface::channels::{
    HostItems, HostItemsBinding, HostItemsByTableBinding, PatchedHostItemsBinding, Seen,
};

use super::arm::Arm;
use super::items::{Items, expected};
use super::kind::{SIZES, Way};
use crate::fidius::pump::loaded;
use crate::pull::Stream;

/// The items that the host answers with: those of one payload.
#[derive(Default)]
struct Answers {
    u64: Option<Items<U64>>,
    record: Option<Items<RecordPayload>>,
    blob: Option<Items<Blob>>,
}

impl Answers {
    fn of(arm: &Arm) -> Self {
        let mut answers = Self::default();
        match arm.payload {
            PayloadKind::U64 => answers.u64 = Some(Items::of(arm)),
            PayloadKind::Record => answers.record = Some(Items::of(arm)),
            _ => answers.blob = Some(Items::of(arm)),
        }
        answers
    }
}

fn item<P: Payload>(items: &Option<Items<P>>, k: u64) -> P::View {
    let items = items
        .as_ref()
        .expect("the plugin asks for the items of its arm");
    items.item(k)
}

impl HostItems for Answers {
    fn u64(&self, k: u64) -> u64 {
        item(&self.u64, k)
    }
    fn record(&self, k: u64) -> Record {
        RecordPayload::to_owned(item(&self.record, k))
    }
    fn blob(&self, k: u64) -> BlobOwned {
        Blob::to_owned(item(&self.blob, k))
    }
}

thread_local! {
    /// The answer that the plugin reads.
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Answers a call of function `index`, without a clone of the item.
unsafe extern "C" fn dispatch(
    context: *mut c_void,
    index: u32,
    input: *const u8,
    len: u32,
    out: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the context is the `Answers` that `table` leaked.
    let answers = unsafe { &*context.cast::<Answers>() };
    // SAFETY: the plugin lends so many bytes for the call.
    let input = unsafe { std::slice::from_raw_parts(input, len as usize) };
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let k = u64::from_le_bytes(input.try_into().ok()?);
        ANSWER.with_borrow_mut(|buffer| {
            buffer.clear();
            let encoded = match index {
                0 => wire::serialize_to(&mut *buffer, &item(&answers.u64, k)),
                1 => wire::serialize_to(&mut *buffer, &item(&answers.record, k)),
                2 => wire::serialize_to(&mut *buffer, &item(&answers.blob, k)),
                _ => return None,
            };
            encoded.ok()?;
            Some((buffer.as_mut_ptr(), buffer.len() as u32))
        })
    }));
    match answered {
        Ok(Some((bytes, len))) => {
            // SAFETY: both places are writable. The bytes stay until this thread's next call.
            unsafe { (*out, *out_len) = (bytes, len) };
            status::STATUS_OK
        }
        Ok(None) => status::STATUS_SERIALIZATION_ERROR,
        Err(_) => status::STATUS_PANIC,
    }
}

/// The answer is the buffer's.
unsafe extern "C" fn keep(_: *mut u8, _: usize) {}

/// A table of ours for an interface of the host's, which lives as long as the process.
fn table(name: &'static core::ffi::CStr, hash: u64, answers: Answers) -> *const HostFunctionTable {
    Box::into_raw(Box::new(HostFunctionTable {
        table_size: size_of::<HostFunctionTable>() as u32,
        abi_version: fidius::ABI_VERSION,
        interface_name: name.as_ptr(),
        interface_hash: hash,
        interface_version: 1,
        fn_count: SIZES.len() as u32,
        ctx: Box::into_raw(Box::new(answers)).cast::<c_void>(),
        dispatch,
        free_buffer: keep,
    }))
}

/// What answers the libraries of this process: a payload and its size.
type Bound = HashMap<(PathBuf, Way), (PayloadKind, u32)>;

/// A library takes one table of each interface.
static BOUND: Mutex<Option<Bound>> = Mutex::new(None);

/// Binds the host's functions of an arm into its library, once.
fn bind(arm: &Arm, library: &Path, plugin: &fidius_host::LoadedPlugin) -> Result<()> {
    let mut bound = BOUND.lock().expect("nobody panics with it");
    let answered = (arm.payload, arm.bytes);
    let key = (library.to_owned(), arm.way);
    if let Some(there) = bound.get_or_insert_default().get(&key) {
        ensure!(
            *there == answered,
            "one process calls back for one kind of items"
        );
        return Ok(());
    }
    let answers = Answers::of(arm);
    let (name, hash) = match arm.way {
        Way::Released | Way::Plugin | Way::Pull | Way::Pair => {
            (c"HostItems", HostItemsBinding::INTERFACE_HASH)
        }
        Way::Host => (c"HostItemsByTable", HostItemsByTableBinding::INTERFACE_HASH),
        Way::Both => (c"PatchedHostItems", PatchedHostItemsBinding::INTERFACE_HASH),
    };
    let build = || match arm.way.changes_host() {
        true => table(name, hash, answers),
        false => HostItemsBinding::table(Arc::new(answers)),
    };
    let name = name.to_str()?;
    let taken = host_import::bind_host_interface(&plugin.library, name, hash, 1, build)?;
    ensure!(taken, "the plugin imports no {name}");
    bound.get_or_insert_default().insert(key, answered);
    Ok(())
}

/// A plugin that calls back for each item.
struct Callback {
    plugin: PluginHandle,
    method: usize,
}

/// Opens a plugin whose host functions are bound.
///
/// # Errors
/// When the plugin cannot be loaded or takes no functions.
pub fn open(arm: &Arm, library: &Path) -> Result<Box<dyn Stream>> {
    let loaded = loaded(library, arm.plugin())?;
    bind(arm, library, &loaded)?;
    Ok(Box::new(Callback {
        plugin: PluginHandle::from_loaded(loaded),
        method: arm.method()?,
    }))
}

impl Callback {
    fn call(&self, items: u64, look: bool) -> Result<Seen> {
        Ok(self.plugin.call_method(self.method, &(items, look))?)
    }
}

impl Stream for Callback {
    fn drain(&mut self, items: u64) -> Result<()> {
        let (taken, ..) = self.call(items, false)?;
        ensure!(
            taken == items,
            "the plugin called {taken} times, not {items}"
        );
        Ok(())
    }

    fn verify(&mut self, items: u64) -> Result<Expected> {
        Ok(expected(self.call(items, true)?))
    }
}
