//! Real Fidius plugins: loaded by the framework's own loader, their streams
//! opened through their own vtable.
//!
//! [`Plugin::open`] gives out the raw handle, for our unchanged drain;
//! [`pump`] is the framework's own way to its user. Nothing here
//! knows what an item is: a plugin's items are bytes.

pub mod arguments;
mod call;
pub mod describe;
mod error;
pub mod framework;
pub mod guest;
mod instance;
pub mod interface;
mod kind;
pub mod names;
pub mod pump;
mod sources;
pub mod types;

use std::path::Path;
use std::sync::Arc;

use arena_bench::guest::OpenStream;
use bench_host::error::StreamError;
use bench_host::loader::Host;
use bench_host::pair::Session;
use bench_protocol::counts::HostCounts;
use bench_protocol::handle::StreamHandle;
use bench_protocol::spec::SessionConfig;
use bench_protocol::status;
use fidius_host::LoadedPlugin;
use fidius_host::loader::{self, LoadedLibrary};

pub use error::FidiusError;
pub use kind::Kind;

use instance::{InBox, Instance};

/// A loaded plugin; its library stays loaded for the life of the process.
#[derive(Debug)]
pub struct Plugin {
    loaded: LoadedPlugin,
    instance: Arc<Instance>,
}

/// The library of plugins at a path, as the framework loads it; it is never unloaded.
fn library(path: &Path) -> Result<LoadedLibrary, FidiusError> {
    let library = loader::load_library(path).map_err(|refusal| FidiusError::Load {
        path: path.to_owned(),
        refusal: refusal.to_string(),
    })?;
    // Threads of the framework and thread-local destructors may outlive us.
    std::mem::forget(Arc::clone(&library.library));
    Ok(library)
}

impl Plugin {
    /// Loads the library and picks the plugin of that name; `configuration` is what its
    /// instance is made of, empty for a plugin that takes none.
    ///
    /// # Errors
    /// When the file is no plugin of this version, or has none of that name.
    pub fn load(path: &Path, name: &str, configuration: &[u8]) -> Result<Self, FidiusError> {
        let library = library(path)?;
        let names = library.plugins.iter().map(|it| it.info.name.clone());
        let available: Vec<String> = names.collect();
        let mut plugins = library.plugins.into_iter();
        let Some(loaded) = plugins.find(|plugin| plugin.info.name == name) else {
            return Err(FidiusError::NoPlugin {
                path: path.to_owned(),
                wanted: name.to_owned(),
                available,
            });
        };
        let instance = Arc::new(Instance::construct(&loaded, configuration)?);
        Ok(Self { loaded, instance })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.loaded.info.name
    }

    /// Calls the method `index` with encoded arguments and takes its handle over
    /// into a session of the host's: our drain, unchanged.
    ///
    /// # Errors
    /// When it refuses, or its handle cannot be driven.
    ///
    /// # Safety
    /// The method must be there, and give out a stream and take none: slots of other kinds
    /// hold other functions. [`describe::Described::stream`] tells.
    pub unsafe fn open(
        &self,
        host: &Host,
        config: &SessionConfig,
        index: usize,
        arguments: &[u8],
    ) -> Result<Stream, FidiusError> {
        // SAFETY: the caller's promise is the same.
        let handle = unsafe { self.init(index, arguments)? };
        // SAFETY: the handle is fresh and nobody else's, has the layout of a
        // `StreamHandle` (asserted below), and its library stays loaded.
        let session = unsafe { host.adopt(config, handle)? };
        Ok(Stream {
            session,
            _instance: Arc::clone(&self.instance),
        })
    }

    /// The raw handle of a new stream, which the caller drops before the plugin.
    ///
    /// # Errors
    /// When the method refuses.
    ///
    /// # Safety
    /// As for [`Self::open`].
    pub unsafe fn init(
        &self,
        index: usize,
        arguments: &[u8],
    ) -> Result<*mut StreamHandle, FidiusError> {
        let bytes = arguments.len();
        let len = u32::try_from(bytes).map_err(|_| FidiusError::TooLong { bytes })?;
        let (mut handle, mut answered) = (std::ptr::null_mut::<u8>(), u32::MAX);
        // SAFETY: the slot of a method which gives out a stream and takes none holds an
        // `InBox`. The arguments are readable for the call, and both places are writable.
        let status = unsafe {
            let init: InBox = self.slot(index)?;
            let (instance, arguments) = (self.instance.pointer(), arguments.as_ptr());
            init(instance, arguments, len, &mut handle, &mut answered)
        };
        match status {
            status::OK => Ok(handle.cast()),
            status::SERIALIZATION_ERROR => Err(FidiusError::Arguments {
                plugin: self.name().to_owned(),
                method: index,
                bytes,
            }),
            status => Err(self.failed(index, status)),
        }
    }
}

/// The two handles are one: what a plugin gives out is what our drain takes.
const _: () = {
    use core::mem::{offset_of, size_of};
    use fidius::stream_ffi::FidiusStreamHandle;
    assert!(size_of::<FidiusStreamHandle>() == size_of::<StreamHandle>());
    assert!(offset_of!(FidiusStreamHandle, next) == offset_of!(StreamHandle, next));
    assert!(offset_of!(FidiusStreamHandle, drop_fn) == offset_of!(StreamHandle, drop_fn));
    assert!(offset_of!(FidiusStreamHandle, state) == offset_of!(StreamHandle, state));
    assert!(fidius::status::STATUS_OK == status::OK);
    assert!(fidius::status::STATUS_BUFFER_TOO_SMALL == status::BUFFER_TOO_SMALL);
    assert!(fidius::status::STATUS_SERIALIZATION_ERROR == status::SERIALIZATION_ERROR);
    assert!(fidius::status::STATUS_PLUGIN_ERROR == status::PLUGIN_ERROR);
    assert!(fidius::status::STATUS_PANIC == status::PANIC);
    assert!(fidius::status::STATUS_STREAM_END == status::STREAM_END);
};

/// A plugin's stream in a session of ours. The session goes first, then the
/// instance that made it: the order of the fields.
#[derive(Debug)]
pub struct Stream {
    session: Session,
    _instance: Arc<Instance>,
}

impl OpenStream for Stream {
    fn drain(&mut self, items: u64) -> Result<(), StreamError> {
        self.session.drain(items)
    }
    fn counts(&self) -> HostCounts {
        self.session.counts()
    }
    fn ended(&self) -> bool {
        self.session.ended()
    }
}
