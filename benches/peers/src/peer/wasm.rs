//! A WebAssembly guest in wasmtime: written by hand in WAT (`wasm-guest`),
//! compiled by wasmtime's own Cranelift when it is opened. The host decodes owned
//! values out of the guest's memory.

use anyhow::{Result, ensure};
use bench_protocol::payload::{Payload, PayloadKind};
use bench_protocol::wire;
use wasmtime::error::Context;
use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc, Val};

use super::image::Image;
use crate::pull::Pull;

/// The guest's source.
const GUEST: &str = include_str!("../../wasm-guest/guest.wat");

/// A guest and its memory.
pub struct Wasm {
    store: Store<()>,
    memory: Memory,
    next: TypedFunc<(), u32>,
    out: usize,
}

/// The runtime's errors have a type of their own.
fn runtime(error: wasmtime::Error) -> anyhow::Error {
    anyhow::Error::from_boxed(error.into())
}

impl Wasm {
    /// A guest with items of so many content bytes.
    ///
    /// # Errors
    /// When there are no such items, or the runtime refuses the guest.
    pub fn open(kind: PayloadKind, bytes: u32) -> Result<Self> {
        Self::instantiate(kind.name(), &Image::of(kind, bytes)?).map_err(runtime)
    }

    fn instantiate(payload: &str, image: &Image) -> wasmtime::Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, GUEST)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .context("the guest's memory")?;
        memory.grow(&mut store, image.pages() as u64)?;
        memory.write(&mut store, 0, image.bytes())?;
        let out = image.bytes().len();
        let global = instance
            .get_global(&mut store, "out")
            .context("the guest's global")?;
        global.set(&mut store, Val::I32(i32::try_from(out)?))?;
        let next = instance.get_typed_func(&mut store, &format!("next_{payload}"))?;
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
