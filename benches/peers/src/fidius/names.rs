//! The names of a plugin's methods, which its descriptor does not hold: read
//! from the symbols of the functions that the framework's macros generate.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use fidius_host::LoadedPlugin;
use object::{Object, ObjectSymbol};

/// What the macros call the function of a method: this, the plugin's type, the
/// method.
const SHIM: &str = "__fidius_shim_";
/// The symbol that every plugin exports: it tells where the library lies.
const ANCHOR: &str = "fidius_get_registry";

/// A slot of a plugin's vtable.
#[derive(Debug, Clone)]
pub struct Method {
    /// Its place.
    pub index: usize,
    /// Its name; `None` in a stripped library.
    pub name: Option<String>,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "{} (by number: its name is stripped)", self.index),
        }
    }
}

/// The methods of a plugin, in the order of its vtable.
pub fn methods(path: &Path, plugin: &LoadedPlugin) -> Vec<Method> {
    let names = by_address(path, plugin).unwrap_or_default();
    let method = |index| {
        // SAFETY: the vtable has `method_count` slots, each as large as a pointer;
        // an optional method that is left out is null.
        let slot = unsafe { *plugin.vtable.cast::<usize>().add(index) };
        let name = names.get(&slot).cloned();
        Method { index, name }
    };
    (0..plugin.method_count as usize).map(method).collect()
}

/// Names of methods by the address of their function, where it is loaded.
fn by_address(path: &Path, plugin: &LoadedPlugin) -> Option<HashMap<usize, String>> {
    let bytes = std::fs::read(path).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    // SAFETY: only its address is taken.
    let anchor = unsafe {
        plugin
            .library
            .get::<unsafe extern "C" fn()>(ANCHOR.as_bytes())
    };
    let anchor = *anchor.ok()? as usize;
    let in_file = file
        .dynamic_symbols()
        .find(|symbol| symbol.name() == Ok(ANCHOR))?
        .address() as usize;
    let base = anchor.wrapping_sub(in_file);
    let shim = format!("{SHIM}{}_", plugin.info.name);
    let named = file.symbols().filter_map(|symbol| {
        let name = format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?));
        let method = name.rsplit("::").next()?.strip_prefix(&shim)?;
        let address = base.wrapping_add(symbol.address() as usize);
        Some((address, method.to_owned()))
    });
    Some(named.collect())
}
