//! Fidius' wasm backend, driven by the framework alone: a package on disk, its loader, its
//! `call_streaming`.
//!
//! The component (`wasm-guest/fidius.wat`) is written by hand and exports what the framework's
//! macros make of `Owned`; items that are lent cannot leave a component. It differs from a
//! compiled one in three ways. It has no allocator, so that a copy of an item costs it less. Its
//! items are a part of it, as the framework gives nobody its memory. And its record is called
//! `owned-record`: methods and types of an interface share their names in WIT, so that the macros'
//! `record` for both would be refused. No name of a type is looked at when items are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};
use bench_protocol::payload::{Payload, PayloadKind};
use fidius_host::executor::precompile_component;
use fidius_host::{PluginHandle, PluginHost};
use fidius_interface::__fidius_Owned::Owned_WASM_DESCRIPTOR;

use super::image::Image;
use super::kind::method;
use crate::fidius::pump::Pumped;
use crate::pull::{Of, Stream};

/// The component's source.
const COMPONENT: &str = include_str!("../../wasm-guest/fidius.wat");
/// The name of the package and of its folder.
const PACKAGE: &str = "owned";
/// Bytes of the place for an answer.
const AREA: usize = 48;

thread_local! {
    /// The plugins that were loaded: a stream is opened for each drain, and has an instance of its
    /// own.
    static LOADED: RefCell<HashMap<(PayloadKind, u32), Rc<PluginHandle>>> = RefCell::default();
}

/// Writes a component with items of so many content bytes, and beside it what the framework's
/// packer compiles of it ahead of time. Both files are what [`open`] takes.
///
/// # Errors
/// When there are no such items, or a file cannot be written.
pub fn compile(kind: PayloadKind, bytes: u32, folder: &Path) -> Result<[PathBuf; 2]> {
    let component = component(kind, bytes, Owned_WASM_DESCRIPTOR.interface_hash)?;
    let files = ["wasm", "cwasm"].map(|extension| {
        let name = format!("{}-{bytes}.{extension}", kind.name());
        folder.join(name)
    });
    fs::create_dir_all(folder)?;
    fs::write(&files[0], &component)?;
    fs::write(&files[1], precompile_component(&component)?)?;
    Ok(files)
}

/// Opens a stream of so many items of so many content bytes, of the files that [`compile`] wrote;
/// without files, of a component that is compiled now.
///
/// # Errors
/// When there are no such items, or the framework refuses the component.
pub fn open<P: Payload>(bytes: u32, items: u64, files: &[PathBuf]) -> Result<Box<dyn Stream>> {
    let arguments = (items, bytes);
    let source = Pumped::of(loaded(P::KIND, bytes, files)?, async |plugin| {
        let call = plugin.call_streaming::<_, P::Owned>(method(P::KIND), &arguments);
        call.await
    })?;
    Ok(Of::<P, _>::boxed(source))
}

/// The plugin with items of so many content bytes.
fn loaded(kind: PayloadKind, bytes: u32, files: &[PathBuf]) -> Result<Rc<PluginHandle>> {
    let key = (kind, bytes);
    if let Some(plugin) = LOADED.with_borrow(|loaded| loaded.get(&key).cloned()) {
        return Ok(plugin);
    }
    let plugin = Rc::new(match files {
        [component, compiled] => load(component, Some(compiled))?,
        _ => load_compiling(&component(
            kind,
            bytes,
            Owned_WASM_DESCRIPTOR.interface_hash,
        )?)?,
    });
    LOADED.with_borrow_mut(|loaded| loaded.insert(key, Rc::clone(&plugin)));
    Ok(plugin)
}

/// Loads a component that nobody has compiled.
fn load_compiling(component: &[u8]) -> Result<PluginHandle> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("component.wasm");
    fs::write(&file, component)?;
    load(&file, None)
}

