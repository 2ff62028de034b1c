//! A WebAssembly guest in wasmtime: written by hand in WAT (`wasm-guest`),
//! compiled by wasmtime's own Cranelift when it is opened. The host decodes owned
//! values out of the guest's memory.

use anyhow::{Result, ensure};
use bench_protocol::payload::{Blob, BytesPayload, F64s, Payload, PayloadKind, RecordPayload, U64};
use bench_protocol::producer::lend_constant;
use bench_protocol::wire;
use wasmtime::error::Context;
use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc, Val};

use crate::pull::{Of, Pull, Stream};

/// The guest's source.
const GUEST: &str = include_str!("../../wasm-guest/guest.wat");
/// Entries that the guest walks through: those after which the items repeat.
const ENTRIES: usize = 256;
/// Bytes of an entry.
const ENTRY: usize = 48;
/// Bytes of a page of the guest's memory.
const PAGE: usize = 64 << 10;

/// A guest and its memory.
struct Wasm {
    store: Store<()>,
    memory: Memory,
    next: TypedFunc<(), u32>,
    out: usize,
}

/// Opens a stream.
///
/// # Errors
/// When the guest cannot be compiled, or its memory not grown.
pub fn open(kind: PayloadKind, bytes: u32) -> Result<Box<dyn Stream>> {
    let mut image = Image::new();
    Ok(match kind {
        PayloadKind::Text => anyhow::bail!("no peer streams {}", kind.name()),
        PayloadKind::U64 => {
            image.entries::<U64>(bytes, |entry, _, item| entry.number(0, item));
            Of::<U64, _>::boxed(Wasm::open(kind, &image)?)
        }
        PayloadKind::Record => {
            image.entries::<RecordPayload>(bytes, |entry, heap, item| {
                entry.number(0, item.id());
                entry.number(8, item.timestamp_us().cast_unsigned());
                entry.slice(16, heap, item.message().as_bytes());
                for (tag, text) in item.tags().iter().enumerate() {
                    entry.slice(24 + 8 * tag, heap, text.as_bytes());
                }
            });
            Of::<RecordPayload, _>::boxed(Wasm::open(kind, &image)?)
        }
        PayloadKind::Bytes => {
            image.entries::<BytesPayload>(bytes, |entry, heap, item| entry.slice(16, heap, item));
            Of::<BytesPayload, _>::boxed(Wasm::open(kind, &image)?)
        }
        PayloadKind::Blob => {
            image.entries::<Blob>(bytes, |entry, heap, item| entry.slice(16, heap, item));
            Of::<Blob, _>::boxed(Wasm::open(kind, &image)?)
        }
        PayloadKind::F64s => {
            image.entries::<F64s>(bytes, |entry, heap, item| {
                let bytes: Vec<u8> = item.iter().flat_map(|value| value.to_le_bytes()).collect();
                entry.slice(16, heap, &bytes);
            });
            Of::<F64s, _>::boxed(Wasm::open(kind, &image)?)
        }
    })
}

/// The beginning of the guest's memory: entries, and what they point to.
struct Image {
    entries: Vec<u8>,
    heap: Vec<u8>,
}

struct Entry<'a>(&'a mut [u8]);

impl Entry<'_> {
    fn number(&mut self, at: usize, number: u64) {
        self.0[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }

    fn slice(&mut self, at: usize, heap: &mut Vec<u8>, bytes: &[u8]) {
        let address = (ENTRIES * ENTRY + heap.len()) as u32;
        heap.extend(bytes);
        // As everywhere: no item is better aligned than another.
        heap.resize(heap.len().next_multiple_of(8), 0);
        self.0[at..at + 4].copy_from_slice(&address.to_le_bytes());
        self.0[at + 4..at + 8].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    }
}

impl Image {
    fn new() -> Self {
        Self {
            entries: vec![0; ENTRIES * ENTRY],
            heap: Vec::new(),
        }
    }

    fn entries<P: Payload>(
        &mut self,
        bytes: u32,
        write: impl Fn(&mut Entry<'_>, &mut Vec<u8>, P::View),
    ) {
        let entries = self.entries.chunks_mut(ENTRY);
        for (entry, item) in entries.zip(lend_constant::<P>(bytes)) {
            write(&mut Entry(entry), &mut self.heap, item);
        }
    }
}

/// The runtime's errors have a type of their own.
fn runtime(error: wasmtime::Error) -> anyhow::Error {
    anyhow::Error::from_boxed(error.into())
}

impl Wasm {
    fn open(kind: PayloadKind, image: &Image) -> Result<Self> {
        Self::instantiate(kind, image).map_err(runtime)
    }

    fn instantiate(kind: PayloadKind, image: &Image) -> wasmtime::Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, GUEST)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .context("the guest's memory")?;
        let out = image.entries.len() + image.heap.len();
        // The largest item is smaller than all of them, and a length each.
        let pages = (2 * out + ENTRIES * ENTRY).div_ceil(PAGE);
        memory.grow(&mut store, pages as u64)?;
        memory.write(&mut store, 0, &image.entries)?;
        memory.write(&mut store, image.entries.len(), &image.heap)?;
        let global = instance
            .get_global(&mut store, "out")
            .context("the guest's global")?;
        global.set(&mut store, Val::I32(i32::try_from(out)?))?;
        let next = instance.get_typed_func(&mut store, &format!("next_{}", kind.name()))?;
        Ok(Self {
            store,
            memory,
            next,
            out,
        })
    }
}

impl<P: Payload> Pull<P> for Wasm {
    fn drain(&mut self, items: u64, mut consume: impl FnMut(P::Owned)) -> Result<()> {
        for _ in 0..items {
            let length = self.next.call(&mut self.store, ()).map_err(runtime)? as usize;
            let item = self
                .memory
                .data(&self.store)
                .get(self.out..self.out + length);
            ensure!(
                item.is_some(),
                "the guest claims {length} bytes beyond its memory"
            );
            consume(wire::deserialize(item.unwrap_or_default())?);
        }
        Ok(())
    }
}
