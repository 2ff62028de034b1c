//! An instance of a plugin, which every method of it takes.

use core::ffi::c_void;

use fidius_host::LoadedPlugin;

use super::error::FidiusError;

/// The slot of a method that answers in a box, or gives out a stream and takes none: instance,
/// arguments, answer or handle.
pub(super) type InBox =
    unsafe extern "C" fn(*mut c_void, *const u8, u32, *mut *mut u8, *mut u32) -> i32;

/// An instance of a plugin; destroyed after its last stream.
#[derive(Debug)]
pub struct Instance {
    pointer: *mut c_void,
    destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

// SAFETY: the framework's macros ask `Send + Sync` of every plugin type and take
// it by `&self` alone.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    /// Makes one of its configuration.
    ///
    /// # Errors
    /// When the plugin makes none of it.
    pub fn construct(plugin: &LoadedPlugin, configuration: &[u8]) -> Result<Self, FidiusError> {
        // SAFETY: the loader checked the descriptor, and the library stays loaded.
        let descriptor = unsafe { &*plugin.descriptor };
        // That of a slice is never null, which an empty configuration must not be either.
        let (bytes, len) = (configuration.as_ptr(), configuration.len() as u32);
        let pointer = descriptor
            .construct
            .map_or(std::ptr::null_mut(), |construct| {
                // SAFETY: so many bytes are readable through the pointer.
                unsafe { construct(bytes, len) }
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

    /// What every method takes first.
    pub fn pointer(&self) -> *mut c_void {
        self.pointer
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
