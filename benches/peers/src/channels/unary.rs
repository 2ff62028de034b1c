//! Calls that are answered once: by the framework's interface, or through the vtable with
//! arguments on the stack and an answer that is decoded where it is.

use std::path::Path;

use anyhow::{Result, bail};
use arena_bench::verify::Expected;
use bench_protocol::payload::Payload;
use fidius::wire;
use fidius_host::PluginHandle;
use serde_bytes::ByteBuf;
use std::hint::black_box;

use super::arm::Arm;
use super::items::Items;
use super::kind::Channel;
use crate::fidius::Plugin;
use crate::fidius::pump::loaded;
use crate::pull::{Look, Stream};

/// The place of the method that answers with many bytes.
const LARGE: usize = 3;

/// Who calls.
enum Caller {
    /// The framework.
    Framework(PluginHandle),
    /// We, a plugin that answers in boxes.
    Boxes(Plugin),
    /// We, a plugin that answers in this buffer.
    Buffer(Plugin, Vec<u8>),
}

struct Unary<P: Payload> {
    caller: Caller,
    method: usize,
    next: u64,
    payload: std::marker::PhantomData<P>,
}

/// Opens a plugin for calls. After a large answer, where there is to be one.
///
/// # Errors
/// When the plugin cannot be loaded.
pub fn open<P: Payload>(arm: &Arm, library: &Path, items: Items<P>) -> Result<Box<dyn Stream>> {
    let configuration = arm.bytes.to_le_bytes();
    let ours = || Plugin::load(library, arm.plugin(), &configuration);
    let mut caller = match (arm.way.changes_host(), arm.channel) {
        (false, _) => {
            let loaded = loaded(library, arm.plugin())?;
            Caller::Framework(PluginHandle::configure_from_loaded(loaded, &arm.bytes)?)
        }
        (true, Channel::Unary) => Caller::Boxes(ours()?),
        (true, Channel::UnaryArena) => Caller::Buffer(ours()?, vec![0; 4096]),
        (true, channel) => bail!("{} is no call", channel.name()),
    };
    if items.large.is_some() {
        let answer: ByteBuf = caller.call(LARGE, &arm.after.to_le_bytes(), &(arm.after,))?;
        drop(answer);
    }
    Ok(Box::new(Unary::<P> {
        caller,
        method: arm.method()?,
        next: 0,
        payload: std::marker::PhantomData,
    }))
}

impl Caller {
    /// Calls a method with arguments that are encoded already, and as they are.
    #[inline]
    fn call<O: serde::de::DeserializeOwned>(
        &mut self,
        method: usize,
        encoded: &[u8],
        arguments: &impl serde::Serialize,
    ) -> Result<O> {
        match self {
            Self::Framework(plugin) => Ok(plugin.call_method(method, arguments)?),
            Self::Boxes(plugin) => {
                // SAFETY: the interface is plugin-allocated, and all of its methods answer once.
                let answer = unsafe { plugin.answer_in_box(method, encoded, wire::deserialize)? };
                Ok(answer?)
            }
            Self::Buffer(plugin, buffer) => {
                // SAFETY: the interface is one of strategy Arena.
                let answer = unsafe { plugin.answer_in_buffer(method, encoded, buffer)? };
                Ok(wire::deserialize(&buffer[answer])?)
            }
        }
    }
}

impl<P: Payload> Unary<P> {
    #[inline]
    fn next(&mut self) -> Result<P::Owned> {
        let k = self.next;
        self.next += 1;
        self.caller.call(self.method, &k.to_le_bytes(), &(k,))
    }
}

impl<P: Payload> Stream for Unary<P> {
    fn drain(&mut self, items: u64) -> Result<()> {
        for _ in 0..items {
            black_box(&self.next()?);
        }
        Ok(())
    }

    fn verify(&mut self, items: u64) -> Result<Expected> {
        self.next = 0;
        let mut look = Look::default();
        for _ in 0..items {
            look.item(&self.next()?)?;
        }
        Ok(look.seen())
    }
}