/// Loads a component as the framework loads its packages, with its check of the interface's hash.
/// What was compiled for another processor it compiles again: valgrind's has fewer instructions.
fn load(component: &Path, compiled: Option<&Path>) -> Result<PluginHandle> {
    let root = tempfile::tempdir()?;
    let folder = root.path().join(PACKAGE);
    fs::create_dir(&folder)?;
    let mut manifest = format!(
        "[package]\nname = \"{PACKAGE}\"\nversion = \"0.1.0\"\ninterface = \"owned\"\n\
         interface_version = 1\nruntime = \"wasm\"\n\n[metadata]\n\n\
         [wasm]\ncomponent = {component:?}\n"
    );
    if let Some(compiled) = compiled {
        writeln!(manifest, "precompiled = {compiled:?}")?;
    }
    fs::write(folder.join("package.toml"), manifest)?;
    let host = PluginHost::builder().search_path(root.path()).build()?;
    let loaded = host.load_wasm(PACKAGE, &Owned_WASM_DESCRIPTOR);
    loaded.context("loading the component")
}

/// The component, assembled; `hash` is that of the interface which it says it has.
fn component(kind: PayloadKind, bytes: u32, hash: u64) -> Result<Vec<u8>> {
    let image = Image::of(kind, bytes)?;
    let area = image.bytes().len();
    let mut data = String::with_capacity(3 * area);
    for byte in image.bytes() {
        write!(data, "\\{byte:02x}")?;
    }
    let text = COMPONENT
        .replace("{pages}", &image.pages().to_string())
        .replace("{area}", &area.to_string())
        .replace("{heap}", &(area + AREA).to_string())
        .replace("{bytes}", &bytes.to_string())
        .replace("{hash}", &hash.to_string())
        // The comment at the beginning names it as well.
        .replace("\"{image}\"", &format!("\"{data}\""));
    wat::parse_str(text).context("assembling the component")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_protocol::payload::U64;
    use tokio::runtime;

    const HASH: u64 = Owned_WASM_DESCRIPTOR.interface_hash;
    const NUMBERS: PayloadKind = PayloadKind::U64;

    #[test]
    fn a_component_of_another_interface_is_refused() {
        let other = component(NUMBERS, 8, HASH ^ 1).unwrap();
        let refused = load_compiling(&other).err().expect("the hash is another");
        let refused = format!("{refused:#}").to_lowercase();
        assert!(refused.contains("hash"), "{refused}");
    }

    #[test]
    fn a_component_has_items_of_one_size_only() {
        let plugin = load_compiling(&component(NUMBERS, 8, HASH).unwrap()).unwrap();
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let call = |bytes: u32| {
            let arguments = (1_u64, bytes);
            runtime.block_on(plugin.call_streaming::<_, u64>(method(NUMBERS), &arguments))
        };
        assert!(call(8).is_ok());
        assert!(call(9).is_err());
    }

    #[test]
    fn a_stream_ends_after_its_items() {
        let open = || super::open::<U64>(8, 3, &[]).unwrap();
        assert_eq!(open().verify(3).unwrap().items, 3);
        let ended = open().drain(4).unwrap_err().to_string();
        assert!(ended.contains("after 3 items"), "{ended}");
    }

    #[test]
    fn what_was_compiled_ahead_of_time_is_loaded_and_where_it_cannot_be_the_component() {
        let folder = tempfile::tempdir().unwrap();
        let files = compile(NUMBERS, 8, folder.path()).unwrap();
        let [component, compiled] = files.each_ref().map(|file| fs::read(file).unwrap());
        let items = |component: &[u8], compiled: &[u8]| {
            for (file, bytes) in files.iter().zip([component, compiled]) {
                fs::write(file, bytes).unwrap();
            }
            LOADED.with_borrow_mut(HashMap::clear);
            let found = super::open::<U64>(8, 300, &files)?.verify(300)?;
            anyhow::Ok(found)
        };
        let both = items(&component, &compiled).unwrap();
        assert_eq!(both.items, 300);
        assert_eq!(items(b"damaged", &compiled).unwrap(), both);
        assert_eq!(items(&component, b"damaged").unwrap(), both);
        assert!(items(b"damaged", b"damaged").is_err());
    }
}
