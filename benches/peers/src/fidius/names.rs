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
/// The `next` of a method that returns a stream, and takes none.
const NEXT: &str = "__fidius_snext_";
/// The symbol that every plugin exports: it tells where the library lies.
const ANCHOR: &str = "fidius_get_registry";

/// What a method's slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It opens a stream.
    Streams,
    /// It answers once, or takes a stream.
    Other,
    /// The library's symbols are stripped: it cannot be told.
    Unknown,
}

/// A slot of a plugin's vtable.
#[derive(Debug, Clone)]
pub struct Method {
    /// Its place.
    pub index: usize,
    /// Its name; `None` in a stripped library.
    pub name: Option<String>,
    /// What it is.
    pub kind: Kind,
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
    let names = Symbols::read(path, plugin).unwrap_or_default();
    let method = |index| {
        // SAFETY: the vtable has `method_count` slots, each as large as a pointer;
        // an optional method that is left out is null.
        let slot = unsafe { *plugin.vtable.cast::<usize>().add(index) };
        let name = names.by_address.get(&slot).cloned();
        let kind = match &name {
            Some(name) if names.streams.contains(name) => Kind::Streams,
            Some(_) => Kind::Other,
            None => Kind::Unknown,
        };
        Method { index, name, kind }
    };
    (0..plugin.method_count as usize).map(method).collect()
}

/// What the symbols of the library say of one plugin.
#[derive(Default)]
struct Symbols {
    /// Names of methods by the address of their function, where it is loaded.
    by_address: HashMap<usize, String>,
    /// Names of the methods that return a stream.
    streams: Vec<String>,
}

impl Symbols {
    fn read(path: &Path, plugin: &LoadedPlugin) -> Option<Self> {
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
        let (shim, next) = (
            format!("{SHIM}{}_", plugin.info.name),
            format!("{NEXT}{}_", plugin.info.name),
        );
        let mut symbols = Self::default();
        for symbol in file.symbols() {
            let Ok(mangled) = symbol.name() else { continue };
            let name = format!("{:#}", rustc_demangle::demangle(mangled));
            let Some(name) = name.rsplit("::").next() else {
                continue;
            };
            if let Some(method) = name.strip_prefix(&shim) {
                let address = base.wrapping_add(symbol.address() as usize);
                symbols.by_address.insert(address, method.to_owned());
            } else if let Some(method) = name.strip_prefix(&next) {
                symbols.streams.push(method.to_owned());
            }
        }
        Some(symbols)
    }
}
