//! The names of a plugin's methods and their kinds, which its descriptor does not hold: read
//! from the symbols of the functions that the framework's macros generate.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use fidius::descriptor::BufferStrategyKind;
use fidius_host::LoadedPlugin;
use object::{Object, ObjectSymbol};
use serde::{Deserialize, Serialize};

use super::kind::Kind;

/// What the macros call the function of a method: this, the plugin's type, the method.
const SHIM: &str = "__fidius_shim_";
/// What they call the `next` of a stream that is given out: of a method that takes none, and
/// of one that does.
const NEXT: [(&str, Kind); 2] = [
    ("__fidius_snext_", Kind::ServerStream),
    ("__fidius_bnext_", Kind::Bidirectional),
];
/// What a plugin pulls a host's stream with.
const CONSUMER: &str = "HostStream";
/// The symbol that every plugin exports: it tells where the library lies.
pub const ANCHOR: &str = "fidius_get_registry";

/// A slot of a plugin's vtable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Its place.
    pub index: usize,
    /// Its name; `None` in a stripped library.
    pub name: Option<String>,
    /// Its kind; `None` where the library does not tell.
    pub kind: Option<Kind>,
    /// How the kind is known, or why it is not.
    pub why: String,
}

impl Method {
    /// The name, or the number where that is stripped.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("{} (by number: its name is stripped)", self.index),
        }
    }
}

/// The methods of a plugin, in the order of its vtable. No function of the plugin is called.
pub fn methods(path: &Path, plugin: &LoadedPlugin) -> Vec<Method> {
    let symbols = Symbols::read(path, plugin).unwrap_or_default();
    let method = |index| {
        // SAFETY: the vtable has `method_count` slots, each as large as a pointer;
        // an optional method that is left out is null.
        let slot = unsafe { *plugin.vtable.cast::<usize>().add(index) };
        let name = symbols.names.get(&slot).cloned();
        let (kind, why) = match plugin.info.buffer_strategy {
            BufferStrategyKind::Arena => (Some(Kind::Unary), "an Arena interface has no streams"),
            BufferStrategyKind::PluginAllocated => symbols.kind(name.as_deref()),
        };
        Method {
            index,
            name,
            kind,
            why: why.to_owned(),
        }
    };
    (0..plugin.method_count as usize).map(method).collect()
}

/// What the symbols of a library say of a plugin.
#[derive(Debug, Default)]
struct Symbols {
    /// Names of methods by the address of their function, where it is loaded.
    names: HashMap<usize, String>,
    /// Kinds of the methods that give out streams.
    streams: HashMap<String, Kind>,
    /// Whether any plugin of the library gives out a stream.
    streamed: bool,
    /// Whether anything in the library pulls a host's stream.
    consumes: bool,
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
        let mut found = Self::default();
        let mut seen = HashSet::new();
        for symbol in file.symbols() {
            let Ok(mangled) = symbol.name() else { continue };
            if !seen.insert(mangled) {
                continue;
            }
            found.consumes |= mangled.contains(CONSUMER);
            if !mangled.contains("__fidius_") {
                continue;
            }
            let name = format!("{:#}", rustc_demangle::demangle(mangled));
            let last = name.rsplit("::").next().unwrap_or_default();
            let method = |prefix: &str| {
                let method = last.strip_prefix(prefix)?;
                method.strip_prefix(&plugin.info.name)?.strip_prefix('_')
            };
            if let Some(method) = method(SHIM) {
                let address = base.wrapping_add(symbol.address() as usize);
                found.names.insert(address, method.to_owned());
            }
            for (prefix, kind) in NEXT {
                found.streamed |= last.starts_with(prefix);
                if let Some(method) = method(prefix) {
                    found.streams.insert(method.to_owned(), kind);
                }
            }
        }
        Some(found)
    }

    fn kind(&self, name: Option<&str>) -> (Option<Kind>, &'static str) {
        let Some(name) = name else {
            return (None, "the library's symbols are stripped");
        };
        match self.streams.get(name) {
            Some(&kind) => (
                Some(kind),
                "the function that advances its stream has a symbol",
            ),
            None if !self.streamed && !self.consumes => (
                Some(Kind::Unary),
                "nothing in the library gives out or takes a stream",
            ),
            None => (
                None,
                "no symbol tells: the compiler merges equal functions, and one that takes a stream has none of its own",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_without_a_symbol_of_a_stream_is_unary_only_where_nothing_streams() {
        let mut symbols = Symbols::default();
        assert_eq!(symbols.kind(Some("answer")).0, Some(Kind::Unary));
        assert_eq!(symbols.kind(None).0, None);
        symbols.streamed = true;
        symbols
            .streams
            .insert("tick".to_owned(), Kind::ServerStream);
        assert_eq!(symbols.kind(Some("tick")).0, Some(Kind::ServerStream));
        // Its own may have been merged with that of `tick`.
        assert_eq!(symbols.kind(Some("answer")).0, None);
        let symbols = Symbols {
            consumes: true,
            ..Symbols::default()
        };
        assert_eq!(symbols.kind(Some("answer")).0, None);
    }
}
