//! Real Fidius plugins: loaded by the framework's own loader, their streams
//! opened through their own vtable.
//!
//! [`Plugin::open`] gives out the raw handle, for our unchanged drain;
//! [`pump`] is the framework's own way to its user. Nothing here
//! knows what an item is: a plugin's items are bytes.

pub mod arguments;
mod error;
pub mod guest;
mod names;
pub mod pump;

use core::cell::OnceCell;
use core::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arena_bench::guest::OpenStream;
use bench_host::error::StreamError;
use bench_host::loader::Host;
use bench_host::pair::Session;
use bench_protocol::counts::HostCounts;
use bench_protocol::handle::StreamHandle;
use bench_protocol::spec::SessionConfig;
use bench_protocol::status;
use fidius::descriptor::BufferStrategyKind;
use fidius_host::LoadedPlugin;
use fidius_host::loader;

pub use error::FidiusError;

/// A loaded plugin; its library stays loaded for the life of the process.
#[derive(Debug)]
pub struct Plugin {
    loaded: LoadedPlugin,
    instance: Arc<Instance>,
    path: PathBuf,
    /// Found out when somebody asks for a name: all symbols are read for it.
    methods: OnceCell<Vec<names::Method>>,
}

impl Plugin {
    /// Loads the library and picks the plugin of that name; without one, the only
    /// plugin that it has.
    ///
    /// # Errors
    /// When the file is no plugin of this version, has none of that name, or has one
    /// whose interface cannot have streams.
    pub fn load(path: &Path, name: Option<&str>) -> Result<Self, FidiusError> {
        let library = loader::load_library(path).map_err(|refusal| FidiusError::Load {
            path: path.to_owned(),
            refusal,
        })?;
        // Threads of the framework and thread-local destructors may outlive us.
        std::mem::forget(Arc::clone(&library.library));
        let mut available: Vec<String> = library
            .plugins
            .iter()
            .map(|p| p.info.name.clone())
            .collect();
        // The linker decides in which order they are registered.
        available.sort_unstable();
        let only = library.plugins.len() == 1;
        let loaded = library
            .plugins
            .into_iter()
            .find(|plugin| name.map_or(only, |name| name == plugin.info.name))
            .ok_or_else(|| {
                let path = path.to_owned();
                match name.map(str::to_owned) {
                    Some(wanted) => FidiusError::NoPlugin {
                        path,
                        wanted,
                        available,
                    },
                    None => FidiusError::Unnamed { path, available },
                }
            })?;
        // The strategy decides what a slot of the vtable is; `init` calls one kind.
        let strategy = loaded.info.buffer_strategy;
        if strategy != BufferStrategyKind::PluginAllocated {
            let plugin = loaded.info.name;
            return Err(FidiusError::Strategy { plugin, strategy });
        }
        let instance = Arc::new(Instance::construct(&loaded)?);
        Ok(Self {
            loaded,
            instance,
            path: path.to_owned(),
            methods: OnceCell::new(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.loaded.info.name
    }

    /// The vtable index of a method, by name or by number.
    ///
    /// # Errors
    /// When there is none.
    pub fn method(&self, wanted: &str) -> Result<usize, FidiusError> {
        let number = wanted.parse().ok().filter(|&index| self.has(index));
        let by_name = || {
            self.methods()
                .iter()
                .position(|method| method.name.as_deref() == Some(wanted))
        };
        number
            .or_else(by_name)
            .ok_or_else(|| self.no_method(&wanted))
    }

    fn methods(&self) -> &[names::Method] {
        self.methods
            .get_or_init(|| names::methods(&self.path, &self.loaded))
    }

    fn has(&self, index: usize) -> bool {
        index < self.loaded.method_count as usize
    }

    /// Calls the method `index` with encoded arguments and takes its handle over
    /// into a session of the host's: our drain, unchanged.
    ///
    /// # Errors
    /// When there is no such method, it refuses, or its handle cannot be driven.
    ///
    /// # Safety
    /// The method must not *take* a stream: what its slot holds has an argument more
    /// then, and nothing in a library tells which methods do.
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

    /// The raw handle of a new stream.
    ///
    /// # Safety
    /// As for [`Self::open`].
    unsafe fn init(
        &self,
        index: usize,
        arguments: &[u8],
    ) -> Result<*mut StreamHandle, FidiusError> {
        if !self.has(index) {
            return Err(self.no_method(&index));
        }
        let bytes = arguments.len();
        let len = u32::try_from(bytes).map_err(|_| FidiusError::TooLong { bytes })?;
        let name = || (self.name().to_owned(), self.methods()[index].to_string());
        // SAFETY: the vtable has a slot for each of its methods, in the order of their
        // declaration, null for an optional one that is left out. Under the strategy
        // that `load` asks for, it holds an `Init`, but for a method that
        // takes a stream, which this is not, as the caller says.
        let init = unsafe { *self.loaded.vtable.cast::<Option<Init>>().add(index) };
        let Some(init) = init else {
            let (plugin, method) = name();
            return Err(FidiusError::NotImplemented { plugin, method });
        };
        let (mut handle, mut answered) = (std::ptr::null_mut::<u8>(), u32::MAX);
        // SAFETY: the arguments are readable for the call, and both places are writable.
        let status = unsafe {
            init(
                self.instance.pointer,
                arguments.as_ptr(),
                len,
                &mut handle,
                &mut answered,
            )
        };
        if (status, answered) == (status::OK, 0) {
            return Ok(handle.cast());
        }
        let (plugin, method) = name();
        Err(match status {
            // A handle has no length; an answer has one, and is the plugin's to free.
            // (An empty answer has no memory, and there is no handle where it points.)
            status::OK => {
                if let Some(free) = self.loaded.free_buffer {
                    // SAFETY: the plugin gave this buffer out with this length.
                    unsafe { free(handle, answered as usize) };
                }
                FidiusError::NotAStream { plugin, method }
            }
            status::SERIALIZATION_ERROR => FidiusError::Arguments {
                plugin,
                method,
                bytes,
            },
            status => FidiusError::Init {
                plugin,
                method,
                status,
            },
        })
    }

    fn no_method(&self, wanted: &dyn std::fmt::Display) -> FidiusError {
        FidiusError::NoMethod {
            plugin: self.name().to_owned(),
            wanted: wanted.to_string(),
            available: self.methods().iter().map(ToString::to_string).collect(),
        }
    }
}

/// What a slot of the vtable holds: it takes the instance and the encoded arguments,
/// and gives out a stream's handle or an answer and its length.
type Init = unsafe extern "C" fn(*mut c_void, *const u8, u32, *mut *mut u8, *mut u32) -> i32;

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

/// An instance of a plugin; destroyed after its last stream.
#[derive(Debug)]
struct Instance {
    pointer: *mut c_void,
    destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

// SAFETY: the framework's macros ask `Send + Sync` of every plugin type and take
// it by `&self` alone.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    fn construct(plugin: &LoadedPlugin) -> Result<Self, FidiusError> {
        // SAFETY: the loader checked the descriptor, and the library stays loaded.
        let descriptor = unsafe { &*plugin.descriptor };
        let configuration = std::ptr::NonNull::<u8>::dangling();
        let pointer = descriptor
            .construct
            .map_or(std::ptr::null_mut(), |construct| {
                // SAFETY: no bytes of configuration are read through the pointer.
                unsafe { construct(configuration.as_ptr(), 0) }
            });
        if pointer.is_null() {
            return Err(FidiusError::NoInstance {
                plugin: plugin.info.name.clone(),
            });
        }
        Ok(Self {
            pointer,
            destroy: descriptor.destroy,
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the instance is the plugin's own, and no stream is left.
            unsafe { destroy(self.pointer) }
        }
    }
}

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
