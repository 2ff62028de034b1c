//! Channels on which the host streams: the plugin takes the items, and gives them back where
//! both stream.

use std::path::Path;

use anyhow::{Result, ensure};
use arena_bench::case::Case;
use arena_bench::verify::Expected;
use bench_host::loader;
use bench_protocol::payload::Payload;
use bench_protocol::spec::{ENDLESS, Protocol};
use fidius_host::PluginHandle;
use fidius_host::client_stream::host_producer_handle_typed;
use fidius_interface::channels::Seen;

use super::arm::Arm;
use super::items::{Items, expected};
use super::lean;
use crate::fidius::Plugin;
use crate::fidius::pump::{Pumped, loaded};
use crate::peer::sessions::Sessions;
use crate::pull::{Of, Stream};

/// A plugin that takes a stream a call.
struct Client<P: Payload> {
    plugin: PluginHandle,
    method: usize,
    /// Whether items are encoded into the plugin's buffer.
    lean: bool,
    items: Items<P>,
}

/// Opens a client stream.
///
/// # Errors
/// When the plugin cannot be loaded.
pub fn open<P: Payload>(arm: &Arm, library: &Path, items: Items<P>) -> Result<Box<dyn Stream>> {
    Ok(Box::new(Client {
        plugin: PluginHandle::from_loaded(loaded(library, arm.plugin())?),
        method: arm.method()?,
        lean: arm.way.changes_host(),
        items,
    }))
}

impl<P: Payload> Client<P> {
    fn call(&self, look: bool, items: u64) -> Result<Seen> {
        let all = self.items.take(items);
        match self.items.large {
            None => self.send(look, all),
            Some(large) => self.send(look, std::iter::once(large).chain(all)),
        }
    }

    fn send(
        &self,
        look: bool,
        items: impl Iterator<Item = P::View> + Send + 'static,
    ) -> Result<Seen> {
        if !self.lean {
            let (plugin, method) = (&self.plugin, self.method);
            return Ok(plugin.call_client_streaming(method, items, &(look,))?);
        }
        let arguments = fidius::wire::serialize(&(look,))?;
        let handle = lean::producer(items);
        let (plugin, method) = (&self.plugin, self.method);
        // SAFETY: the handle is fresh and nobody else's, and the method takes a stream.
        let answer = unsafe { plugin.call_client_streaming_raw(method, handle, &arguments)? };
        Ok(fidius::wire::deserialize(&answer)?)
    }
}

impl<P: Payload> Stream for Client<P> {
    fn drain(&mut self, items: u64) -> Result<()> {
        let (taken, ..) = self.call(false, items)?;
        let sent = items + u64::from(self.items.large.is_some());
        ensure!(taken == sent, "the plugin took {taken} items of {sent}");
        Ok(())
    }

    fn verify(&mut self, items: u64) -> Result<Expected> {
        Ok(expected(self.call(true, items)?))
    }
}

/// Opens both streams by the framework's interface: so many items.
///
/// # Errors
/// When the plugin cannot be loaded or refuses.
pub fn pumped<P: Payload>(
    arm: &Arm,
    library: &Path,
    items: Items<P>,
    count: u64,
) -> Result<Box<dyn Stream>> {
    let plugin = PluginHandle::from_loaded(loaded(library, arm.plugin())?);
    let (method, items) = (arm.method()?, items.take(count));
    let source = Pumped::of(plugin, async |plugin| {
        let call = plugin.call_bidi_streaming::<_, _, P::Owned>(method, items, &());
        call.await
    })?;
    Ok(Of::<P, _>::boxed(source))
}

/// Opens both streams without a pump: the plugin's is a session of ours. Items are encoded into
/// the plugin's buffer, where the host's side is changed.
///
/// # Errors
/// When a library cannot be loaded or the plugin refuses.
pub fn pulled<P: Payload>(
    arm: &Arm,
    library: &Path,
    host: &Path,
    items: Items<P>,
) -> Result<Box<dyn Stream>> {
    let host = loader::host(host)?;
    let plugin = Plugin::load(library, arm.plugin(), &[])?;
    let (is_lean, method) = (arm.way.changes_host(), arm.method()?);
    let case = Case::drain(arm.payload, arm.bytes, Protocol::Arena);
    Sessions::boxed(case, move |config| {
        let items = items.take(ENDLESS);
        let input = match is_lean {
            true => lean::producer(items),
            false => host_producer_handle_typed(items),
        };
        // SAFETY: the methods of this plugin take a stream, nothing else, and give one out;
        // the handle is fresh.
        Ok(unsafe { plugin.open_both(&host, config, method, input)? })
    })
}
