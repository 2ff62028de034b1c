//! `methods`: the plugins of a library, and the kind of each method.

use std::path::PathBuf;

use anyhow::Result;
use arena_bench::cmd::Outcome;

use crate::child;
use crate::fidius::describe::{self, Described};
use crate::fidius::interface::Interface;
use crate::fidius::types::signature;

/// Which library.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  peers methods libticker.so\n  \
    peers methods libticker.so --interface ../ticker-interface/src/lib.rs\n\n\
    A library is loaded, in a process of its own, but no method of a plugin is called. Which\n\
    methods give out a stream is read from the symbols, where the compiler left them. The kind\n\
    of the others, and the types of arguments, only the source of the interface tells.")]
pub struct Config {
    /// The library.
    #[arg(value_name = "CDYLIB")]
    library: PathBuf,
    /// Only this plugin.
    #[arg(long)]
    plugin: Option<String>,
    /// Rust file that declares the plugin's `#[plugin_interface]` trait; it must have the
    /// plugin's interface hash and version.
    #[arg(long, value_name = "FILE")]
    interface: Option<PathBuf>,
}

/// Prints what is there.
///
/// # Errors
/// When the library is no plugin of this version, has no such plugin, or the source is
/// another interface's.
pub fn run(config: &Config) -> Result<Outcome> {
    let mut plugins = child::describe(config.library.clone())?;
    if let Some(name) = &config.plugin {
        plugins = vec![describe::pick(plugins, &config.library, Some(name))?];
    }
    let mut known: Vec<Option<Interface>> = Vec::new();
    for plugin in &mut plugins {
        known.push(plugin.read(config.interface.as_ref())?);
    }
    let arguments = |plugin: &Described, index: usize| {
        let place = plugins.iter().position(|it| it.plugin == plugin.plugin)?;
        let declared = known[place]
            .as_ref()?
            .of(plugin.methods[index].name.as_deref())?;
        Some(signature(&declared.arguments))
    };
    print!("{}", describe::text(&plugins, arguments));
    Ok(Outcome::Fine)
}
