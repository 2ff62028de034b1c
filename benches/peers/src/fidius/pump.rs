//! The framework's own way from a plugin to its user: a thread that pumps, a
//! channel of four, a self-describing value, and the user's type at last.

use std::any::Any;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use bench_protocol::payload::Payload;
use fidius_host::{CallError, ChunkStream, LoadedPlugin, PluginHandle, loader};
use futures::StreamExt;
use tokio::runtime::{self, Runtime};

use crate::pull::Pull;

/// A stream as `PluginHandle::call_streaming` gives it out.
pub struct Pumped {
    // The stream goes first: it stops the pump.
    stream: ChunkStream,
    runtime: Runtime,
    _plugin: Box<dyn Any>,
}

impl Pumped {
    /// Opens method `index` of a plugin; `arguments` is the tuple that it takes.
    ///
    /// # Errors
    /// When the plugin cannot be loaded or the call fails.
    pub fn open<P: Payload>(
        path: &Path,
        plugin: &str,
        index: usize,
        arguments: &(u64, u32),
    ) -> Result<Self> {
        let plugin = PluginHandle::from_loaded(loaded(path, plugin)?);
        Self::of(plugin, async |plugin| {
            let call = plugin.call_streaming::<_, P::Owned>(index, arguments);
            call.await
        })
    }

    /// The stream that a plugin gives out when it is called.
    ///
    /// # Errors
    /// When the call fails.
    pub fn of<H: Any>(
        plugin: H,
        call: impl AsyncFnOnce(&H) -> Result<ChunkStream, CallError>,
    ) -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().build()?;
        Ok(Self {
            stream: runtime.block_on(call(&plugin))?,
            runtime,
            _plugin: Box::new(plugin),
        })
    }
}

/// The plugin of that name, as the framework loads it.
///
/// # Errors
/// When the library cannot be loaded, or has no such plugin.
pub fn loaded(path: &Path, name: &str) -> Result<LoadedPlugin> {
    let mut plugins = loader::load_library(path)?.plugins.into_iter();
    let found = plugins.find(|plugin| plugin.info.name == name);
    found.with_context(|| format!("no plugin {name} in the library"))
}

impl<P: Payload> Pull<P> for Pumped {
    fn drain(&mut self, items: u64, mut consume: impl FnMut(P::Owned)) -> Result<()> {
        let stream = &mut self.stream;
        self.runtime.block_on(async move {
            for taken in 0..items {
                let value = stream.next().await;
                ensure!(value.is_some(), "the stream ended after {taken} items");
                let value = value.expect("checked above")?;
                consume(fidius::from_value(value)?);
            }
            Ok(())
        })
    }
}
